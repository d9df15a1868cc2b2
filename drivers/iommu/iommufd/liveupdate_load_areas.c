// SPDX-License-Identifier: GPL-2.0-only
/*
 * The areas of a context that is rebuilt: read first, and inserted last, into
 * tables that are taken over as they are. Whatever can fail does so between the
 * two.
 */
#define pr_fmt(fmt) "iommufd: liveupdate: " fmt

#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "io_pagetable.h"
#include "liveupdate_load.h"

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
	    ((area->iommu_prot & IOMMU_WRITE) &&
	     !(p->flags & IOMMUFD_PAGES_SER_WRITABLE)))
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
		return iommufd_luo_load_bad("area of pages", pages);
	la->area = load_new_area(ser);
	if (!la->area)
		return -ENOMEM;
	la->pages = pages;
	la->next = load->pages[pages].areas;
	load->pages[pages].areas = ++load->nr_areas;
	li->mapped += la->area->node.last - la->area->node.start + 1;
	if (!load_area_fits(la->area, &load->pages[pages]) ||
	    (li->nr && la->area->node.start <= la[-1].area->node.last))
		return iommufd_luo_load_bad("area of IOAS", li->id);
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
 * iommufd_luo_load_read_areas - Read the areas of an IOAS, not inserting them
 * @load: the context, its pages read
 * @node: the IOAS's node
 * @li:   the IOAS; those before it are read
 *
 * Return: 0, -EBADMSG, -EINTR, -ENOMEM.
 */
int iommufd_luo_load_read_areas(struct iommufd_load *load, int node,
				struct iommufd_load_ioas *li)
{
	const struct iommufd_area_ser *ser;
	unsigned int n;
	int rc;

	ser = iommufd_luo_load_array(&load->blob, node, "areas", sizeof(*ser), &n);
	if (!ser)
		return iommufd_luo_load_bad("areas of IOAS", li->id);
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

/* What iommu_map() would have told the debugging code. */
static void load_debug_map(struct iopt_area *area)
{
	struct iommu_domain *domain;
	unsigned long id;

	if (!IS_ENABLED(CONFIG_IOMMU_DEBUG_PAGEALLOC))
		return;
	xa_for_each(&area->iopt->domains, id, domain)
		for (size_t off = 0; off < iopt_area_length(area);
		     off += PAGE_SIZE)
			iommu_debug_map(domain,
					iommu_iova_to_phys(domain,
							   area->node.start + off),
					min(PAGE_SIZE,
					    iopt_area_length(area) - off));
}

static void load_insert_area(struct iommufd_load *load,
			     struct iommufd_load_area *la)
{
	struct io_pagetable *iopt = la->area->iopt;
	struct iopt_area *area = la->area;

	guard(rwsem_write)(&iopt->domains_rwsem);
	guard(rwsem_write)(&iopt->iova_rwsem);
	area->pages = load->pages[la->pages].pages;
	kref_get(&area->pages->kref);
	area->storage_domain = xa_load(&iopt->domains, 0);
	interval_tree_insert(&area->node, &iopt->area_itree);
	load_debug_map(area);
	la->area = NULL;
}

/**
 * iommufd_luo_load_commit - Take the tables over and insert the areas
 * @load: the context, everything checked, pinned and accounted
 *
 * Return: 0, or -EBADMSG when a page of a table is not there any more; no area
 *         is inserted then, and the context is lost.
 */
int iommufd_luo_load_commit(struct iommufd_load *load)
{
	int rc = 0;

	load->committed = true;
	for (unsigned int i = 0; i < load->nr_tables && !rc; i++)
		rc = pt_amdv1_install(load->tables[i].hwpt->common.domain,
				      &load->tables[i].ser);
	if (rc)
		return iommufd_luo_load_bad("table of HWPT", load->tables[0].id);
	for (unsigned int i = 0; i < load->nr_areas; i++)
		load_insert_area(load, &load->areas[i]);
	return 0;
}
