// SPDX-License-Identifier: GPL-2.0-only
/*
 * What stands behind the runs of a context: a memfd, which has to be in the same
 * session, or pages that are carried in place.
 *
 * Memory that was mapped by its address is looked at page by page, as it was
 * pinned: what the addresses stand for by now, and whether the process is
 * still there, does not matter.
 */
#define pr_fmt(fmt) "iommufd: liveupdate: " fmt

#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/hugetlb_liveupdate.h>
#include <linux/memfd_liveupdate.h>
#include <linux/pagemap.h>
#include <linux/sort.h>
#include <linux/slab.h>

#include "io_pagetable.h"
#include "liveupdate_save.h"

/**
 * struct backing - what the pages of a run have turned out to be
 * @run:   the run
 * @known: what follows is that of the pages so far
 * @inode: of a memfd, with a reference, or NULL
 * @pgoff: where in the memfd the first page of the run is
 * @order: of huge pages, 0 for others
 */
struct backing {
	const struct iommufd_save_run *run;
	bool known;
	struct inode *inode;
	pgoff_t pgoff;
	unsigned int order;
};

static const char *backing_bad_page(struct page *page)
{
	if (is_zone_device_page(page))
		return "memory of a device";
	if (PageReserved(page))
		return "reserved memory";
	return memfd_liveupdate_blocker(page);
}

static const char *backing_bad_inode(struct inode *inode)
{
	if (iommufd_luo_is_hugetlbfs(inode))
		return NULL;
	if (!shmem_mapping(inode->i_mapping))
		return "a page of a file that is no memfd";
	if (inode->i_nlink)
		return "a page of a file that has a name";
	return NULL;
}

/* Shared anonymous memory, and what only hugetlbfs has a file for. */
static bool backing_is_no_memfd(struct inode *inode)
{
	if (iommufd_luo_is_hugetlbfs(inode))
		return !hugetlb_liveupdate_is_memfd(inode);
	return shmem_mapping(inode->i_mapping) && memfd_liveupdate_anon(inode);
}

/* The file of a folio; NULL when it has none, or no longer has one. */
static struct inode *folio_file(struct folio *folio)
{
	struct inode *inode = NULL;

	folio_lock(folio);
	if (!folio_test_anon(folio) && folio->mapping)
		inode = igrab(folio->mapping->host);
	folio_unlock(folio);
	if (inode && backing_is_no_memfd(inode)) {
		iput(inode);
		inode = NULL;
	}
	return inode;
}

/* Takes over the reference. */
static int backing_add(struct backing *b, struct inode *inode, pgoff_t pgoff,
		       unsigned int order, unsigned long index)
{
	unsigned long ahead = index - b->run->first;

	if (!b->known) {
		b->known = true;
		b->inode = inode;
		b->pgoff = pgoff;
		b->order = order;
		return 0;
	}
	iput(inode);
	if (b->inode != inode || b->order != order)
		return iommufd_luo_refuse_page(b->run, index,
					       "memory of more than one kind in one mapping");
	if (inode && b->pgoff + ahead != pgoff)
		return iommufd_luo_refuse_page(b->run, index,
					       "one mapping of a memfd's pages out of their order");
	return 0;
}

static int backing_check_pages(struct backing *b, struct page *page,
			       unsigned long index, unsigned long n)
{
	/* A huge page is looked at as a whole. */
	bool huge = folio_test_hugetlb(page_folio(page));

	for (unsigned long i = 0; i < (huge ? 1 : n); i++) {
		const char *bad = backing_bad_page(page + i);

		if (bad)
			return iommufd_luo_refuse_page(b->run, index + i, bad);
	}
	return 0;
}

/* The first @n pages at an index, or as many of them as one folio has. */
static int backing_folio(struct backing *b, unsigned long index,
			 unsigned long pfn, unsigned long *n)
{
	struct page *page = pfn_to_page(pfn);
	struct folio *folio = page_folio(page);
	unsigned long at = folio_page_idx(folio, page);
	struct inode *inode;
	const char *bad;
	int rc;

	*n = min(*n, folio_nr_pages(folio) - at);
	rc = backing_check_pages(b, page, index, *n);
	if (rc)
		return rc;
	inode = folio_file(folio);
	bad = inode ? backing_bad_inode(inode) : NULL;
	if (bad) {
		iput(inode);
		return iommufd_luo_refuse_page(b->run, index, bad);
	}
	return backing_add(b, inode, folio->index + at,
			   folio_test_hugetlb(folio) ? folio_order(folio) : 0,
			   index);
}

static int backing_extent(void *ctx, unsigned long index, unsigned long pfn,
			  unsigned long n)
{
	struct backing *b = ctx;

	while (n) {
		unsigned long some = n;
		int rc;

		if (!pfn_valid(pfn))
			return iommufd_luo_refuse_page(b->run, index,
						       "memory of a device");
		rc = backing_folio(b, index, pfn, &some);
		if (rc)
			return rc;
		index += some;
		pfn += some;
		n -= some;
	}
	return 0;
}

/* The number of a memfd; a new one is held from here on. */
static int save_file_of(struct iommufd_save *save, struct inode *inode)
{
	void *known = xa_load(&save->file_of, (unsigned long)inode);
	unsigned int n = save->nr_files;
	void *more;
	int rc;

	if (known)
		return xa_to_value(known);
	if (!(n & (n - 1))) {
		more = kvrealloc(save->files,
				 array_size(n * 2 ?: 1, sizeof(*save->files)),
				 GFP_KERNEL);
		if (!more)
			return -ENOMEM;
		save->files = more;
	}
	rc = xa_err(xa_store(&save->file_of, (unsigned long)inode,
			     xa_mk_value(n), GFP_KERNEL));
	if (rc)
		return rc;
	ihold(inode);
	memfd_liveupdate_hold(inode);
	save->files[n] = (struct iommufd_save_file) { .inode = inode };
	return save->nr_files++;
}

static int backing_is_file(struct iommufd_save *save,
			   struct iommufd_save_run *run, struct inode *inode,
			   u64 start)
{
	int file = save_file_of(save, inode);

	if (file < 0)
		return file;
	run->file = file;
	run->start = start;
	return 0;
}

static int backing_of_pinned(struct iommufd_save *save,
			     struct iommufd_save_run *run)
{
	struct backing b = { .run = run };
	int rc;

	scoped_guard(mutex, &run->area->pages->mutex)
		rc = iommufd_luo_each_extent(run, backing_extent, &b);
	if (!rc && b.inode)
		rc = backing_is_file(save, run, b.inode,
				     (u64)b.pgoff << PAGE_SHIFT);
	else if (!rc)
		rc = iommufd_luo_memory_of(save, run, b.order);
	iput(b.inode);
	return rc;
}

static int backing_of_run(struct iommufd_save *save,
			  struct iommufd_save_run *run)
{
	struct iopt_pages *pages = run->area->pages;

	if (!iommufd_luo_has_memfd(pages))
		return backing_of_pinned(save, run);
	return backing_is_file(save, run, file_inode(pages->file),
			       pages->start + (u64)run->first * PAGE_SIZE);
}

static int compare_runs(const void *a, const void *b)
{
	const struct iommufd_save_run *p = *(const struct iommufd_save_run **)a;
	const struct iommufd_save_run *q = *(const struct iommufd_save_run **)b;

	return cmp_int((uintptr_t)iommufd_luo_run_space(p),
		       (uintptr_t)iommufd_luo_run_space(q)) ?:
	       cmp_int(iommufd_luo_run_address(p), iommufd_luo_run_address(q));
}

static int place_run(struct iommufd_save *save, struct iommufd_save_run *run)
{
	guard(mutex)(&run->area->pages->mutex);
	return iommufd_luo_memory_place(run);
}

static int place_all(struct iommufd_save *save)
{
	struct iommufd_save_run **sorted;
	unsigned int n = 0;
	int rc = 0;

	sorted = kvcalloc(save->nr_runs ?: 1, sizeof(*sorted), GFP_KERNEL);
	if (!sorted)
		return -ENOMEM;
	for (unsigned int i = 0; i < save->nr_runs; i++)
		if (save->runs[i].memory)
			sorted[n++] = &save->runs[i];
	sort(sorted, n, sizeof(*sorted), compare_runs, NULL);
	for (unsigned int i = 0; i < n && !rc; i++)
		rc = place_run(save, sorted[i]);
	kvfree(sorted);
	return rc;
}

/**
 * iommufd_luo_save_pages - Find out what stands behind every run
 * @save: the context, its runs found
 *
 * Memfds are held: they can't lose or gain pages from here on. Memory that no
 * file has is kept by KHO.
 *
 * Return: 0; -EOPNOTSUPP after a line in the log; -EINTR, -ENOMEM. After an
 *         error iommufd_luo_save_undo_pages() is due as well.
 */
int iommufd_luo_save_pages(struct iommufd_save *save)
{
	int rc = 0;

	for (unsigned int i = 0; i < save->nr_runs && !rc; i++)
		rc = backing_of_run(save, &save->runs[i]);
	rc = rc ?: place_all(save);
	return rc ?: iommufd_luo_memory_keep(save);
}

/**
 * iommufd_luo_save_undo_pages - Let memfds and memory go again
 * @save: the context
 */
void iommufd_luo_save_undo_pages(struct iommufd_save *save)
{
	iommufd_luo_memory_undo(save);
	while (save->nr_files) {
		struct inode *inode = save->files[--save->nr_files].inode;

		memfd_liveupdate_release(inode);
		iput(inode);
	}
	kvfree(save->files);
	save->files = NULL;
	xa_destroy(&save->file_of);
}
