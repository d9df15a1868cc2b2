// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rebuilding a preserved context: options, IOAS, HWPTs, and reservations for
 * the IDs of devices, whose own files bring them.
 *
 * All IDs are reserved before the first object is made, so that two nodes with
 * one ID are found out early, and every object is made by the code that makes
 * it for userspace, told which ID to take. A failure needs no unwinding here:
 * releasing the file destroys whatever the context has by then. Tables are taken
 * over last, by iommufd_luo_load_commit().
 */
#define pr_fmt(fmt) "iommufd: liveupdate: " fmt

#include <linux/file.h>
#include <linux/generic_pt/liveupdate.h>
#include <linux/slab.h>

#include "io_pagetable.h"
#include "liveupdate_load.h"

/* IDs of objects, the limits of _iommufd_object_alloc(). */
#define LOAD_MIN_ID	1
#define LOAD_MAX_ID	INT_MAX

/* The unit address of a node is its object's ID. */
static u32 load_id(const struct liveupdate_blob *blob, int node)
{
	const char *name = liveupdate_blob_name(blob, node);
	const char *at = name ? strchr(name, '@') : NULL;
	u32 id;

	if (!at || kstrtou32(at + 1, 16, &id) || id < LOAD_MIN_ID ||
	    id > LOAD_MAX_ID)
		return 0;
	return id;
}

static int load_reserve(struct iommufd_load *load, const char *type)
{
	int node = 0, rc = 0;

	while (!rc && (node = liveupdate_blob_next(&load->blob, node, type)) > 0) {
		u32 id = load_id(&load->blob, node);

		if (!id)
			return iommufd_luo_load_bad("malformed ID", 0);
		rc = xa_insert(&load->ictx->objects, id, XA_ZERO_ENTRY,
			       GFP_KERNEL_ACCOUNT);
		if (rc == -EBUSY)
			rc = iommufd_luo_load_bad("ID used twice", id);
	}
	return rc;
}

static int load_allow(struct io_pagetable *iopt, const __be64 *ranges, size_t n)
{
	struct iopt_allowed *allowed;
	__be64 range[2];

	guard(rwsem_write)(&iopt->iova_rwsem);
	for (size_t i = 0; i < n; i++) {
		memcpy(range, ranges + 2 * i, sizeof(range));
		if (be64_to_cpu(range[0]) >= be64_to_cpu(range[1]) ||
		    iopt_allowed_iter_first(iopt, be64_to_cpu(range[0]),
					    be64_to_cpu(range[1])))
			return -EBADMSG;
		allowed = kzalloc_obj(*allowed, GFP_KERNEL_ACCOUNT);
		if (!allowed)
			return -ENOMEM;
		allowed->node.start = be64_to_cpu(range[0]);
		allowed->node.last = be64_to_cpu(range[1]);
		interval_tree_insert(&allowed->node, &iopt->allowed_itree);
	}
	return 0;
}

static int load_ioas_options(struct iommufd_load *load, int node,
			     struct iommufd_ioas *ioas)
{
	const __be64 *ranges;
	u32 small;
	size_t len;
	int rc;

	rc = liveupdate_blob_get_u32(&load->blob, node, "disable-large-pages",
				     &small);
	if (rc || small > 1)
		return iommufd_luo_load_bad("options of IOAS", ioas->obj.id);
	if (small) {
		rc = iopt_disable_large_pages(&ioas->iopt);
		if (rc)
			return rc;
	}
	ranges = liveupdate_blob_get(&load->blob, node, "allowed", &len);
	if (!ranges || len % (2 * sizeof(*ranges)))
		return iommufd_luo_load_bad("allowed ranges of IOAS", ioas->obj.id);
	return load_allow(&ioas->iopt, ranges, len / (2 * sizeof(*ranges)));
}

static struct iommufd_load_ioas *load_new_ioas(struct iommufd_load *load,
					       struct iommufd_ioas *ioas)
{
	struct iommufd_load_ioas *li = &load->ioas[load->nr_ioas];

	if (xa_err(xa_store(&load->ioas_of, ioas->obj.id,
			    xa_mk_value(load->nr_ioas), GFP_KERNEL)))
		return NULL;
	load->nr_ioas++;
	li->ioas = ioas;
	return li;
}

static int load_ioas(struct iommufd_load *load, int node)
{
	struct iommufd_load_ioas *li;
	struct iommufd_ioas *ioas;
	int rc;

	iommufd_luo_next_id(load->ictx, load_id(&load->blob, node));
	ioas = iommufd_ioas_alloc(load->ictx);
	iommufd_luo_any_id(load->ictx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	iommufd_object_finalize(load->ictx, &ioas->obj);
	li = load_new_ioas(load, ioas);
	if (!li)
		return -ENOMEM;
	rc = load_ioas_options(load, node, ioas);
	return rc ?: iommufd_luo_load_read_areas(load, node, li);
}

static struct iommufd_hwpt_paging *
load_new_hwpt(struct iommufd_load *load, struct iommufd_ioas *ioas, u32 id,
	      bool auto_domain)
{
	struct iommufd_hwpt_paging *hwpt;
	struct iommu_domain *domain;

	iommufd_luo_next_id(load->ictx, id);
	hwpt = __iommufd_object_alloc(load->ictx, hwpt, IOMMUFD_OBJ_HWPT_PAGING,
				      common.obj);
	iommufd_luo_any_id(load->ictx);
	if (IS_ERR(hwpt))
		return hwpt;

	INIT_LIST_HEAD(&hwpt->hwpt_item);
	/* Pairs with iommufd_hwpt_paging_destroy() */
	refcount_inc(&ioas->obj.users);
	hwpt->ioas = ioas;
	hwpt->auto_domain = auto_domain;

	domain = iommufd_noiommu_ops.domain_alloc_paging_flags(NULL, 0, NULL);
	if (IS_ERR(domain)) {
		guard(mutex)(&ioas->mutex);
		iommufd_object_abort_and_destroy(load->ictx, &hwpt->common.obj);
		return ERR_CAST(domain);
	}
	domain->owner = &iommufd_noiommu_ops;
	domain->iommufd_hwpt = &hwpt->common;
	domain->cookie_type = IOMMU_COOKIE_IOMMUFD;
	hwpt->common.domain = domain;
	return hwpt;
}

/* The IOAS has no areas yet, so nothing is filled here. */
static int load_link_hwpt(struct iommufd_load *load,
			  struct iommufd_hwpt_paging *hwpt,
			  const struct pt_amdv1_ser *ser)
{
	struct iommufd_ioas *ioas = hwpt->ioas;
	int rc;

	guard(mutex)(&ioas->mutex);
	rc = iopt_table_add_domain(&ioas->iopt, hwpt->common.domain);
	if (!rc) {
		list_add_tail(&hwpt->hwpt_item, &ioas->hwpt_list);
		rc = pt_amdv1_fits(hwpt->common.domain, ser);
	}
	if (rc)
		iommufd_object_abort_and_destroy(load->ictx, &hwpt->common.obj);
	else
		iommufd_object_finalize(load->ictx, &hwpt->common.obj);
	return rc;
}

static int load_check_table(struct iommufd_load *load, u32 id, u32 ioas,
			    struct iommufd_load_table *table)
{
	void *index = xa_load(&load->ioas_of, ioas);
	int rc;

	if (!index ||
	    load->ioas[xa_to_value(index)].mapped != table->ser.mapped)
		return iommufd_luo_load_bad("IOAS of HWPT", id);
	table->ioas = xa_to_value(index);
	rc = pt_amdv1_check(&table->ser);
	if (rc && rc != -ENOMEM && rc != -EINTR)
		pr_warn("table of HWPT %u refused\n", id);
	return rc;
}

static int load_hwpt(struct iommufd_load *load, int node)
{
	struct iommufd_load_table *table = &load->tables[load->nr_tables];
	u32 id = load_id(&load->blob, node), ioas, is_auto;
	int rc;

	if (liveupdate_blob_get_u32(&load->blob, node, "ioas", &ioas) ||
	    liveupdate_blob_get_u32(&load->blob, node, "auto", &is_auto) ||
	    iommufd_luo_load_table(&load->blob, node, &table->ser) ||
	    is_auto > 1)
		return iommufd_luo_load_bad("HWPT", id);
	rc = load_check_table(load, id, ioas, table);
	if (rc)
		return rc;
	table->hwpt = load_new_hwpt(load, load->ioas[table->ioas].ioas, id,
				    is_auto);
	if (IS_ERR(table->hwpt))
		return PTR_ERR(table->hwpt);
	rc = load_link_hwpt(load, table->hwpt, &table->ser);
	if (!rc)
		load->nr_tables++;
	return rc;
}

static bool load_is_hwpt(struct iommufd_load *load, u32 id)
{
	struct iommufd_object *obj = xa_load(&load->ictx->objects, id);

	return obj && obj->type == IOMMUFD_OBJ_HWPT_PAGING;
}

static int load_device(struct iommufd_load *load, int node)
{
	u32 id = load_id(&load->blob, node), hwpt, kept;
	u64 sbdf;

	if (liveupdate_blob_get_u32(&load->blob, node, "hwpt", &hwpt) ||
	    liveupdate_blob_get_u64(&load->blob, node, "sbdf", &sbdf) ||
	    liveupdate_blob_get_u32(&load->blob, node, "kept", &kept) ||
	    (hwpt && !load_is_hwpt(load, hwpt)) || sbdf > LONG_MAX)
		return iommufd_luo_load_bad("device", id);
	if (!kept) {
		xa_release(&load->ictx->objects, id);
		return 0;
	}
	return xa_err(xa_store(&load->ictx->lu.pending, id, xa_mk_value(sbdf),
			       GFP_KERNEL_ACCOUNT));
}

static int load_each(struct iommufd_load *load, const char *type,
		     int (*fn)(struct iommufd_load *load, int node))
{
	int node = 0, rc = 0;

	while (!rc && (node = liveupdate_blob_next(&load->blob, node, type)) > 0)
		rc = fn(load, node);
	return rc;
}

static int load_account_mode(struct iommufd_load *load)
{
	u32 mode;

	if (liveupdate_blob_get_u32(&load->blob, 0, "account-mode", &mode) ||
	    mode >= IOPT_PAGES_ACCOUNT_MODE_NUM)
		return iommufd_luo_load_bad("account mode", 0);
	load->ictx->account_mode = mode;
	return 0;
}

static int load_page_size(struct iommufd_load *load)
{
	u32 size;

	if (liveupdate_blob_get_u32(&load->blob, 0, "page-size", &size))
		return iommufd_luo_load_bad("page size", 0);
	return size == PAGE_SIZE ? 0 : iommufd_luo_load_bad("page size", size);
}

static int load_alloc(struct iommufd_load *load)
{
	xa_init(&load->ioas_of);
	load->ioas = kvcalloc(iommufd_luo_load_count(load, "ioas") ?: 1,
			      sizeof(*load->ioas), GFP_KERNEL);
	load->tables = kvcalloc(iommufd_luo_load_count(load, "hwpt") ?: 1,
				sizeof(*load->tables), GFP_KERNEL);
	return load->ioas && load->tables ? 0 : -ENOMEM;
}

/* What the blob says, with nothing of it taken over. */
static int load_read(struct iommufd_load *load)
{
	int rc;

	rc = load_alloc(load);
	rc = rc ?: load_page_size(load);
	rc = rc ?: load_account_mode(load);
	rc = rc ?: load_reserve(load, "ioas");
	rc = rc ?: load_reserve(load, "hwpt");
	rc = rc ?: load_reserve(load, "device");
	rc = rc ?: iommufd_luo_load_read_files(load);
	rc = rc ?: iommufd_luo_load_read_memory(load);
	rc = rc ?: iommufd_luo_load_read_pages(load);
	rc = rc ?: load_each(load, "ioas", load_ioas);
	rc = rc ?: load_each(load, "hwpt", load_hwpt);
	return rc ?: load_each(load, "device", load_device);
}

/**
 * iommufd_luo_load_context - Build everything the blob describes
 * @load: the new, empty context and its blob
 *
 * Return: 0; -EBADMSG or -EPROTO after a line in the log for what was wrong;
 *         -EINTR, -ENOMEM; the error of a memfd's retrieve. After an error the
 *         context is good for nothing but being released; unless it was
 *         committed, a new one can be built from the same blob.
 */
int iommufd_luo_load_context(struct iommufd_load *load)
{
	int rc;

	rc = load_read(load);
	rc = rc ?: iommufd_luo_load_memory(load);
	rc = rc ?: iommufd_luo_load_files(load);
	rc = rc ?: iommufd_luo_load_pin(load);
	rc = rc ?: iommufd_luo_load_compare(load);
	rc = rc ?: iommufd_luo_load_account(load);
	if (rc) {
		iommufd_luo_load_unpin(load);
		return rc;
	}
	return iommufd_luo_load_commit(load);
}

/**
 * iommufd_luo_load_free - Free what was not built into the context
 * @load: the context
 */
void iommufd_luo_load_free(struct iommufd_load *load)
{
	for (unsigned int i = 0; i < load->nr_areas; i++)
		kfree(load->areas[i].area);
	for (unsigned int i = 0; i < load->nr_pages; i++) {
		struct iommufd_load_pages *p = &load->pages[i];

		if (p->pages)
			iopt_put_pages(p->pages);
		if (p->file)
			fput(p->file);
		kvfree(p->pins);
	}
	for (unsigned int i = 0; i < load->nr_files; i++)
		if (load->files[i].file)
			fput(load->files[i].file);
	kvfree(load->areas);
	kvfree(load->memories);
	kvfree(load->files);
	kvfree(load->pages);
	kvfree(load->ioas);
	kvfree(load->tables);
	xa_destroy(&load->ioas_of);
}
