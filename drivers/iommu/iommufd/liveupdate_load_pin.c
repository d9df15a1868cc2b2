// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pins of a context that is rebuilt. The page tables are there already; each
 * page that they show is pinned where it is, once for all areas that show it.
 */
#define pr_fmt(fmt) "iommufd: liveupdate: " fmt

#include <linux/memfd_liveupdate.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "io_pagetable.h"
#include "liveupdate_load.h"

static bool load_area_has_table(const struct iommufd_load_area *la)
{
	return !xa_empty(&la->area->iopt->domains);
}

/* The next area, la is NULL at first, that shows these pages; or NULL. */
static struct iommufd_load_area *
load_next_area(struct iommufd_load *load, const struct iommufd_load_pages *p,
	       struct iommufd_load_area *la)
{
	unsigned int next = la ? la->next : p->areas;

	return next ? &load->areas[next - 1] : NULL;
}

static void load_itree_insert(struct iommufd_load *load,
			      struct iommufd_load_pages *p)
{
	struct iommufd_load_area *la = NULL;

	while ((la = load_next_area(load, p, la)))
		if (load_area_has_table(la))
			interval_tree_insert(&la->area->pages_node,
					     &p->pages->domains_itree);
}

static void load_itree_remove(struct iommufd_load *load,
			      struct iommufd_load_pages *p)
{
	struct iommufd_load_area *la = NULL;

	while ((la = load_next_area(load, p, la)))
		if (!RB_EMPTY_NODE(&la->area->pages_node.rb)) {
			interval_tree_remove(&la->area->pages_node,
					     &p->pages->domains_itree);
			RB_CLEAR_NODE(&la->area->pages_node.rb);
		}
}

/* Remembers a pin; one that goes on where the last one ended makes it longer. */
static int load_note_pin(struct iommufd_load_pages *p, unsigned long index,
			 unsigned long pfn, unsigned long n)
{
	struct iommufd_load_pin *last = p->pins + p->nr_pins - 1;

	if (p->nr_pins && last->index + last->n == index &&
	    last->pfn + last->n == pfn) {
		last->n += n;
		return 0;
	}
	if (p->nr_pins == p->max_pins) {
		size_t max = p->max_pins * 2 ?: 1;
		void *more = kvrealloc(p->pins, array_size(max, sizeof(*last)),
				       GFP_KERNEL);

		if (!more)
			return -ENOMEM;
		p->pins = more;
		p->max_pins = max;
	}
	p->pins[p->nr_pins++] = (struct iommufd_load_pin) { index, pfn, n };
	return 0;
}

static int load_pin_some(struct iommufd_load_pages *p, unsigned long *index,
			 unsigned long last)
{
	pgoff_t pgoff = p->start / PAGE_SIZE + *index;
	unsigned long pfn;
	long n;
	int rc;

	n = memfd_liveupdate_pin(p->file, pgoff, last - *index + 1, &pfn);
	if (n == -ENODATA)
		return iommufd_luo_load_bad("memfd has a hole at page", pgoff);
	if (n < 0)
		return n;
	rc = load_note_pin(p, *index, pfn, n);
	if (rc)
		unpin_user_page_range_dirty_lock(pfn_to_page(pfn), n, false);
	else
		*index += n;
	return rc;
}

static int load_pin_span(struct iommufd_load_pages *p, unsigned long index,
			 unsigned long last)
{
	int rc = 0;

	while (!rc && index <= last) {
		if (fatal_signal_pending(current))
			return -EINTR;
		rc = load_pin_some(p, &index, last);
		cond_resched();
	}
	return rc;
}

/* Pins every page that an area with a table shows, once. */
static int load_pin_pages(struct iommufd_load *load,
			  struct iommufd_load_pages *p)
{
	struct interval_tree_span_iter span;
	int rc;

	guard(mutex)(&p->pages->mutex);
	load_itree_insert(load, p);
	interval_tree_for_each_span(&span, &p->pages->domains_itree, 0,
				    ULONG_MAX) {
		if (span.is_hole)
			continue;
		rc = load_pin_span(p, span.start_used, span.last_used);
		if (rc)
			return rc;
	}
	return 0;
}

/**
 * iommufd_luo_load_pin - Pin what the tables of a context point at
 * @load: the context, its pages objects made
 *
 * Return: 0; -EBADMSG for a hole; -EINTR, -ENOMEM. iommufd_luo_load_unpin() is due
 *         after an error of this or of what follows.
 */
int iommufd_luo_load_pin(struct iommufd_load *load)
{
	int rc = 0;

	for (unsigned int i = 0; i < load->nr_pages && !rc; i++)
		rc = load_pin_pages(load, &load->pages[i]);
	return rc;
}

static void load_unaccount(struct iommufd_load_pages *p)
{
	if (!p->npinned)
		return;
	p->pages->npinned = 0;
	iopt_pages_update_pinned(p->pages, p->npinned, false, NULL);
	p->npinned = 0;
}

static void load_unpin_pages(struct iommufd_load *load,
			     struct iommufd_load_pages *p)
{
	guard(mutex)(&p->pages->mutex);
	load_unaccount(p);
	load_itree_remove(load, p);
	while (p->nr_pins) {
		struct iommufd_load_pin *pin = &p->pins[--p->nr_pins];

		unpin_user_page_range_dirty_lock(pfn_to_page(pin->pfn), pin->n,
						 false);
	}
}

/**
 * iommufd_luo_load_unpin - Undo iommufd_luo_load_pin() and iommufd_luo_load_account()
 * @load: the context, none of its areas inserted
 */
void iommufd_luo_load_unpin(struct iommufd_load *load)
{
	for (unsigned int i = 0; i < load->nr_pages; i++)
		if (load->pages[i].pages)
			load_unpin_pages(load, &load->pages[i]);
}

static int load_account_pages(struct iommufd_load_pages *p)
{
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < p->nr_pins; i++)
		n += p->pins[i].n;
	if (!n)
		return 0;
	guard(mutex)(&p->pages->mutex);
	p->pages->npinned = n;
	rc = iopt_pages_update_pinned(p->pages, n, true, NULL);
	if (rc)
		p->pages->npinned = 0;
	else
		p->npinned = n;
	return rc;
}

/**
 * iommufd_luo_load_account - Account the pinned pages to the retrieving task
 * @load: the context, its pages pinned
 *
 * Return: 0; -ENOMEM after a line in the log when RLIMIT_MEMLOCK is too low.
 */
int iommufd_luo_load_account(struct iommufd_load *load)
{
	size_t pages = 0;
	int rc = 0;

	for (unsigned int i = 0; i < load->nr_pages && !rc; i++) {
		rc = load_account_pages(&load->pages[i]);
		pages += load->pages[i].npages;
	}
	if (rc == -ENOMEM)
		pr_warn("%s[%d] may not lock %zu KiB or more: raise RLIMIT_MEMLOCK and try again\n",
			current->comm, task_tgid_nr(current),
			pages << (PAGE_SHIFT - 10));
	return rc;
}
