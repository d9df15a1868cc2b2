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

struct compare {
	struct iopt_area *area;
	u32 ioas;
	struct inode *inode;
	pgoff_t pgoff;	/* of the page at index 0 */
};

static int compare_pfn(const struct compare *c, unsigned long index,
		       unsigned long pfn)
{
	phys_addr_t is = PFN_PHYS(pfn);
	phys_addr_t was = PFN_PHYS(iommufd_luo_area_pfn(c->area, index));

	if (is == was)
		return 0;
	pr_warn_ratelimited("IOAS %u IOVA %#lx: mapped to %pa, the memfd has %pa\n",
			    c->ioas, iommufd_luo_area_iova(c->area, index),
			    &was, &is);
	return -EBADMSG;
}

static int compare_refuse(const struct compare *c, unsigned long index,
			  const char *what)
{
	return iommufd_luo_refuse(c->ioas, iommufd_luo_area_iova(c->area, index),
				  what);
}

static int compare_good(const struct compare *c, struct folio *folio,
			unsigned long index, unsigned long last)
{
	for (; index <= last; index++) {
		struct page *page = folio_file_page(folio, c->pgoff + index);
		const char *what = memfd_liveupdate_blocker(page);

		if (what)
			return compare_refuse(c, index, what);
		/* Looked at as a whole. */
		if (folio_test_hugetlb(folio))
			break;
	}
	return 0;
}

/* A folio of the memfd, where the area shows it: both ends. */
static int compare_folio(const struct compare *c, unsigned long *index)
{
	unsigned long first = *index, last;
	struct folio *folio;
	int rc;

	folio = filemap_get_folio(c->inode->i_mapping, c->pgoff + first);
	if (IS_ERR(folio)) {
		pr_warn_ratelimited("IOAS %u IOVA %#lx: the memfd has a hole there\n",
				    c->ioas,
				    iommufd_luo_area_iova(c->area, first));
		return -EBADMSG;
	}
	last = min(folio_next_index(folio) - 1 - c->pgoff,
		   iopt_area_last_index(c->area));
	rc = compare_good(c, folio, first, last);
	rc = rc ?: compare_pfn(c, first, page_to_pfn(folio_file_page(folio,
						    c->pgoff + first)));
	if (!rc && last != first)
		rc = compare_pfn(c, last,
				 page_to_pfn(folio_file_page(folio,
							     c->pgoff + last)));
	folio_put(folio);
	*index = last + 1;
	return rc;
}

/* Every page of the area has to be wholly inside the file. */
static int compare_size(const struct compare *c)
{
	pgoff_t whole = i_size_read(c->inode) >> PAGE_SHIFT;
	unsigned long index = iopt_area_index(c->area);

	if (c->pgoff + iopt_area_last_index(c->area) < whole)
		return 0;
	if (c->pgoff + index < whole)
		index = whole - c->pgoff;
	return compare_refuse(c, index,
			      "a page that its memfd ends before or within");
}

static int compare_area(const struct iommufd_save *save,
			const struct iommufd_save_area *area)
{
	const struct iommufd_save_run *run = &save->runs[area->run];
	unsigned long index = iopt_area_index(area->area);
	struct compare c = { .area = area->area, .ioas = area->ioas->obj.id };
	int rc;

	if (!area->area->storage_domain || run->memory)
		return 0;
	c.inode = save->files[run->file].inode;
	c.pgoff = (run->start >> PAGE_SHIFT) - run->first;
	rc = compare_size(&c);
	while (!rc && index <= iopt_area_last_index(area->area)) {
		if (fatal_signal_pending(current))
			return -EINTR;
		rc = compare_folio(&c, &index);
		cond_resched();
	}
	return rc;
}

/**
 * iommufd_luo_save_compare - Do the memfds have the pages that are mapped?
 * @save: the context, every memfd held
 *
 * Return: 0; -EBADMSG or -EOPNOTSUPP after a line in the log with IOAS and IOVA;
 *         -EINTR.
 */
int iommufd_luo_save_compare(struct iommufd_save *save)
{
	int rc = 0;

	for (unsigned int i = 0; i < save->nr_areas && !rc; i++)
		rc = compare_area(save, &save->areas[i]);
	return rc;
}
