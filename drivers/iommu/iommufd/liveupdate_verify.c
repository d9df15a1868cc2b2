// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether the tables of a context still show what the memfds have.
 *
 * A memfd that is held can't change; what is looked for here happened before:
 * a hole punched into mapped memory leaves its pages to the device alone.
 */
#define pr_fmt(fmt) "iommufd: liveupdate: " fmt

#include <linux/pagemap.h>

#include "io_pagetable.h"
#include "liveupdate_memory.h"
#include "liveupdate_save.h"

struct verify {
	struct iommufd_save *save;
	u32 ioas;
	struct iopt_area *area;
	const struct iommufd_save_pages *sp;
};

static int verify_pfn(const struct verify *v, unsigned long index,
		      unsigned long pfn)
{
	phys_addr_t is = PFN_PHYS(pfn);
	phys_addr_t was = PFN_PHYS(save_area_pfn(v->area, index));
	unsigned long iova = iopt_area_iova(v->area) +
			     (index - iopt_area_index(v->area)) * PAGE_SIZE;

	if (is == was)
		return 0;
	pr_warn("IOAS %u IOVA %#lx: mapped to %pa, the memfd has %pa\n",
		v->ioas, iova, &was, &is);
	return -EBADMSG;
}

/* A folio of the memfd, where the area shows it: both ends. */
static int verify_folio(const struct verify *v, unsigned long *index)
{
	pgoff_t pgoff = v->sp->start / PAGE_SIZE + *index;
	struct folio *folio = filemap_get_folio(v->sp->inode->i_mapping, pgoff);
	unsigned long first = *index, last;
	int rc;

	if (IS_ERR(folio)) {
		pr_warn("IOAS %u IOVA %#lx: the memfd has a hole there\n",
			v->ioas, iopt_area_iova(v->area) +
			(first - iopt_area_index(v->area)) * PAGE_SIZE);
		return -EBADMSG;
	}
	last = min(first + folio_next_index(folio) - pgoff - 1,
		   iopt_area_last_index(v->area));
	rc = verify_pfn(v, first, page_to_pfn(folio_file_page(folio, pgoff)));
	rc = rc ?: verify_pfn(v, last,
			      page_to_pfn(folio_file_page(folio, pgoff + last -
							  first)));
	folio_put(folio);
	*index = last + 1;
	return rc;
}

static int verify_area(struct verify *v)
{
	void *number = xa_load(&v->save->numbers, (unsigned long)v->area->pages);
	unsigned long index = iopt_area_index(v->area);
	int rc = 0;

	v->sp = &v->save->pages[xa_to_value(number)];
	if (!v->area->storage_domain || !v->sp->inode)
		return 0;
	while (!rc && index <= iopt_area_last_index(v->area))
		rc = verify_folio(v, &index);
	return rc;
}

static int verify_ioas(struct iommufd_save *save, struct iommufd_ioas *ioas)
{
	struct verify v = { .save = save, .ioas = ioas->obj.id };
	struct io_pagetable *iopt = &ioas->iopt;
	int rc = 0;

	guard(rwsem_read)(&iopt->iova_rwsem);
	for (v.area = iopt_area_iter_first(iopt, 0, ULONG_MAX); v.area && !rc;
	     v.area = iopt_area_iter_next(v.area, 0, ULONG_MAX))
		rc = verify_area(&v);
	return rc;
}

/**
 * iommufd_save_verify - Do the memfds have the pages that are mapped?
 * @save: the context, every memfd held
 *
 * Return: 0, or -EBADMSG after a line in the log with IOAS, IOVA and addresses.
 */
int iommufd_save_verify(struct iommufd_save *save)
{
	int rc = 0;

	for (unsigned int i = 0; i < save->nr_objs && !rc; i++)
		if (save->objs[i]->type == IOMMUFD_OBJ_IOAS)
			rc = verify_ioas(save, save_obj_ioas(save->objs[i]));
	return rc;
}
