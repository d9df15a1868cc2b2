// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writing the handover blob of a context.
 *
 * The gate is shut, so no ioctl changes anything, and every IOAS and HWPT is
 * held. What still moves is a device that is closed; it is looked at under a
 * reference of its own, and whether it comes along is decided at freeze.
 *
 * All IOAS are looked at before the first table is: one that maps what can be
 * revoked is refused by then.
 */
#define pr_fmt(fmt) "iommufd: liveupdate: " fmt

#include <linux/file.h>
#include <linux/generic_pt/liveupdate.h>
#include <linux/kho/abi/iommufd.h>
#include <linux/liveupdate_files.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "io_pagetable.h"
#include "liveupdate_save.h"

static struct iommufd_hwpt_paging *save_obj_hwpt(struct iommufd_object *obj)
{
	if (obj->type != IOMMUFD_OBJ_HWPT_PAGING)
		return NULL;
	return container_of(obj, struct iommufd_hwpt_paging, common.obj);
}

static void save_file(const struct iommufd_save_file *file,
		      struct iommufd_file_ser *ser)
{
	u32 flags = 0;

	if (file->known)
		flags |= IOMMUFD_FILE_SER_KNOWN;
	if (iommufd_luo_is_hugetlbfs(file->inode))
		flags |= IOMMUFD_FILE_SER_HUGETLB;
	*ser = (struct iommufd_file_ser) {
		.token = cpu_to_be64(file->token),
		.inode = cpu_to_be64(file->inode->i_ino),
		.flags = cpu_to_be32(flags),
	};
}

static int save_files(struct iommufd_save *save)
{
	struct iommufd_file_ser *ser = vcalloc(save->nr_files ?: 1,
					       sizeof(*ser));

	if (!ser)
		return -ENOMEM;
	for (unsigned int i = 0; i < save->nr_files; i++)
		save_file(&save->files[i], &ser[i]);
	liveupdate_blob_add(&save->blob, "files", ser,
			    save->nr_files * sizeof(*ser));
	vfree(ser);
	return 0;
}

static void save_run(const struct iommufd_save_run *run,
		     struct iommufd_pages_ser *ser)
{
	struct iopt_pages *pages = run->area->pages;
	u32 flags = 0;

	if (run->memory)
		flags |= IOMMUFD_PAGES_SER_MEMORY;
	if (pages->writable)
		flags |= IOMMUFD_PAGES_SER_WRITABLE;
	if (pages->type == IOPT_ADDRESS_FILE &&
	    !(pages->file->f_mode & FMODE_WRITE))
		flags |= IOMMUFD_PAGES_SER_FILE_RDONLY;
	*ser = (struct iommufd_pages_ser) {
		.start = cpu_to_be64(run->start),
		.npages = cpu_to_be64(run->last - run->first + 1),
		.file = cpu_to_be32(run->memory ? run->memory->unit : run->file),
		.flags = cpu_to_be32(flags),
	};
}

static int save_runs(struct iommufd_save *save)
{
	struct iommufd_pages_ser *ser = vcalloc(save->nr_runs ?: 1,
						sizeof(*ser));

	if (!ser)
		return -ENOMEM;
	for (unsigned int i = 0; i < save->nr_runs; i++)
		save_run(&save->runs[i], &ser[i]);
	liveupdate_blob_add(&save->blob, "pages", ser,
			    save->nr_runs * sizeof(*ser));
	vfree(ser);
	return 0;
}

static void save_area(const struct iommufd_save *save,
		      const struct iommufd_save_area *from,
		      struct iommufd_area_ser *ser)
{
	struct iopt_area *area = from->area;

	*ser = (struct iommufd_area_ser) {
		.iova = cpu_to_be64(iopt_area_iova(area)),
		.last = cpu_to_be64(iopt_area_last_iova(area)),
		.prot = cpu_to_be32(area->iommu_prot),
		.page_offset = cpu_to_be32(area->page_offset),
		.pages = cpu_to_be64(from->run),
		.first_page = cpu_to_be64(iopt_area_index(area) -
					  save->runs[from->run].first),
	};
}

/* @next: the first area of the IOAS, then that of the one after it. */
static int save_areas(struct iommufd_save *save, struct iommufd_ioas *ioas,
		      unsigned int *next)
{
	unsigned int first = *next, n = 0;
	struct iommufd_area_ser *ser;

	while (first + n < save->nr_areas && save->areas[first + n].ioas == ioas)
		n++;
	ser = vcalloc(n ?: 1, sizeof(*ser));
	if (!ser)
		return -ENOMEM;
	for (unsigned int i = 0; i < n; i++)
		save_area(save, &save->areas[first + i], &ser[i]);
	liveupdate_blob_add(&save->blob, "areas", ser, n * sizeof(*ser));
	vfree(ser);
	*next = first + n;
	return 0;
}

static int save_allowed(struct iommufd_save *save, struct io_pagetable *iopt)
{
	struct iopt_allowed *allowed;
	unsigned int n = 0;
	__be64 *ranges;

	for (allowed = iopt_allowed_iter_first(iopt, 0, ULONG_MAX); allowed;
	     allowed = iopt_allowed_iter_next(allowed, 0, ULONG_MAX))
		n++;
	ranges = kvcalloc(n ?: 1, 2 * sizeof(*ranges), GFP_KERNEL);
	if (!ranges)
		return -ENOMEM;
	n = 0;
	for (allowed = iopt_allowed_iter_first(iopt, 0, ULONG_MAX); allowed;
	     allowed = iopt_allowed_iter_next(allowed, 0, ULONG_MAX)) {
		ranges[n++] = cpu_to_be64(allowed->node.start);
		ranges[n++] = cpu_to_be64(allowed->node.last);
	}
	liveupdate_blob_add(&save->blob, "allowed", ranges, n * sizeof(*ranges));
	kvfree(ranges);
	return 0;
}

static int save_ioas(struct iommufd_save *save, struct iommufd_ioas *ioas,
		     unsigned int *next)
{
	struct liveupdate_blob *blob = &save->blob;
	int rc;

	guard(rwsem_read)(&ioas->iopt.iova_rwsem);
	liveupdate_blob_begin(blob, "ioas", ioas->obj.id);
	liveupdate_blob_add_u32(blob, "disable-large-pages",
				ioas->iopt.disable_large_pages);
	rc = save_allowed(save, &ioas->iopt);
	rc = rc ?: save_areas(save, ioas, next);
	liveupdate_blob_end(blob);
	return rc;
}

static int save_hwpt(struct iommufd_save *save, struct iommufd_hwpt_paging *hwpt)
{
	struct liveupdate_blob *blob = &save->blob;
	struct pt_amdv1_ser ser;
	int rc;

	rc = pt_amdv1_preserve(hwpt->common.domain, &ser);
	if (rc)
		return rc;

	liveupdate_blob_begin(blob, "hwpt", hwpt->common.obj.id);
	liveupdate_blob_add_u32(blob, "ioas", hwpt->ioas->obj.id);
	liveupdate_blob_add_u32(blob, "auto", hwpt->auto_domain);
	liveupdate_blob_add_u64(blob, "top", ser.top_phys);
	liveupdate_blob_add_u64(blob, "mapped", ser.mapped);
	liveupdate_blob_add_u64(blob, "sme-mask", ser.sme_mask);
	liveupdate_blob_add_u32(blob, "features", ser.features);
	liveupdate_blob_add_u32(blob, "level", ser.top_level);
	liveupdate_blob_add_u32(blob, "vasz", ser.max_vasz_lg2);
	liveupdate_blob_add_u32(blob, "oasz", ser.max_oasz_lg2);
	liveupdate_blob_add_u32(blob, "tables", ser.nr_tables);
	liveupdate_blob_end(blob);
	return 0;
}

static int save_objs(struct iommufd_save *save)
{
	unsigned int area = 0;
	int rc = 0;

	for (unsigned int i = 0; i < save->nr_objs && !rc; i++) {
		struct iommufd_object *obj = save->objs[i];

		if (obj->type == IOMMUFD_OBJ_IOAS)
			rc = save_ioas(save, iommufd_luo_obj_ioas(obj), &area);
		else
			rc = save_hwpt(save, save_obj_hwpt(obj));
		if (!rc)
			save->nr_kept = i + 1;
	}
	return rc;
}

static int save_device(struct iommufd_save *save, struct iommufd_device *idev)
{
	struct liveupdate_blob *blob = &save->blob;
	struct pci_dev *pdev;

	if (!dev_is_pci(idev->dev) || idev->igroup->group) {
		dev_warn(idev->dev, "liveupdate: device %u: only PCI devices without IOMMU can be preserved\n",
			 idev->obj.id);
		return -EOPNOTSUPP;
	}
	pdev = to_pci_dev(idev->dev);
	liveupdate_blob_begin(blob, "device", idev->obj.id);
	liveupdate_blob_add_u32(blob, "hwpt", iommufd_luo_device_hwpt_id(idev));
	liveupdate_blob_add_u64(blob, "sbdf",
				(u64)pci_domain_nr(pdev->bus) << 16 |
				pci_dev_id(pdev));
	liveupdate_blob_add_u32(blob, "kept", 0);
	liveupdate_blob_end(blob);
	return 0;
}

/* NULL for one that is on its way out; put with iommufd_put_object(). */
static struct iommufd_device *save_get_device(struct iommufd_ctx *ictx,
					      unsigned long id)
{
	struct iommufd_object *obj;

	xa_lock(&ictx->objects);
	obj = xa_load(&ictx->objects, id);
	if (obj && (obj->type != IOMMUFD_OBJ_DEVICE || !iommufd_lock_obj(obj)))
		obj = NULL;
	xa_unlock(&ictx->objects);
	return obj ? container_of(obj, struct iommufd_device, obj) : NULL;
}

static int save_each_device(struct iommufd_save *save,
			    int (*do_one)(struct iommufd_save *save,
					  struct iommufd_device *idev))
{
	struct iommufd_ctx *ictx = save->ictx;
	struct iommufd_object *obj;
	unsigned long id;
	int rc = 0;

	xa_for_each(&ictx->objects, id, obj) {
		struct iommufd_device *idev = save_get_device(ictx, id);

		if (!idev)
			continue;
		rc = do_one(save, idev);
		iommufd_put_object(ictx, &idev->obj);
		if (rc)
			break;
	}
	return rc;
}

/* Where to say later that a device comes along. */
static int save_find_kept(struct iommufd_save *save,
			  struct iommufd_device *idev)
{
	struct liveupdate_blob *blob = &save->blob;
	u32 id = idev->obj.id;
	size_t len;
	const void *cell;

	cell = liveupdate_blob_get(blob, liveupdate_blob_node(blob, "device", id),
				   "kept", &len);
	return cell ? xa_err(xa_store(&save->kept, id, (void *)cell,
				      GFP_KERNEL)) : -ENOENT;
}

static void save_note_token(void *ctx, struct file *file, u64 token)
{
	struct iommufd_save *save = ctx;
	void *number = xa_load(&save->file_of, (unsigned long)file_inode(file));
	struct iommufd_save_file *known;

	if (!number || save->files[xa_to_value(number)].known)
		return;
	known = &save->files[xa_to_value(number)];
	known->token = token;
	known->known = true;
	save->nr_known++;
}

/* Tokens that were noted after the blob was written. */
static void save_late_tokens(struct iommufd_save *save)
{
	for (unsigned int i = 0; i < save->nr_files; i++) {
		struct iommufd_file_ser ser;

		save_file(&save->files[i], &ser);
		if (memcmp(&save->files_ser[i], &ser, sizeof(ser)))
			liveupdate_blob_patch(&save->blob, &save->files_ser[i],
					      &ser, sizeof(ser));
	}
}

/**
 * iommufd_luo_save_undo_tables - Stop preserving the tables
 * @save: the context
 */
void iommufd_luo_save_undo_tables(struct iommufd_save *save)
{
	for (unsigned int i = 0; i < save->nr_kept; i++) {
		struct iommufd_hwpt_paging *hwpt = save_obj_hwpt(save->objs[i]);

		if (hwpt)
			pt_amdv1_unpreserve(hwpt->common.domain);
	}
	save->nr_kept = 0;
}

static int save_write_all(struct iommufd_save *save)
{
	struct liveupdate_blob *blob = &save->blob;
	int rc;

	liveupdate_blob_add_u32(blob, "account-mode", save->ictx->account_mode);
	liveupdate_blob_add_u32(blob, "page-size", PAGE_SIZE);
	rc = save_files(save);
	rc = rc ?: save_runs(save);
	if (rc)
		return rc;
	iommufd_luo_memory_write(save);
	rc = save_objs(save);
	return rc ?: save_each_device(save, save_device);
}

static int save_finish(struct iommufd_save *save)
{
	size_t len;
	int rc;

	rc = liveupdate_blob_finish(&save->blob);
	if (rc)
		return rc;
	save->files_ser = (void *)liveupdate_blob_get(&save->blob, 0, "files",
						      &len);
	rc = save_each_device(save, save_find_kept);
	if (rc) {
		liveupdate_blob_unpreserve(&save->blob);
		return rc;
	}
	liveupdate_blob_seal(&save->blob);
	return liveupdate_blob_preserve(&save->blob, &save->handle);
}

/**
 * iommufd_luo_save_write - Write the blob and have KHO keep it and the tables
 * @save:    the context, its objects collected
 * @session: the session; tokens that it has are noted
 *
 * Return: 0; -EOPNOTSUPP or -EBADMSG after a line in the log for what can't be
 *         carried; -EBUSY, -EINTR, -ENOMEM. Nothing is preserved after an error.
 */
int iommufd_luo_save_write(struct iommufd_save *save,
			   struct liveupdate_session *session)
{
	int rc;

	rc = iommufd_luo_save_areas(save);
	rc = rc ?: iommufd_luo_save_pages(save);
	rc = rc ?: iommufd_luo_save_compare(save);
	if (rc)
		goto err_backing;
	liveupdate_walk_outgoing(session, save_note_token, save);
	rc = liveupdate_blob_new(&save->blob, IOMMUFD_LUO_FH_COMPATIBLE);
	if (rc)
		goto err_backing;
	rc = save_write_all(save);
	if (rc)
		liveupdate_blob_unpreserve(&save->blob);
	else
		rc = save_finish(save);
	if (rc)
		goto err_tables;
	return 0;

err_tables:
	iommufd_luo_save_undo_tables(save);
err_backing:
	iommufd_luo_save_undo_pages(save);
	return rc;
}

static int save_mark_device(struct iommufd_save *save,
			    struct iommufd_device *idev)
{
	void *cell = xa_load(&save->kept, idev->obj.id);
	__be32 one = cpu_to_be32(1);

	if (!iommufd_luo_gate_is_shut(&idev->gate)) {
		dev_warn(idev->dev, "liveupdate: bound to a preserved iommufd, and in no session itself: it will be stopped\n");
		return 0;
	}
	if (!cell)
		return -ENOENT;
	liveupdate_blob_patch(&save->blob, cell, &one, sizeof(one));
	return 0;
}

/* Only for the log: which mappings lack their memfd. */
static int save_say_missing(const struct iommufd_save *save)
{
	for (unsigned int i = 0; i < save->nr_areas; i++) {
		const struct iommufd_save_area *area = &save->areas[i];
		const struct iommufd_save_run *run = &save->runs[area->run];

		if (run->memory || save->files[run->file].known)
			continue;
		pr_warn("IOAS %u IOVA %#lx: its memfd (inode %llu) is not in the session\n",
			area->ioas->obj.id, iopt_area_iova(area->area),
			(u64)save->files[run->file].inode->i_ino);
		break;
	}
	return -ENOENT;
}

/**
 * iommufd_luo_save_resolve - Fill in what depends on other files of the session
 * @save:    the context
 * @session: the session
 *
 * What it costs does not depend on the mappings, only on the memfds that were
 * preserved after the context.
 *
 * Context: freeze; the last change of the blob. After an unfreeze it can be
 *          called again.
 * Return: 0, or -ENOENT after a line in the log when a memfd is missing.
 */
int iommufd_luo_save_resolve(struct iommufd_save *save,
			     struct liveupdate_session *session)
{
	if (save->nr_known < save->nr_files) {
		liveupdate_walk_outgoing(session, save_note_token, save);
		if (save->nr_known < save->nr_files)
			return save_say_missing(save);
		save_late_tokens(save);
	}
	return save_each_device(save, save_mark_device);
}
