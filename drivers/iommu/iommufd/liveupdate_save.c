// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writing the handover blob of a context.
 *
 * The gate is shut, so no ioctl changes anything, and every IOAS and HWPT is
 * held. What still moves is a device that is closed; it is looked at under a
 * reference of its own, and whether it comes along is decided at freeze.
 */
#define pr_fmt(fmt) "iommufd: liveupdate: " fmt

#include <linux/file.h>
#include <linux/generic_pt/liveupdate.h>
#include <linux/kho/abi/iommufd.h>
#include <linux/liveupdate_files.h>
#include <linux/pci.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "io_pagetable.h"
#include "liveupdate_memory.h"
#include "liveupdate_save.h"

static int save_refuse(const char *what, u32 ioas, unsigned long iova)
{
	pr_warn("IOAS %u IOVA %#lx: %s can't be preserved\n", ioas, iova, what);
	return -EOPNOTSUPP;
}

static int save_check_file(u32 ioas, struct iopt_area *area)
{
	struct file *file = area->pages->file;

	if (!shmem_file(file) || file_inode(file)->i_nlink)
		return save_refuse("a file that is no memfd of normal pages",
				   ioas, iopt_area_iova(area));
	return 0;
}

/* Memory by its address is what is pinned; some of it may not be. */
static int save_check_user(u32 ioas, struct iopt_area *area)
{
	struct interval_tree_span_iter span;

	guard(mutex)(&area->pages->mutex);
	interval_tree_for_each_span(&span, &area->pages->domains_itree,
				    iopt_area_index(area),
				    iopt_area_last_index(area))
		if (span.is_hole)
			return save_refuse("memory that no HWPT maps and that has no file",
					   ioas, iopt_area_iova(area));
	return 0;
}

static int save_check_area(u32 ioas, struct iopt_area *area)
{
	unsigned long iova = iopt_area_iova(area);

	if (!area->pages)
		return -EBUSY;
	if (area->num_accesses || area->prevent_access)
		return save_refuse("memory used by the kernel", ioas, iova);
	switch (area->pages->type) {
	case IOPT_ADDRESS_FILE:
		return save_check_file(ioas, area);
	case IOPT_ADDRESS_USER:
		return save_check_user(ioas, area);
	default:
		return save_refuse("a mapped dma-buf", ioas, iova);
	}
}

/* Room for powers of two. */
static int save_grow_pages(struct iommufd_save *save)
{
	struct iommufd_save_pages *more;

	if (save->nr_pages & (save->nr_pages - 1))
		return 0;
	more = kvrealloc(save->pages,
			 array_size(save->nr_pages * 2 ?: 1, sizeof(*more)),
			 GFP_KERNEL);
	if (!more)
		return -ENOMEM;
	save->pages = more;
	return 0;
}

/* The number of a pages object; a new one gets the next. */
static int save_pages_index(struct iommufd_save *save, struct iopt_pages *pages)
{
	void *number = xa_load(&save->numbers, (unsigned long)pages);
	int rc;

	if (number)
		return xa_to_value(number);
	rc = save_grow_pages(save);
	rc = rc ?: xa_err(xa_store(&save->numbers, (unsigned long)pages,
				   xa_mk_value(save->nr_pages), GFP_KERNEL));
	if (rc)
		return rc;
	save->pages[save->nr_pages] = (struct iommufd_save_pages) {
		.pages = pages,
	};
	return save->nr_pages++;
}

static unsigned int save_count_areas(struct io_pagetable *iopt)
{
	unsigned int n = 0;

	for (struct iopt_area *area = iopt_area_iter_first(iopt, 0, ULONG_MAX);
	     area; area = iopt_area_iter_next(area, 0, ULONG_MAX))
		n++;
	return n;
}

static int save_fill_areas(struct iommufd_save *save, struct iommufd_ioas *ioas,
			   struct iommufd_area_ser *ser)
{
	struct io_pagetable *iopt = &ioas->iopt;
	int pages;

	for (struct iopt_area *area = iopt_area_iter_first(iopt, 0, ULONG_MAX);
	     area; area = iopt_area_iter_next(area, 0, ULONG_MAX), ser++) {
		pages = save_check_area(ioas->obj.id, area);
		if (pages)
			return pages;
		pages = save_pages_index(save, area->pages);
		if (pages < 0)
			return pages;
		*ser = (struct iommufd_area_ser) {
			.iova = cpu_to_be64(iopt_area_iova(area)),
			.last = cpu_to_be64(iopt_area_last_iova(area)),
			.prot = cpu_to_be32(area->iommu_prot),
			.page_offset = cpu_to_be32(area->page_offset),
			.pages = cpu_to_be64(pages),
			.first_page = cpu_to_be64(iopt_area_index(area)),
		};
	}
	return 0;
}

static int save_areas(struct iommufd_save *save, struct iommufd_ioas *ioas)
{
	unsigned int n = save_count_areas(&ioas->iopt);
	struct iommufd_area_ser *ser = vcalloc(n ?: 1, sizeof(*ser));
	int rc;

	if (!ser)
		return -ENOMEM;
	rc = save_fill_areas(save, ioas, ser);
	if (!rc)
		liveupdate_blob_put(&save->blob, "areas", ser, n * sizeof(*ser));
	vfree(ser);
	return rc;
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
	liveupdate_blob_put(&save->blob, "allowed", ranges, n * sizeof(*ranges));
	kvfree(ranges);
	return 0;
}

static int save_ioas(struct iommufd_save *save, struct iommufd_ioas *ioas)
{
	struct liveupdate_blob *blob = &save->blob;
	int rc;

	guard(rwsem_read)(&ioas->iopt.domains_rwsem);
	guard(rwsem_read)(&ioas->iopt.iova_rwsem);

	liveupdate_blob_begin(blob, "ioas", ioas->obj.id);
	liveupdate_blob_put_u32(blob, "disable-large-pages",
				ioas->iopt.disable_large_pages);
	rc = save_allowed(save, &ioas->iopt);
	if (!rc)
		rc = save_areas(save, ioas);
	liveupdate_blob_end(blob);
	return rc;
}

static int save_hwpt(struct iommufd_save *save, struct iommufd_hwpt_paging *hwpt)
{
	struct liveupdate_blob *blob = &save->blob;
	struct pt_amdv1_ser ser;
	int rc;

	if (hwpt->common.domain->owner != &iommufd_noiommu_ops ||
	    hwpt->common.fault || hwpt->nest_parent) {
		pr_warn("HWPT %u is of a kind that can't be preserved\n",
			hwpt->common.obj.id);
		return -EOPNOTSUPP;
	}
	rc = pt_amdv1_preserve(hwpt->common.domain, &ser);
	if (rc)
		return rc;

	liveupdate_blob_begin(blob, "hwpt", hwpt->common.obj.id);
	liveupdate_blob_put_u32(blob, "ioas", hwpt->ioas->obj.id);
	liveupdate_blob_put_u32(blob, "auto", hwpt->auto_domain);
	liveupdate_blob_put_u64(blob, "top", ser.top_phys);
	liveupdate_blob_put_u64(blob, "mapped", ser.mapped);
	liveupdate_blob_put_u64(blob, "sme-mask", ser.sme_mask);
	liveupdate_blob_put_u32(blob, "features", ser.features);
	liveupdate_blob_put_u32(blob, "level", ser.top_level);
	liveupdate_blob_put_u32(blob, "vasz", ser.max_vasz_lg2);
	liveupdate_blob_put_u32(blob, "oasz", ser.max_oasz_lg2);
	liveupdate_blob_put_u32(blob, "tables", ser.nr_tables);
	liveupdate_blob_end(blob);
	return 0;
}

static struct iommufd_hwpt_paging *save_obj_hwpt(struct iommufd_object *obj)
{
	if (obj->type != IOMMUFD_OBJ_HWPT_PAGING)
		return NULL;
	return container_of(obj, struct iommufd_hwpt_paging, common.obj);
}

struct iommufd_ioas *save_obj_ioas(struct iommufd_object *obj)
{
	return container_of(obj, struct iommufd_ioas, obj);
}

static int save_objs(struct iommufd_save *save)
{
	int rc = 0;

	for (unsigned int i = 0; i < save->nr_objs && !rc; i++) {
		struct iommufd_object *obj = save->objs[i];

		if (obj->type == IOMMUFD_OBJ_IOAS)
			rc = save_ioas(save, save_obj_ioas(obj));
		else
			rc = save_hwpt(save, save_obj_hwpt(obj));
		if (!rc)
			save->nr_kept = i + 1;
	}
	return rc;
}

static void save_pages(struct iommufd_save *save)
{
	struct liveupdate_blob *blob = &save->blob;

	for (unsigned int i = 0; i < save->nr_pages; i++) {
		const struct iommufd_save_pages *sp = &save->pages[i];
		struct iopt_pages *pages = sp->pages;

		liveupdate_blob_begin(blob, "pages", i);
		liveupdate_blob_put_u32(blob, "in-memory", !!sp->memory);
		if (sp->memory)
			liveupdate_blob_put_u32(blob, "memory", sp->memory->nr);
		else
			liveupdate_blob_put_u64(blob, "token", 0);
		liveupdate_blob_put_u64(blob, "start", sp->start);
		liveupdate_blob_put_u64(blob, "npages", pages->npages);
		liveupdate_blob_put_u32(blob, "writable", pages->writable);
		liveupdate_blob_put_u32(blob, "account-mode",
					pages->account_mode);
		liveupdate_blob_end(blob);
	}
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
	liveupdate_blob_put_u32(blob, "hwpt", iommufd_device_hwpt_id(idev));
	liveupdate_blob_put_u64(blob, "sbdf",
				(u64)pci_domain_nr(pdev->bus) << 16 |
				pci_dev_id(pdev));
	liveupdate_blob_put_u32(blob, "kept", 0);
	liveupdate_blob_end(blob);
	return 0;
}

static int save_mark_device(struct iommufd_save *save,
			    struct iommufd_device *idev)
{
	struct liveupdate_blob *blob = &save->blob;

	if (!iommufd_gate_is_shut(&idev->gate))
		return 0;
	return liveupdate_blob_set_u32(blob,
				       liveupdate_blob_node(blob, "device",
							    idev->obj.id),
				       "kept", 1);
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
		obj = iommufd_get_object(ictx, id, IOMMUFD_OBJ_DEVICE);
		if (IS_ERR(obj))
			continue;
		rc = do_one(save, container_of(obj, struct iommufd_device,
					       obj));
		iommufd_put_object(ictx, obj);
		if (rc)
			break;
	}
	return rc;
}

/**
 * iommufd_save_undo_tables - Stop preserving the tables
 * @save: the context
 */
void iommufd_save_undo_tables(struct iommufd_save *save)
{
	for (unsigned int i = 0; i < save->nr_kept; i++) {
		struct iommufd_hwpt_paging *hwpt = save_obj_hwpt(save->objs[i]);

		if (hwpt)
			pt_amdv1_unpreserve(hwpt->common.domain);
	}
	save->nr_kept = 0;
}

/**
 * iommufd_save_write - Write the blob and have KHO keep it and the tables
 * @save: the context, its objects collected
 *
 * Return: 0; -EOPNOTSUPP or -EBADMSG after a line in the log for what can't be
 *         carried; -ENOMEM. Nothing is preserved after an error.
 */
int iommufd_save_write(struct iommufd_save *save)
{
	int rc;

	rc = liveupdate_blob_new(&save->blob, IOMMUFD_LUO_FH_COMPATIBLE);
	if (rc)
		return rc;
	liveupdate_blob_put_u32(&save->blob, "account-mode",
				save->ictx->account_mode);
	rc = save_objs(save);
	rc = rc ?: save_each_device(save, save_device);
	rc = rc ?: iommufd_save_backing(save);
	rc = rc ?: iommufd_save_verify(save);
	if (rc)
		goto err_blob;
	save_pages(save);
	rc = liveupdate_blob_finish(&save->blob);
	if (rc)
		goto err_tables;
	rc = liveupdate_blob_preserve(&save->blob, &save->handle);
	if (rc)
		goto err_tables;
	return 0;

err_blob:
	liveupdate_blob_unpreserve(&save->blob);
err_tables:
	iommufd_save_undo_backing(save);
	iommufd_save_undo_tables(save);
	return rc;
}

static int save_resolve_pages(struct iommufd_save *save, unsigned int i,
			      struct liveupdate_session *session)
{
	u64 token;
	int rc;

	rc = liveupdate_get_token_of_inode(session, save->pages[i].inode,
					   &token);
	if (rc)
		return rc;
	return liveupdate_blob_set_u64(&save->blob,
				       liveupdate_blob_node(&save->blob,
							    "pages", i),
				       "token", token);
}

/**
 * iommufd_save_resolve - Fill in what depends on other files of the session
 * @save:    the context
 * @session: the session
 *
 * Context: freeze; the last change of the blob.
 * Return: 0, or -ENOENT after a line in the log when a memfd is missing.
 */
int iommufd_save_resolve(struct iommufd_save *save,
			 struct liveupdate_session *session)
{
	int rc;

	for (unsigned int i = 0; i < save->nr_pages; i++) {
		if (!save->pages[i].inode)
			continue;
		rc = save_resolve_pages(save, i, session);
		if (rc) {
			pr_warn("the memfd (inode %llu) of pages %u is not in the session\n",
				(u64)save->pages[i].inode->i_ino, i);
			return rc;
		}
	}
	rc = save_each_device(save, save_mark_device);
	if (rc)
		return rc;
	liveupdate_blob_seal(&save->blob);
	return 0;
}
