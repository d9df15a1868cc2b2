// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is in a context: for a program that got nothing but the file.
 */
#include <linux/errno.h>
#include <linux/xarray.h>

#include "io_pagetable.h"
#include "iommufd_private.h"

/* The ID of the first IOAS from @id on; 0 for none. */
static u32 next_ioas(struct iommufd_ctx *ictx, u32 id)
{
	struct iommufd_object *obj;
	unsigned long index;
	u32 found = 0;

	xa_lock(&ictx->objects);
	xa_for_each_start(&ictx->objects, index, obj, id)
		if (obj->type == IOMMUFD_OBJ_IOAS) {
			found = index;
			break;
		}
	xa_unlock(&ictx->objects);
	return found;
}

/**
 * iommufd_luo_next_ioas - ioctl(IOMMU_IOAS_NEXT)
 * @ucmd: the call, struct iommu_ioas_next
 *
 * Return: 0 or the errors in <uapi/linux/iommufd_liveupdate.h>.
 */
int iommufd_luo_next_ioas(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_next *cmd = ucmd->cmd;

	if (cmd->flags || cmd->__reserved)
		return -EOPNOTSUPP;
	cmd->ioas_id = next_ioas(ucmd->ictx, cmd->ioas_id);
	if (!cmd->ioas_id)
		return -ENOENT;
	return iommufd_ucmd_respond(ucmd, sizeof(*cmd));
}

static u32 area_flags(const struct iopt_area *area)
{
	u32 flags = IOMMU_IOAS_MAP_FIXED_IOVA;

	if (area->iommu_prot & IOMMU_READ)
		flags |= IOMMU_IOAS_MAP_READABLE;
	if (area->iommu_prot & IOMMU_WRITE)
		flags |= IOMMU_IOAS_MAP_WRITEABLE;
	return flags;
}

static int next_area(struct io_pagetable *iopt,
		     struct iommu_ioas_next_area *cmd)
{
	struct iopt_area *area;

	guard(rwsem_read)(&iopt->iova_rwsem);
	area = iopt_area_iter_first(iopt, cmd->iova, ULONG_MAX);
	/* One without pages is being mapped. */
	while (area && !area->pages)
		area = iopt_area_iter_next(area, cmd->iova, ULONG_MAX);
	if (!area)
		return -ENOENT;
	cmd->iova = iopt_area_iova(area);
	cmd->out_last = iopt_area_last_iova(area);
	cmd->out_flags = area_flags(area);
	return 0;
}

/**
 * iommufd_luo_next_area - ioctl(IOMMU_IOAS_NEXT_AREA)
 * @ucmd: the call, struct iommu_ioas_next_area
 *
 * Return: 0 or the errors in <uapi/linux/iommufd_liveupdate.h>.
 */
int iommufd_luo_next_area(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_next_area *cmd = ucmd->cmd;
	struct iommufd_ioas *ioas;
	int rc;

	if (cmd->flags || cmd->__reserved)
		return -EOPNOTSUPP;
	if (cmd->iova > ULONG_MAX)
		return -EOVERFLOW;
	ioas = iommufd_get_ioas(ucmd->ictx, cmd->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = next_area(&ioas->iopt, cmd);
	iommufd_put_object(ucmd->ictx, &ioas->obj);
	return rc ?: iommufd_ucmd_respond(ucmd, sizeof(*cmd));
}
