// SPDX-License-Identifier: GPL-2.0-only
/*
 * The areas of a context that is preserved, and the runs of pages they show.
 *
 * What is carried is what areas show, not what was once mapped: a pages object
 * whose head, tail or middle no area shows any more gives runs for the rest.
 */
#define pr_fmt(fmt) "iommufd: liveupdate: " fmt

#include <linux/fs.h>
#include <linux/generic_pt/contiguous.h>
#include <linux/hugetlb.h>
#include <linux/hugetlb_liveupdate.h>
#include <linux/memfd_liveupdate.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "io_pagetable.h"
#include "liveupdate_save.h"

struct iommufd_ioas *iommufd_luo_obj_ioas(struct iommufd_object *obj)
{
	return container_of(obj, struct iommufd_ioas, obj);
}

/* Says what can't be preserved; the errno for it. */
int iommufd_luo_refuse(u32 ioas, unsigned long iova, const char *what)
{
	pr_warn_ratelimited("IOAS %u IOVA %#lx: %s can't be preserved\n", ioas,
			    iova, what);
	return -EOPNOTSUPP;
}

/* Where an area shows the page with an index, its beginning or the area's. */
unsigned long iommufd_luo_area_iova(struct iopt_area *area, unsigned long index)
{
	unsigned long iova = iopt_area_iova(area);

	if (index != iopt_area_index(area))
		iova += (index - iopt_area_index(area)) * PAGE_SIZE -
			area->page_offset;
	return iova;
}

/* What is pinned at an index of the pages that an area with a table shows. */
unsigned long iommufd_luo_area_pfn(struct iopt_area *area, unsigned long index)
{
	return PHYS_PFN(iommu_iova_to_phys(area->storage_domain,
					   iommufd_luo_area_iova(area, index)));
}

/* Were the pages mapped as those of a memfd? */
bool iommufd_luo_has_memfd(const struct iopt_pages *pages)
{
	if (pages->type != IOPT_ADDRESS_FILE)
		return false;
	return !is_file_hugepages(pages->file) ||
	       hugetlb_liveupdate_is_memfd(file_inode(pages->file));
}

/* The area of a run's pages object that shows an index, or NULL. */
static struct iopt_area *run_area(const struct iommufd_save_run *run,
				  unsigned long index)
{
	struct interval_tree_node *node =
		interval_tree_iter_first(&run->area->pages->domains_itree,
					 index, index);

	return node ? container_of(node, struct iopt_area, pages_node) : NULL;
}

/* As iommufd_luo_refuse(), for a page of a run. */
int iommufd_luo_refuse_page(const struct iommufd_save_run *run,
			    unsigned long index, const char *what)
{
	struct iopt_area *area = run_area(run, index) ?: run->area->area;
	struct iommufd_ioas *ioas =
		container_of(area->iopt, struct iommufd_ioas, iopt);

	return iommufd_luo_refuse(ioas->obj.id,
				  iommufd_luo_area_iova(area, index), what);
}

/*
 * Pages from an index on, up to the @last, that follow each other in memory. The
 * area may begin within its first page and end within its last one.
 */
static unsigned long area_extent(struct iopt_area *area, unsigned long index,
				 unsigned long last, unsigned long *pfn)
{
	unsigned long iova = iommufd_luo_area_iova(area, index), end;
	u64 pa, bytes;

	end = last == iopt_area_last_index(area) ?
	      iopt_area_last_iova(area) :
	      iommufd_luo_area_iova(area, last + 1) - 1;
	bytes = pt_amdv1_contiguous(area->storage_domain, iova, end - iova + 1,
				    &pa);
	*pfn = PHYS_PFN(pa);
	return DIV_ROUND_UP(offset_in_page(pa) + bytes, PAGE_SIZE);
}

static int area_each_extent(const struct iommufd_save_run *run,
			    struct iopt_area *area, unsigned long *index,
			    unsigned long last, save_extent_fn fn, void *ctx)
{
	while (*index <= last) {
		unsigned long pfn, n = area_extent(area, *index, last, &pfn);
		int rc;

		if (!n)
			return iommufd_luo_refuse_page(run, *index,
						       "memory that its table lacks");
		if (fatal_signal_pending(current))
			return -EINTR;
		rc = fn(ctx, *index, pfn, n);
		if (rc)
			return rc;
		*index += n;
	}
	return 0;
}

/*
 * Calls @fn for what a table maps of a run, in order and in pieces that follow
 * each other in memory, until it is not 0. The pages object's mutex is held.
 */
int iommufd_luo_each_extent(const struct iommufd_save_run *run,
			    save_extent_fn fn, void *ctx)
{
	struct iopt_pages *pages = run->area->pages;
	struct interval_tree_node *node;
	unsigned long index = run->first;
	int rc;

	lockdep_assert_held(&pages->mutex);
	while (index <= run->last &&
	       (node = interval_tree_iter_first(&pages->domains_itree, index,
						run->last))) {
		struct iopt_area *area =
			container_of(node, struct iopt_area, pages_node);

		index = max(index, node->start);
		rc = area_each_extent(run, area, &index,
				      min(node->last, run->last), fn, ctx);
		if (rc)
			return rc;
		cond_resched();
	}
	return 0;
}

/* What no file of the session has is what is pinned; some of it may not be. */
static int area_check_pinned(u32 ioas, struct iopt_area *area)
{
	struct interval_tree_span_iter span;

	guard(mutex)(&area->pages->mutex);
	interval_tree_for_each_span(&span, &area->pages->domains_itree,
				    iopt_area_index(area),
				    iopt_area_last_index(area))
		if (span.is_hole)
			return iommufd_luo_refuse(ioas, iopt_area_iova(area),
						  "memory that no HWPT maps and that has no memfd");
	return 0;
}

static int area_check_file(u32 ioas, struct iopt_area *area)
{
	struct file *file = area->pages->file;

	if (is_file_hugepages(file))
		return iommufd_luo_has_memfd(area->pages) ?
		       0 : area_check_pinned(ioas, area);
	if (!shmem_file(file) || file_inode(file)->i_nlink ||
	    memfd_liveupdate_anon(file_inode(file)))
		return iommufd_luo_refuse(ioas, iopt_area_iova(area),
					  "a file that is no memfd");
	return 0;
}

static int area_check(u32 ioas, struct iopt_area *area)
{
	unsigned long iova = iopt_area_iova(area);

	if (!area->pages)
		return -EBUSY;
	if (area->num_accesses || area->prevent_access)
		return iommufd_luo_refuse(ioas, iova, "memory used by the kernel");
	switch (area->pages->type) {
	case IOPT_ADDRESS_FILE:
		return area_check_file(ioas, area);
	case IOPT_ADDRESS_USER:
		return area_check_pinned(ioas, area);
	default:
		return iommufd_luo_refuse(ioas, iova, "a mapped dma-buf");
	}
}

/* Room for powers of two. */
static int save_grow_areas(struct iommufd_save *save)
{
	unsigned int n = save->nr_areas;
	void *more;

	if (n & (n - 1))
		return 0;
	more = kvrealloc(save->areas,
			 array_size(n * 2 ?: 1, sizeof(*save->areas)),
			 GFP_KERNEL);
	if (!more)
		return -ENOMEM;
	save->areas = more;
	return 0;
}

static int save_add_area(struct iommufd_save *save, struct iommufd_ioas *ioas,
			 struct iopt_area *area)
{
	int rc = area_check(ioas->obj.id, area);

	rc = rc ?: save_grow_areas(save);
	if (rc)
		return rc;
	kref_get(&area->pages->kref);
	save->areas[save->nr_areas++] = (struct iommufd_save_area) {
		.area = area,
		.pages = area->pages,
		.ioas = ioas,
	};
	return 0;
}

/*
 * Closing a device passes no gate: the HWPT that goes with it may have left the
 * context before its objects were collected, and still be among the domains. What
 * such a domain maps is unpinned next. All others are held.
 */
static bool iopt_loses_domain(struct io_pagetable *iopt)
{
	struct iommu_domain *domain;
	unsigned long index;

	xa_for_each(&iopt->domains, index, domain)
		if (!refcount_read(&domain->iommufd_hwpt->obj.users))
			return true;
	return false;
}

static int save_add_ioas(struct iommufd_save *save, struct iommufd_ioas *ioas)
{
	struct io_pagetable *iopt = &ioas->iopt;
	int rc = 0;

	guard(rwsem_read)(&iopt->domains_rwsem);
	guard(rwsem_read)(&iopt->iova_rwsem);
	if (iopt_loses_domain(iopt))
		return -EBUSY;
	for (struct iopt_area *area = iopt_area_iter_first(iopt, 0, ULONG_MAX);
	     area && !rc; area = iopt_area_iter_next(area, 0, ULONG_MAX)) {
		if (fatal_signal_pending(current))
			return -EINTR;
		rc = save_add_area(save, ioas, area);
	}
	return rc;
}

static int compare_areas(const void *a, const void *b)
{
	const struct iommufd_save_area *p = *(const struct iommufd_save_area **)a;
	const struct iommufd_save_area *q = *(const struct iommufd_save_area **)b;

	if (p->pages != q->pages)
		return p->pages < q->pages ? -1 : 1;
	return cmp_int(iopt_area_index(p->area), iopt_area_index(q->area));
}

/* Does an area begin within the run, or right behind it? */
static bool area_touches(const struct iommufd_save_run *run,
			 const struct iommufd_save_area *area)
{
	unsigned long first = iopt_area_index(area->area);

	return run->area->pages == area->pages &&
	       (!first || first - 1 <= run->last);
}

/* The areas sorted by what they show: runs are what overlaps or touches. */
static void save_join_areas(struct iommufd_save *save,
			    struct iommufd_save_area **sorted)
{
	struct iommufd_save_run *run = NULL;

	for (unsigned int i = 0; i < save->nr_areas; i++) {
		struct iommufd_save_area *area = sorted[i];

		if (!run || !area_touches(run, area)) {
			run = &save->runs[save->nr_runs++];
			*run = (struct iommufd_save_run) {
				.area = area,
				.first = iopt_area_index(area->area),
				.last = iopt_area_last_index(area->area),
			};
		}
		run->last = max(run->last, iopt_area_last_index(area->area));
		area->run = run - save->runs;
	}
}

static int save_make_runs(struct iommufd_save *save)
{
	struct iommufd_save_area **sorted;

	save->runs = kvcalloc(save->nr_areas ?: 1, sizeof(*save->runs),
			      GFP_KERNEL);
	sorted = kvcalloc(save->nr_areas ?: 1, sizeof(*sorted), GFP_KERNEL);
	if (!sorted || !save->runs) {
		kvfree(sorted);
		return -ENOMEM;
	}
	for (unsigned int i = 0; i < save->nr_areas; i++)
		sorted[i] = &save->areas[i];
	sort(sorted, save->nr_areas, sizeof(*sorted), compare_areas, NULL);
	save_join_areas(save, sorted);
	kvfree(sorted);
	return 0;
}

/**
 * iommufd_luo_save_areas - Find all areas, and the runs of pages they show
 * @save: the context, its objects collected
 *
 * Return: 0; -EOPNOTSUPP after a line in the log for what can't be carried;
 *         -EBUSY while a device is being closed; -EINTR, -ENOMEM.
 *         iommufd_luo_save_put_areas() is due in any case.
 */
int iommufd_luo_save_areas(struct iommufd_save *save)
{
	int rc = 0;

	for (unsigned int i = 0; i < save->nr_objs && !rc; i++)
		if (save->objs[i]->type == IOMMUFD_OBJ_IOAS)
			rc = save_add_ioas(save,
					   iommufd_luo_obj_ioas(save->objs[i]));
	return rc ?: save_make_runs(save);
}

/**
 * iommufd_luo_save_put_areas - Forget areas and runs
 * @save: the context
 */
void iommufd_luo_save_put_areas(struct iommufd_save *save)
{
	while (save->nr_areas)
		iopt_put_pages(save->areas[--save->nr_areas].pages);
	kvfree(save->areas);
	kvfree(save->runs);
}
