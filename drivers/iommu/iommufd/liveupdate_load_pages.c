// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading what the areas of a preserved context are and show, and getting the
 * files behind it. Nothing is taken over here.
 */
#define pr_fmt(fmt) "iommufd: liveupdate: " fmt

#include <linux/file.h>
#include <linux/kho/abi/memfd.h>
#include <linux/liveupdate_files.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "io_pagetable.h"
#include "liveupdate_load.h"

/* An array of entries of @size bytes, not aligned; NULL for what is none. */
const void *load_array(const struct liveupdate_blob *blob, int node,
		       const char *name, size_t size, unsigned int *n)
{
	size_t len;
	const void *array = liveupdate_blob_get(blob, node, name, &len);

	*n = len / size;
	return array && !(len % size) ? array : NULL;
}

static int load_read_source(struct iommufd_load *load, int node,
			    struct iommufd_load_pages *p)
{
	const struct liveupdate_blob *blob = &load->blob;
	u32 memory;

	if (liveupdate_blob_get_u32(blob, node, "in-memory", &p->in_memory) ||
	    p->in_memory > 1)
		return -EBADMSG;
	if (!p->in_memory)
		return liveupdate_blob_get_u64(blob, node, "token", &p->token);
	if (liveupdate_blob_get_u32(blob, node, "memory", &memory) ||
	    memory >= load->nr_memories)
		return -EBADMSG;
	p->token = memory;
	return 0;
}

static int load_read_one_pages(struct iommufd_load *load, int node,
			       struct iommufd_load_pages *p)
{
	const struct liveupdate_blob *blob = &load->blob;
	u64 bytes, end;

	if (load_read_source(load, node, p) ||
	    liveupdate_blob_get_u64(blob, node, "start", &p->start) ||
	    liveupdate_blob_get_u64(blob, node, "npages", &p->npages) ||
	    liveupdate_blob_get_u32(blob, node, "writable", &p->writable))
		return -EBADMSG;
	if (!PAGE_ALIGNED(p->start) || !p->npages || p->writable > 1 ||
	    check_mul_overflow(p->npages, (u64)PAGE_SIZE, &bytes) ||
	    check_add_overflow(p->start, bytes, &end) || end > MAX_LFS_FILESIZE)
		return -EBADMSG;
	return p->in_memory && end > load->memories[p->token].size ?
		-EBADMSG : 0;
}

/* Nodes are numbered in the order in which they are written. */
static bool load_is_pages(const struct liveupdate_blob *blob, int node,
			  unsigned int number)
{
	char name[24];

	snprintf(name, sizeof(name), "pages@%x", number);
	return !strcmp(liveupdate_blob_name(blob, node) ?: "", name);
}

/**
 * iommufd_load_read_pages - Read the pages nodes, changing nothing
 * @load: the context, its memory nodes read
 *
 * Return: 0, -EBADMSG, -EINTR, -ENOMEM.
 */
int iommufd_load_read_pages(struct iommufd_load *load)
{
	unsigned int n = 0;
	int node = 0;

	while ((node = liveupdate_blob_next(&load->blob, node, "pages")) > 0)
		n++;
	load->pages = kvcalloc(n ?: 1, sizeof(*load->pages), GFP_KERNEL);
	if (!load->pages)
		return -ENOMEM;
	for (node = 0; load->nr_pages < n; load->nr_pages++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		node = liveupdate_blob_next(&load->blob, node, "pages");
		if (!load_is_pages(&load->blob, node, load->nr_pages) ||
		    load_read_one_pages(load, node, &load->pages[load->nr_pages]))
			return load_bad("pages", load->nr_pages);
	}
	return 0;
}

static struct iopt_area *load_new_area(const struct iommufd_area_ser *ser)
{
	struct iopt_area *area = kzalloc_obj(*area, GFP_KERNEL_ACCOUNT);

	if (!area)
		return NULL;
	RB_CLEAR_NODE(&area->node.rb);
	RB_CLEAR_NODE(&area->pages_node.rb);
	area->node.start = be64_to_cpu(ser->iova);
	area->node.last = be64_to_cpu(ser->last);
	area->iommu_prot = be32_to_cpu(ser->prot);
	area->page_offset = be32_to_cpu(ser->page_offset);
	area->pages_node.start = be64_to_cpu(ser->first_page);
	return area;
}

static bool load_area_fits(struct iopt_area *area,
			   const struct iommufd_load_pages *p)
{
	unsigned long bytes;

	if (area->node.start > area->node.last ||
	    area->page_offset >= PAGE_SIZE ||
	    (area->iommu_prot & ~(IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE)) ||
	    ((area->iommu_prot & IOMMU_WRITE) && !p->writable))
		return false;
	if (check_add_overflow(area->node.last - area->node.start,
			       (unsigned long)area->page_offset, &bytes) ||
	    check_add_overflow(area->pages_node.start, bytes / PAGE_SIZE,
			       &area->pages_node.last))
		return false;
	return area->pages_node.last < p->npages;
}

static int load_read_area(struct iommufd_load *load,
			  struct iommufd_load_ioas *li,
			  const struct iommufd_area_ser *ser)
{
	struct iommufd_load_area *la = &load->areas[load->nr_areas];
	u64 pages = be64_to_cpu(ser->pages);

	if (pages >= load->nr_pages)
		return load_bad("area of pages", pages);
	la->area = load_new_area(ser);
	if (!la->area)
		return -ENOMEM;
	la->ioas = li->ioas;
	la->area->iopt = &li->ioas->iopt;
	la->pages = pages;
	la->next = load->pages[pages].areas;
	load->pages[pages].areas = ++load->nr_areas;
	li->mapped += la->area->node.last - la->area->node.start + 1;
	if (!load_area_fits(la->area, &load->pages[pages]) ||
	    (li->nr && la->area->node.start <= la[-1].area->node.last))
		return load_bad("area of IOAS", li->ioas->obj.id);
	li->nr++;
	return 0;
}

static int load_more_areas(struct iommufd_load *load, unsigned int n)
{
	void *more = kvrealloc(load->areas,
			       array_size((size_t)load->nr_areas + n + 1,
					  sizeof(*load->areas)), GFP_KERNEL);

	if (!more)
		return -ENOMEM;
	load->areas = more;
	return 0;
}

/**
 * iommufd_load_read_areas - Read the areas of an IOAS, not inserting them
 * @load: the context, its pages read
 * @node: the IOAS's node
 * @li:   the IOAS; those before it are read
 *
 * Return: 0, -EBADMSG, -EINTR, -ENOMEM.
 */
int iommufd_load_read_areas(struct iommufd_load *load, int node,
			    struct iommufd_load_ioas *li)
{
	const struct iommufd_area_ser *ser;
	unsigned int n;
	int rc;

	ser = load_array(&load->blob, node, "areas", sizeof(*ser), &n);
	if (!ser)
		return load_bad("areas of IOAS", li->ioas->obj.id);
	rc = load_more_areas(load, n);
	li->first = load->nr_areas;
	for (unsigned int i = 0; i < n && !rc; i++) {
		struct iommufd_area_ser copy;

		if (fatal_signal_pending(current))
			return -EINTR;
		memcpy(&copy, ser + i, sizeof(copy));
		rc = load_read_area(load, li, &copy);
	}
	return rc;
}

static int load_get_memfd(struct iommufd_load *load,
			  struct iommufd_load_pages *p)
{
	int rc;

	rc = liveupdate_check_token(load->session, p->token,
				    MEMFD_LUO_FH_COMPATIBLE);
	if (rc)
		return load_bad("no memfd in the session, token", p->token);
	rc = liveupdate_get_file_incoming(load->session, p->token, &p->file);
	if (!rc)
		return 0;
	pr_warn("memfd with token %#llx: error %d\n", p->token, rc);
	load->again = liveupdate_can_retry(load->session, p->token);
	return rc;
}

/* Neighbours are often of one file. */
static int load_get_file(struct iommufd_load *load,
			 struct iommufd_load_pages *p)
{
	if (p->in_memory)
		p->file = get_file(load->memories[p->token].file);
	else if (p > load->pages && !p[-1].in_memory && p[-1].token == p->token)
		p->file = get_file(p[-1].file);
	else
		return load_get_memfd(load, p);
	return 0;
}

static int load_build_pages(struct iommufd_load *load,
			    struct iommufd_load_pages *p)
{
	struct iopt_pages *pages;

	pages = iopt_alloc_file_pages(p->file, 0, p->start,
				      p->npages * PAGE_SIZE, p->writable);
	if (IS_ERR(pages))
		return PTR_ERR(pages);
	/* As iopt_map_common() decides for a fresh mapping. */
	if (load->ictx->account_mode == IOPT_PAGES_ACCOUNT_MM &&
	    pages->account_mode == IOPT_PAGES_ACCOUNT_USER)
		pages->account_mode = IOPT_PAGES_ACCOUNT_MM;
	p->pages = pages;
	return 0;
}

/**
 * iommufd_load_files - Get the memfds, retrieving them if need be
 * @load: the context, its memories there
 *
 * Return: 0, -EBADMSG, -ENOMEM or the error of a memfd's retrieve.
 */
int iommufd_load_files(struct iommufd_load *load)
{
	int rc = 0;

	for (unsigned int i = 0; i < load->nr_pages && !rc; i++)
		rc = load_get_file(load, &load->pages[i]) ?:
		     load_build_pages(load, &load->pages[i]);
	return rc;
}
