// SPDX-License-Identifier: GPL-2.0-only
/*
 * What stands behind the pages objects of a context: a memfd, which has to be
 * in the same session, or pages that are carried in place.
 *
 * Memory that was mapped by its address is looked at page by page, as it was
 * pinned: what the addresses stand for by now, and whether the process is
 * still there, does not matter.
 */
#define pr_fmt(fmt) "iommufd: liveupdate: " fmt

#include <linux/fs.h>
#include <linux/memfd_liveupdate.h>
#include <linux/pagemap.h>
#include <linux/sort.h>
#include <linux/slab.h>

#include "io_pagetable.h"
#include "liveupdate_memory.h"
#include "liveupdate_save.h"

/* Says which mapping can't be preserved; one area stands for all. */
int save_refuse_pages(struct iopt_pages *pages, const char *what)
{
	struct interval_tree_node *node =
		interval_tree_iter_first(&pages->domains_itree, 0, ULONG_MAX);
	struct iopt_area *area = container_of(node, struct iopt_area, pages_node);
	struct iommufd_ioas *ioas =
		container_of(area->iopt, struct iommufd_ioas, iopt);

	pr_warn("IOAS %u IOVA %#lx: %s can't be preserved\n", ioas->obj.id,
		iopt_area_iova(area), what);
	return -EOPNOTSUPP;
}

/* What is pinned at an index of the pages that an area with a table shows. */
unsigned long save_area_pfn(struct iopt_area *area, unsigned long index)
{
	unsigned long iova = iopt_area_iova(area);

	if (index != iopt_area_index(area))
		iova += (index - iopt_area_index(area)) * PAGE_SIZE -
			area->page_offset;
	return PHYS_PFN(iommu_iova_to_phys(area->storage_domain, iova));
}

int save_each_page(struct iopt_pages *pages,
		   int (*fn)(void *ctx, unsigned long index, unsigned long pfn),
		   void *ctx)
{
	struct interval_tree_node *node;
	unsigned long index = 0;
	int rc = 0;

	guard(mutex)(&pages->mutex);
	while ((node = interval_tree_iter_first(&pages->domains_itree, index,
						ULONG_MAX))) {
		struct iopt_area *area =
			container_of(node, struct iopt_area, pages_node);

		for (index = max(index, node->start); index <= node->last;
		     index++) {
			rc = fn(ctx, index, save_area_pfn(area, index));
			if (rc)
				return rc;
		}
	}
	return rc;
}

/**
 * struct backing - what the pages of an object have turned out to be
 * @known:  @inode and @pgoff are those of the pages so far
 * @inode:  of a memfd, with a reference, or NULL
 * @pgoff:  where in the memfd index 0 of the object would be
 * @reason: why the object can't be preserved
 */
struct backing {
	bool known;
	struct inode *inode;
	pgoff_t pgoff;
	const char *reason;
};

static int backing_refuse(struct backing *b, const char *reason)
{
	b->reason = reason;
	return -EOPNOTSUPP;
}

static const char *backing_bad_page(struct page *page)
{
	if (is_zone_device_page(page) || PageReserved(page))
		return "memory of a device";
	if (folio_test_hugetlb(page_folio(page)))
		return "a huge page of hugetlbfs";
	return NULL;
}

static const char *backing_bad_inode(struct inode *inode)
{
	if (!shmem_mapping(inode->i_mapping))
		return "a page of a file that is no memfd";
	if (inode->i_nlink)
		return "a page of a file that has a name";
	return NULL;
}

/* The file of a page; NULL for anonymous, shared anonymous and lost ones. */
static struct inode *folio_file(struct folio *folio)
{
	struct inode *inode = NULL;

	folio_lock(folio);
	if (!folio_test_anon(folio) && folio->mapping)
		inode = igrab(folio->mapping->host);
	folio_unlock(folio);
	if (inode && shmem_mapping(inode->i_mapping) && IS_PRIVATE(inode)) {
		iput(inode);
		inode = NULL;
	}
	return inode;
}

static int backing_add(struct backing *b, struct inode *inode, pgoff_t pgoff)
{
	if (!b->known) {
		*b = (struct backing) { .known = true, .inode = inode,
					.pgoff = pgoff };
		return 0;
	}
	iput(inode);
	if (b->inode != inode)
		return backing_refuse(b, "memory of more than one kind in one mapping");
	if (inode && b->pgoff != pgoff)
		return backing_refuse(b, "one mapping of a memfd's pages out of their order");
	return 0;
}

static int backing_page(void *ctx, unsigned long index, unsigned long pfn)
{
	struct backing *b = ctx;
	struct folio *folio;
	struct inode *inode;
	struct page *page;
	const char *bad;

	if (!pfn_valid(pfn))
		return backing_refuse(b, "memory of a device");
	page = pfn_to_page(pfn);
	bad = backing_bad_page(page);
	if (bad)
		return backing_refuse(b, bad);
	folio = page_folio(page);
	inode = folio_file(folio);
	bad = inode ? backing_bad_inode(inode) : NULL;
	if (bad) {
		iput(inode);
		return backing_refuse(b, bad);
	}
	return backing_add(b, inode, folio->index +
				     folio_page_idx(folio, page) - index);
}

/* Where memory that was mapped by its address comes from. */
static int backing_of_user(struct iommufd_save_pages *sp)
{
	struct backing b = {};
	int rc = save_each_page(sp->pages, backing_page, &b);

	if (rc) {
		iput(b.inode);
		return b.reason ? save_refuse_pages(sp->pages, b.reason) : rc;
	}
	if (b.inode) {
		sp->inode = b.inode;
		sp->start = (u64)b.pgoff * PAGE_SIZE;
		memfd_liveupdate_hold(sp->inode);
	}
	return 0;
}

static int backing_of_file(struct iommufd_save_pages *sp)
{
	sp->inode = file_inode(sp->pages->file);
	ihold(sp->inode);
	sp->start = sp->pages->start;
	memfd_liveupdate_hold(sp->inode);
	return 0;
}

static int compare_user(const void *a, const void *b)
{
	const struct iopt_pages *p = (*(struct iommufd_save_pages **)a)->pages;
	const struct iopt_pages *q = (*(struct iommufd_save_pages **)b)->pages;

	if (p->source_mm != q->source_mm)
		return p->source_mm < q->source_mm ? -1 : 1;
	if (p->uptr != q->uptr)
		return p->uptr < q->uptr ? -1 : 1;
	return 0;
}

static int place_all(struct iommufd_save *save)
{
	struct iommufd_save_pages **sorted;
	unsigned int n = 0;
	int rc = 0;

	sorted = kvcalloc(save->nr_pages ?: 1, sizeof(*sorted), GFP_KERNEL);
	if (!sorted)
		return -ENOMEM;
	for (unsigned int i = 0; i < save->nr_pages; i++)
		if (!save->pages[i].inode)
			sorted[n++] = &save->pages[i];
	sort(sorted, n, sizeof(*sorted), compare_user, NULL);
	for (unsigned int i = 0; i < n && !rc; i++)
		rc = save_memory_place(save, sorted[i]);
	kvfree(sorted);
	return rc;
}

/**
 * iommufd_save_backing - Find out what stands behind every pages object
 * @save: the context, its areas written
 *
 * Memfds are held: they can't lose or gain pages from here on. Memory that no
 * file has is kept by KHO, and its nodes are written.
 *
 * Return: 0; -EOPNOTSUPP after a line in the log; -ENOMEM. After an error
 *         iommufd_save_undo_backing() is due as well.
 */
int iommufd_save_backing(struct iommufd_save *save)
{
	int rc = 0;

	for (unsigned int i = 0; i < save->nr_pages && !rc; i++) {
		struct iommufd_save_pages *sp = &save->pages[i];

		if (sp->pages->type == IOPT_ADDRESS_FILE)
			rc = backing_of_file(sp);
		else
			rc = backing_of_user(sp);
	}
	rc = rc ?: place_all(save);
	return rc ?: save_memory_keep(save);
}

/**
 * iommufd_save_undo_backing - Let memfds and memory go again
 * @save: the context
 */
void iommufd_save_undo_backing(struct iommufd_save *save)
{
	save_memory_undo(save);
	for (unsigned int i = 0; i < save->nr_pages; i++) {
		struct inode *inode = save->pages[i].inode;

		if (!inode)
			continue;
		memfd_liveupdate_release(inode);
		iput(inode);
		save->pages[i].inode = NULL;
	}
}
