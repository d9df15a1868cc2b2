// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether the tables of a context still show what the memfds have.
 *
 * A memfd that is held can't change; what is looked for here happened before: a
 * hole punched into mapped memory leaves its pages to the device alone, and a
 * file that ends within a page, or before it, can't be mapped again as it was.
 */
#define pr_fmt(fmt) "iommufd: liveupdate: " fmt

#include <linux/memfd_liveupdate.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

#include "io_pagetable.h"
#include "liveupdate_save.h"

struct verify {
	struct iopt_area *area;
	u32 ioas;
	struct inode *inode;
	pgoff_t pgoff;	/* of the page at index 0 */
};

static int verify_pfn(const struct verify *v, unsigned long index,
		      unsigned long pfn)
{
	phys_addr_t is = PFN_PHYS(pfn);
	phys_addr_t was = PFN_PHYS(save_area_pfn(v->area, index));

	if (is == was)
		return 0;
	pr_warn_ratelimited("IOAS %u IOVA %#lx: mapped to %pa, the memfd has %pa\n",
			    v->ioas, save_area_page_iova(v->area, index), &was,
			    &is);
	return -EBADMSG;
}

static int verify_good(const struct verify *v, struct folio *folio,
		       unsigned long index, unsigned long last)
{
	for (; index <= last; index++) {
		struct page *page = folio_file_page(folio, v->pgoff + index);
		const char *what = memfd_liveupdate_obstacle(page);

		if (what)
			return save_refuse(v->ioas,
					   save_area_page_iova(v->area, index),
					   what);
		/* Looked at as a whole. */
		if (folio_test_hugetlb(folio))
			break;
	}
	return 0;
}

/* A folio of the memfd, where the area shows it: both ends. */
static int verify_folio(const struct verify *v, unsigned long *index)
{
	unsigned long first = *index, last;
	struct folio *folio;
	int rc;

	folio = filemap_get_folio(v->inode->i_mapping, v->pgoff + first);
	if (IS_ERR(folio)) {
		pr_warn_ratelimited("IOAS %u IOVA %#lx: the memfd has a hole there\n",
				    v->ioas,
				    save_area_page_iova(v->area, first));
		return -EBADMSG;
	}
	last = min(folio_next_index(folio) - 1 - v->pgoff,
		   iopt_area_last_index(v->area));
	rc = verify_good(v, folio, first, last);
	rc = rc ?: verify_pfn(v, first, page_to_pfn(folio_file_page(folio,
						    v->pgoff + first)));
	if (!rc && last != first)
		rc = verify_pfn(v, last,
				page_to_pfn(folio_file_page(folio,
							    v->pgoff + last)));
	folio_put(folio);
	*index = last + 1;
	return rc;
}

/* Every page of the area has to be wholly inside the file. */
static int verify_size(const struct verify *v)
{
	pgoff_t whole = i_size_read(v->inode) >> PAGE_SHIFT;
	unsigned long index = iopt_area_index(v->area);

	if (v->pgoff + iopt_area_last_index(v->area) < whole)
		return 0;
	if (v->pgoff + index < whole)
		index = whole - v->pgoff;
	return save_refuse(v->ioas, save_area_page_iova(v->area, index),
			   "a page that its memfd ends before or within");
}

static int verify_area(const struct iommufd_save *save,
		       const struct iommufd_save_area *area)
{
	const struct iommufd_save_run *run = &save->runs[area->run];
	unsigned long index = iopt_area_index(area->area);
	struct verify v = { .area = area->area, .ioas = area->ioas->obj.id };
	int rc;

	if (!area->area->storage_domain || run->memory)
		return 0;
	v.inode = save->files[run->file].inode;
	v.pgoff = (run->start >> PAGE_SHIFT) - run->first;
	rc = verify_size(&v);
	while (!rc && index <= iopt_area_last_index(area->area)) {
		if (fatal_signal_pending(current))
			return -EINTR;
		rc = verify_folio(&v, &index);
		cond_resched();
	}
	return rc;
}

/**
 * iommufd_save_verify - Do the memfds have the pages that are mapped?
 * @save: the context, every memfd held
 *
 * Return: 0; -EBADMSG or -EOPNOTSUPP after a line in the log with IOAS and IOVA;
 *         -EINTR.
 */
int iommufd_save_verify(struct iommufd_save *save)
{
	int rc = 0;

	for (unsigned int i = 0; i < save->nr_areas && !rc; i++)
		rc = verify_area(save, &save->areas[i]);
	return rc;
}
