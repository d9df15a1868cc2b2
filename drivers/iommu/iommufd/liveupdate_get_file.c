// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_IOAS_GET_FILE: the file behind an IOVA.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>

#include "io_pagetable.h"
#include "iommufd_private.h"

/* The file of an area, with a reference, and where in it an IOVA is. */
static struct file *area_file(struct iopt_area *area, unsigned long iova,
			      u64 *offset)
{
	struct iopt_pages *pages = area ? area->pages : NULL;

	if (!pages)
		return ERR_PTR(-ENOENT);
	if (pages->type != IOPT_ADDRESS_FILE)
		return ERR_PTR(-EOPNOTSUPP);
	*offset = pages->start + iopt_area_start_byte(area, iova);
	return get_file(pages->file);
}

static struct file *iopt_get_file(struct io_pagetable *iopt,
				  struct iommu_ioas_get_file *cmd,
				  bool *writable)
{
	unsigned long iova = cmd->iova;
	struct iopt_area *area;
	struct file *file;

	guard(rwsem_read)(&iopt->iova_rwsem);
	area = iopt_area_iter_first(iopt, iova, iova);
	file = area_file(area, iova, &cmd->out_offset);
	if (!IS_ERR(file)) {
		cmd->out_length = iopt_area_last_iova(area) - iova + 1;
		*writable = area->iommu_prot & IOMMU_WRITE;
	}
	return file;
}

/*
 * Memory that was lent for reading is not given for writing. Takes over the
 * reference.
 */
static struct file *file_for(struct file *file, bool writable)
{
	struct file *open;

	if (writable || !(file->f_mode & FMODE_WRITE))
		return file;
	open = dentry_open(&file->f_path, O_RDONLY, current_cred());
	fput(file);
	return open;
}

static struct file *ioas_get_file(struct iommufd_ucmd *ucmd,
				  struct iommu_ioas_get_file *cmd)
{
	struct iommufd_ioas *ioas = iommufd_get_ioas(ucmd->ictx, cmd->ioas_id);
	struct file *file;
	bool writable;

	if (IS_ERR(ioas))
		return ERR_CAST(ioas);
	file = iopt_get_file(&ioas->iopt, cmd, &writable);
	iommufd_put_object(ucmd->ictx, &ioas->obj);
	return IS_ERR(file) ? file : file_for(file, writable);
}

/**
 * iommufd_luo_get_file - ioctl(IOMMU_IOAS_GET_FILE)
 * @ucmd: the call, struct iommu_ioas_get_file
 *
 * Return: 0 or the errors in <uapi/linux/iommufd_liveupdate.h>.
 */
int iommufd_luo_get_file(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_get_file __user *user = ucmd->ubuffer;
	struct iommu_ioas_get_file *cmd = ucmd->cmd;
	int rc;

	if (cmd->flags || cmd->__reserved)
		return -EOPNOTSUPP;
	if (cmd->iova > ULONG_MAX)
		return -EOVERFLOW;
	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	struct file *file __free(fput) = ioas_get_file(ucmd, cmd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	cmd->out_fd = -1;
	rc = iommufd_ucmd_respond(ucmd, sizeof(*cmd));
	if (rc)
		return rc;
	/* Asks the security modules; a module can't ask them by itself. */
	rc = receive_fd(file, &user->out_fd, O_CLOEXEC);
	return rc < 0 ? rc : 0;
}
