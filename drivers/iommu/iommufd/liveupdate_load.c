// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rebuilding a preserved context. What the blob says is read first, all of it,
 * and checked for what can be checked then; no object is made for it. Then a
 * context is built, in steps that each can fail. It has no user yet, so a failure
 * needs no unwinding here. Releasing the file destroys what there is by then.
 * Tables are taken over last, by iommufd_luo_load_commit().
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

/* The unit address of a node is its object's ID, and no other's. */
static int load_read_id(struct iommufd_load *load, int node, bool is_hwpt,
			u32 *id)
{
	const char *name = liveupdate_blob_name(&load->blob, node);
	const char *at = name ? strchr(name, '@') : NULL;
	int rc;

	if (!at || kstrtou32(at + 1, 16, id) || *id < LOAD_MIN_ID ||
	    *id > LOAD_MAX_ID)
		return iommufd_luo_load_bad("malformed ID", 0);
	rc = xa_insert(&load->ids, *id, xa_mk_value(is_hwpt), GFP_KERNEL);
	return rc == -EBUSY ? iommufd_luo_load_bad("ID used twice", *id) : rc;
}

static int load_read_allowed(struct iommufd_load_ioas *li, const __be64 *ranges,
			     size_t n)
{
	struct iopt_allowed *allowed;
	__be64 range[2];

	for (size_t i = 0; i < n; i++) {
		memcpy(range, ranges + 2 * i, sizeof(range));
		if (be64_to_cpu(range[0]) >= be64_to_cpu(range[1]) ||
		    interval_tree_iter_first(&li->allowed,
					     be64_to_cpu(range[0]),
					     be64_to_cpu(range[1])))
			return -EBADMSG;
		allowed = kzalloc_obj(*allowed, GFP_KERNEL_ACCOUNT);
		if (!allowed)
			return -ENOMEM;
		allowed->node.start = be64_to_cpu(range[0]);
		allowed->node.last = be64_to_cpu(range[1]);
		interval_tree_insert(&allowed->node, &li->allowed);
	}
	return 0;
}

static int load_read_options(struct iommufd_load *load, int node,
			     struct iommufd_load_ioas *li)
{
	const __be64 *ranges;
	u32 small;
	size_t len;
	int rc;

	rc = liveupdate_blob_get_u32(&load->blob, node, "disable-large-pages",
				     &small);
	if (rc || small > 1)
		return iommufd_luo_load_bad("options of IOAS", li->id);
	li->small = small;
	ranges = liveupdate_blob_get(&load->blob, node, "allowed", &len);
	if (!ranges || len % (2 * sizeof(*ranges)))
		return iommufd_luo_load_bad("allowed ranges of IOAS", li->id);
	return load_read_allowed(li, ranges, len / (2 * sizeof(*ranges)));
}

static int load_read_ioas(struct iommufd_load *load, int node)
{
	struct iommufd_load_ioas *li = &load->ioas[load->nr_ioas];
	int rc;

	rc = load_read_id(load, node, false, &li->id);
	if (rc)
		return rc;
	rc = xa_err(xa_store(&load->ioas_of, li->id,
			     xa_mk_value(load->nr_ioas++), GFP_KERNEL));
	rc = rc ?: load_read_options(load, node, li);
	return rc ?: iommufd_luo_load_read_areas(load, node, li);
}

static int load_check_table(struct iommufd_load *load, u32 ioas,
			    struct iommufd_load_table *table)
{
	void *index = xa_load(&load->ioas_of, ioas);
	int rc;

	if (!index ||
	    load->ioas[xa_to_value(index)].mapped != table->ser.mapped)
		return iommufd_luo_load_bad("IOAS of HWPT", table->id);
	table->ioas = xa_to_value(index);
	rc = pt_amdv1_check(&table->ser, &load->seen);
	if (rc && rc != -ENOMEM && rc != -EINTR)
		pr_warn("table of HWPT %u refused\n", table->id);
	return rc;
}

static int load_read_hwpt(struct iommufd_load *load, int node)
{
	struct iommufd_load_table *table = &load->tables[load->nr_tables];
	u32 ioas, is_auto;
	int rc;

	rc = load_read_id(load, node, true, &table->id);
	if (rc)
		return rc;
	if (liveupdate_blob_get_u32(&load->blob, node, "ioas", &ioas) ||
	    liveupdate_blob_get_u32(&load->blob, node, "auto", &is_auto) ||
	    iommufd_luo_load_table(&load->blob, node, &table->ser) ||
	    is_auto > 1)
		return iommufd_luo_load_bad("HWPT", table->id);
	table->auto_domain = is_auto;
	rc = load_check_table(load, ioas, table);
	if (!rc)
		load->nr_tables++;
	return rc;
}

static bool load_is_hwpt(struct iommufd_load *load, u32 id)
{
	void *is_hwpt = xa_load(&load->ids, id);

	return is_hwpt && xa_to_value(is_hwpt);
}

static int load_read_device(struct iommufd_load *load, int node)
{
	struct iommufd_load_device *device = &load->devices[load->nr_devices];
	u32 hwpt, kept;
	int rc;

	rc = load_read_id(load, node, false, &device->id);
	if (rc)
		return rc;
	if (liveupdate_blob_get_u32(&load->blob, node, "hwpt", &hwpt) ||
	    liveupdate_blob_get_u64(&load->blob, node, "sbdf", &device->sbdf) ||
	    liveupdate_blob_get_u32(&load->blob, node, "kept", &kept) ||
	    (hwpt && !load_is_hwpt(load, hwpt)) || device->sbdf > LONG_MAX)
		return iommufd_luo_load_bad("device", device->id);
	if (kept)
		load->nr_devices++;
	return 0;
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
	if (liveupdate_blob_get_u32(&load->blob, 0, "account-mode",
				    &load->account_mode) ||
	    load->account_mode >= IOPT_PAGES_ACCOUNT_MODE_NUM)
		return iommufd_luo_load_bad("account mode", 0);
	return 0;
}

static int load_page_size(struct iommufd_load *load)
{
	u32 size;

	if (liveupdate_blob_get_u32(&load->blob, 0, "page-size", &size))
		return iommufd_luo_load_bad("page size", 0);
	return size == PAGE_SIZE ? 0 : iommufd_luo_load_bad("page size", size);
}

static void *load_alloc_nodes(struct iommufd_load *load, const char *type,
			      size_t size)
{
	return kvcalloc(iommufd_luo_load_count(load, type) ?: 1, size,
			GFP_KERNEL);
}

static int load_alloc(struct iommufd_load *load)
{
	load->ioas = load_alloc_nodes(load, "ioas", sizeof(*load->ioas));
	load->tables = load_alloc_nodes(load, "hwpt", sizeof(*load->tables));
	load->devices = load_alloc_nodes(load, "device", sizeof(*load->devices));
	return load->ioas && load->tables && load->devices ? 0 : -ENOMEM;
}

/**
 * iommufd_luo_load_read - Read all that the blob says, and check it
 * @load: the blob; a context is not needed yet
 *
 * Nothing is taken over. A page of a table or a memory is in one of them only, as
 * it can be taken over once.
 *
 * Return: 0; -EBADMSG or -EPROTO after a line in the log for what was wrong;
 *         -EINTR, -ENOMEM. iommufd_luo_load_free() is due in any case.
 */
int iommufd_luo_load_read(struct iommufd_load *load)
{
	int rc;

	iommufd_luo_load_init(load);
	rc = load_alloc(load);
	rc = rc ?: load_page_size(load);
	rc = rc ?: load_account_mode(load);
	rc = rc ?: iommufd_luo_load_read_files(load);
	rc = rc ?: iommufd_luo_load_read_memory(load);
	rc = rc ?: iommufd_luo_load_read_pages(load);
	rc = rc ?: load_each(load, "ioas", load_read_ioas);
	rc = rc ?: load_each(load, "hwpt", load_read_hwpt);
	rc = rc ?: load_each(load, "device", load_read_device);
	xa_destroy(&load->seen);
	return rc;
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

	rc = iommufd_luo_load_read(load);
	rc = rc ?: iommufd_luo_load_objects(load);
	rc = rc ?: iommufd_luo_load_memory(load);
	rc = rc ?: iommufd_luo_load_files(load);
	rc = rc ?: iommufd_luo_load_pin(load);
	rc = rc ?: iommufd_luo_load_compare(load);
	rc = rc ?: iommufd_luo_load_account(load);
	rc = rc ?: iommufd_luo_load_commit(load);
	if (rc)
		iommufd_luo_load_unpin(load);
	return rc;
}

static void load_free_allowed(struct iommufd_load_ioas *li)
{
	struct interval_tree_node *node;

	while ((node = interval_tree_iter_first(&li->allowed, 0, ULONG_MAX))) {
		interval_tree_remove(node, &li->allowed);
		kfree(container_of(node, struct iopt_allowed, node));
	}
}

/**
 * iommufd_luo_load_free - Free what was not built into the context
 * @load: the context
 */
void iommufd_luo_load_free(struct iommufd_load *load)
{
	for (unsigned int i = 0; i < load->nr_ioas; i++)
		load_free_allowed(&load->ioas[i]);
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
	kvfree(load->devices);
	xa_destroy(&load->ids);
	xa_destroy(&load->ioas_of);
}
