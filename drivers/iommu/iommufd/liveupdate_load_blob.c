// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading the blob of a context: what the files that rebuild it have in common.
 */
#define pr_fmt(fmt) "iommufd: liveupdate: " fmt

#include <linux/errno.h>
#include <linux/liveupdate_blob.h>
#include <linux/printk.h>

#include "liveupdate_load.h"

/**
 * iommufd_luo_load_init - Nothing was read yet
 * @load: zeroed but for the blob
 */
void iommufd_luo_load_init(struct iommufd_load *load)
{
	xa_init(&load->ids);
	xa_init(&load->ioas_of);
	xa_init(&load->seen);
}

/* Says in the log what is wrong in the blob; the error to refuse it with. */
int iommufd_luo_load_bad(const char *what, u64 which)
{
	pr_warn("handover refused: %s %llu\n", what, which);
	return -EBADMSG;
}

/* How many nodes of a type there are. */
unsigned int iommufd_luo_load_count(struct iommufd_load *load, const char *type)
{
	unsigned int n = 0;
	int node = 0;

	while ((node = liveupdate_blob_next(&load->blob, node, type)) > 0)
		n++;
	return n;
}

/* An array of entries of @size bytes, not aligned; NULL for what is none. */
const void *iommufd_luo_load_array(const struct liveupdate_blob *blob, int node,
				   const char *name, size_t size, unsigned int *n)
{
	size_t len;
	const void *array = liveupdate_blob_get(blob, node, name, &len);

	*n = len / size;
	return array && !(len % size) ? array : NULL;
}

/**
 * iommufd_luo_load_table - Read where the table of a hwpt node is
 * @blob: the blob
 * @node: the hwpt node
 * @ser:  [OUT] the table, not checked
 *
 * Return: 0 or -EBADMSG.
 */
int iommufd_luo_load_table(const struct liveupdate_blob *blob, int node,
			   struct pt_amdv1_ser *ser)
{
	if (liveupdate_blob_get_u64(blob, node, "top", &ser->top_phys) ||
	    liveupdate_blob_get_u64(blob, node, "mapped", &ser->mapped) ||
	    liveupdate_blob_get_u64(blob, node, "sme-mask", &ser->sme_mask) ||
	    liveupdate_blob_get_u32(blob, node, "features", &ser->features) ||
	    liveupdate_blob_get_u32(blob, node, "level", &ser->top_level) ||
	    liveupdate_blob_get_u32(blob, node, "vasz", &ser->max_vasz_lg2) ||
	    liveupdate_blob_get_u32(blob, node, "oasz", &ser->max_oasz_lg2) ||
	    liveupdate_blob_get_u32(blob, node, "tables", &ser->nr_tables))
		return -EBADMSG;
	return 0;
}
