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
#include <linux/pagemap.h>
#include <linux/pci.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "io_pagetable.h"
#include "liveupdate_save.h"

static int save_refuse(const char *what, u32 ioas, unsigned long iova)
{
	pr_warn("IOAS %u IOVA %#lx: %s can't be preserved\n", ioas, iova, what);
	return -EOPNOTSUPP;
}

static int save_check_area(u32 ioas, struct iopt_area *area)
{
	struct iopt_pages *pages = area->pages;
	unsigned long iova = iopt_area_iova(area);

	if (!pages)
		return -EBUSY;
	if (pages->type == IOPT_ADDRESS_DMABUF)
		return save_refuse("a mapped dma-buf", ioas, iova);
	if (pages->type != IOPT_ADDRESS_FILE)
		return save_refuse("memory mapped by its address", ioas, iova);
	if (!shmem_file(pages->file) || file_inode(pages->file)->i_nlink)
		return save_refuse("a file that is no memfd of normal pages",
				   ioas, iova);
	if (area->num_accesses || area->prevent_access)
		return save_refuse("memory used by the kernel", ioas, iova);
	return 0;
}

/* The number of a pages object; a new one gets the next. */
static int save_pages_index(struct iommufd_save *save, struct iopt_pages *pages)
{
	struct iopt_pages **more;

	for (unsigned int i = 0; i < save->nr_pages; i++)
		if (save->pages[i] == pages)
			return i;

	more = kvrealloc(save->pages, (save->nr_pages + 1) * sizeof(*more),
			 GFP_KERNEL);
	if (!more)
		return -ENOMEM;
	save->pages = more;
	more[save->nr_pages] = pages;
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

static struct iommufd_ioas *save_obj_ioas(struct iommufd_object *obj)
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
		struct iopt_pages *pages = save->pages[i];

		liveupdate_blob_begin(blob, "pages", i);
		liveupdate_blob_put_u64(blob, "token", 0);
		liveupdate_blob_put_u64(blob, "start", pages->start);
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

static int save_devices(struct iommufd_save *save)
{
	struct iommufd_ctx *ictx = save->ictx;
	struct iommufd_object *obj;
	unsigned long id;
	int rc = 0;

	xa_for_each(&ictx->objects, id, obj) {
		obj = iommufd_get_object(ictx, id, IOMMUFD_OBJ_DEVICE);
		if (IS_ERR(obj))
			continue;
		rc = save_device(save, container_of(obj, struct iommufd_device,
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
 * Return: 0; -EOPNOTSUPP after a line in the log for what can't be carried;
 *         -ENOMEM. Nothing is preserved after an error.
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
	if (!rc)
		rc = save_devices(save);
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
	iommufd_save_undo_tables(save);
	return rc;
}

static int save_resolve_pages(struct iommufd_save *save, unsigned int i,
			      struct liveupdate_session *session)
{
	u64 token;
	int rc;

	rc = liveupdate_get_token_outgoing(session, save->pages[i]->file,
					   &token);
	if (rc)
		return rc;
	return liveupdate_blob_set_u64(&save->blob,
				       liveupdate_blob_node(&save->blob,
							    "pages", i),
				       "token", token);
}

static void save_mark_devices(struct iommufd_save *save)
{
	struct liveupdate_blob *blob = &save->blob;
	unsigned long id;
	void *entry;

	xa_for_each(&save->ictx->lu.kept, id, entry)
		liveupdate_blob_set_u32(blob,
					liveupdate_blob_node(blob, "device", id),
					"kept", 1);
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
	for (unsigned int i = 0; i < save->nr_pages; i++) {
		int rc = save_resolve_pages(save, i, session);

		if (rc) {
			pr_warn("the memfd (inode %llu) of pages %u is not in the session\n",
				(u64)file_inode(save->pages[i]->file)->i_ino, i);
			return rc;
		}
	}
	save_mark_devices(save);
	liveupdate_blob_seal(&save->blob);
	return 0;
}

/* The page that the memfd has now where an area shows it. */
static int save_verify_page(u32 ioas, struct iopt_area *area,
			    unsigned long index, unsigned long *next)
{
	struct iopt_pages *pages = area->pages;
	pgoff_t pgoff = pages->start / PAGE_SIZE + index;
	unsigned long iova = iopt_area_iova(area) +
			     (index - iopt_area_index(area)) * PAGE_SIZE;
	struct folio *folio = filemap_get_folio(pages->file->f_mapping, pgoff);
	phys_addr_t is, was;

	if (IS_ERR(folio)) {
		pr_warn("IOAS %u IOVA %#lx: the memfd has a hole there\n", ioas,
			iova);
		return -EBADMSG;
	}
	is = page_to_phys(folio_file_page(folio, pgoff));
	*next = index + folio_nr_pages(folio) - (pgoff - folio->index);
	folio_put(folio);
	was = iommu_iova_to_phys(area->storage_domain, iova);
	if (is == was)
		return 0;
	pr_warn("IOAS %u IOVA %#lx: mapped to %pa, the memfd has %pa\n", ioas,
		iova, &was, &is);
	return -EBADMSG;
}

static int save_verify_area(u32 ioas, struct iopt_area *area)
{
	unsigned long index = iopt_area_index(area);
	int rc = 0;

	if (!area->storage_domain)
		return 0;
	while (!rc && index <= iopt_area_last_index(area))
		rc = save_verify_page(ioas, area, index, &index);
	return rc;
}

static int save_verify_ioas(struct iommufd_ioas *ioas)
{
	struct io_pagetable *iopt = &ioas->iopt;
	struct iopt_area *area;
	int rc = 0;

	guard(rwsem_read)(&iopt->iova_rwsem);
	for (area = iopt_area_iter_first(iopt, 0, ULONG_MAX); area && !rc;
	     area = iopt_area_iter_next(area, 0, ULONG_MAX))
		rc = save_verify_area(ioas->obj.id, area);
	return rc;
}

/**
 * iommufd_save_verify - Does every memfd still have the pages that are mapped?
 * @save: the context, every memfd preserved
 *
 * Return: 0, or -EBADMSG after a line in the log with IOAS, IOVA and addresses.
 */
int iommufd_save_verify(struct iommufd_save *save)
{
	int rc = 0;

	for (unsigned int i = 0; i < save->nr_objs && !rc; i++)
		if (save->objs[i]->type == IOMMUFD_OBJ_IOAS)
			rc = save_verify_ioas(save_obj_ioas(save->objs[i]));
	return rc;
}
