// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rebuilding the areas of a preserved context.
 *
 * The page table is there already and is right; what has to be made again is
 * what stands behind it: areas, the pages objects they share, and the pins. Each
 * page is pinned where it is, once for all areas that show it, and then every
 * leaf of every table is compared with what is pinned. Whatever can fail does so
 * before the first table is taken over: until then nothing has changed, and the
 * retrieve can be tried again.
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
		return load_bad("memfd has a hole at page", pgoff);
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
 * iommufd_load_pin - Pin what the tables of a context point at
 * @load: the context, its pages objects made
 *
 * Return: 0; -EBADMSG for a hole; -EINTR, -ENOMEM. iommufd_load_unpin() is due
 *         after an error of this or of what follows.
 */
int iommufd_load_pin(struct iommufd_load *load)
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
 * iommufd_load_unpin - Undo iommufd_load_pin() and iommufd_load_account()
 * @load: the context, not committed
 */
void iommufd_load_unpin(struct iommufd_load *load)
{
	for (unsigned int i = 0; i < load->nr_pages; i++)
		if (load->pages[i].pages)
			load_unpin_pages(load, &load->pages[i]);
}

/* The pin that has a page; there is one for every page that an area shows. */
static const struct iommufd_load_pin *
load_find_pin(const struct iommufd_load_pages *p, unsigned long index)
{
	size_t low = 0, high = p->nr_pins;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (p->pins[middle].index <= index)
			low = middle;
		else
			high = middle;
	}
	return &p->pins[low];
}

/**
 * struct load_compare - a table that is compared with what is pinned
 * @load:  the context
 * @table: the table
 * @next:  index of the area that the next leaf has to be in
 * @end:   behind the last area of the IOAS
 * @pages: that the last leaf showed, or NULL
 * @pin:   the pin that it ended in: where the next one begins, most likely
 */
struct load_compare {
	struct iommufd_load *load;
	struct iommufd_load_table *table;
	unsigned int next;
	unsigned int end;
	const struct iommufd_load_pages *pages;
	const struct iommufd_load_pin *pin;
};

static const struct iommufd_load_pin *
load_pin_at(struct load_compare *c, const struct iommufd_load_pages *p,
	    unsigned long index)
{
	if (c->pages != p || index - c->pin->index >= c->pin->n) {
		c->pages = p;
		c->pin = load_find_pin(p, index);
	}
	return c->pin;
}

static int load_differs(const struct load_compare *c, u64 iova, phys_addr_t was,
			phys_addr_t is)
{
	pr_warn("IOAS %u IOVA %#llx: mapped to %pa, the memfd has %pa\n",
		c->load->ioas[c->table->ioas].ioas->obj.id, iova, &was, &is);
	return -EBADMSG;
}

/* A leaf can't show more than one area does: it was made for one. */
static struct iommufd_load_area *load_area_of_leaf(struct load_compare *c,
						   u64 iova, u64 last)
{
	struct iommufd_load_area *la;

	while (c->next < c->end &&
	       c->load->areas[c->next].area->node.last < iova)
		c->next++;
	la = &c->load->areas[c->next];
	if (c->next == c->end || la->area->node.start > iova ||
	    la->area->node.last < last)
		return NULL;
	return la;
}

/* A piece of an area, mapped to @pa. */
static int load_compare_piece(struct load_compare *c,
			      const struct iommufd_load_area *la, u64 iova,
			      phys_addr_t pa, u64 bytes)
{
	const struct iommufd_load_pages *p = &c->load->pages[la->pages];
	u64 at = iova - la->area->node.start + la->area->page_offset +
		 (u64)la->area->pages_node.start * PAGE_SIZE;

	while (bytes) {
		const struct iommufd_load_pin *pin =
			load_pin_at(c, p, at / PAGE_SIZE);
		u64 skip = at - (u64)pin->index * PAGE_SIZE;
		phys_addr_t has = PFN_PHYS(pin->pfn) + skip;
		u64 some = min(bytes, (u64)pin->n * PAGE_SIZE - skip);

		if (has != pa)
			return load_differs(c, iova, pa, has);
		iova += some;
		at += some;
		pa += some;
		bytes -= some;
	}
	return 0;
}

static int load_compare_leaves(void *ctx, u64 iova, phys_addr_t pa, u64 bytes,
			       u64 leaf)
{
	struct load_compare *c = ctx;

	if (fatal_signal_pending(current))
		return -EINTR;
	while (bytes) {
		struct iommufd_load_area *la =
			load_area_of_leaf(c, iova, iova + leaf - 1);
		u64 some;
		int rc;

		if (!la)
			return load_bad("no area for the leaf at IOVA", iova);
		/* Whole leaves only: the next one may be in the area in part. */
		some = min(bytes, round_down(la->area->node.last - iova + 1,
					     leaf) ?: bytes);
		rc = load_compare_piece(c, la, iova, pa, some);
		if (rc)
			return rc;
		iova += some;
		pa += some;
		bytes -= some;
	}
	return 0;
}

static int load_compare_table(struct iommufd_load *load,
			      struct iommufd_load_table *table)
{
	struct iommufd_load_ioas *li = &load->ioas[table->ioas];
	struct load_compare c = { load, table, li->first, li->first + li->nr };

	return pt_amdv1_each_leaf(&table->ser, load_compare_leaves, &c);
}

/**
 * iommufd_load_compare - Do the tables show what is pinned?
 * @load: the context, its pages pinned
 *
 * That areas and tables map equally much was found out before; so every byte of
 * every area is compared.
 *
 * Return: 0; -EBADMSG after a line in the log with IOAS and IOVA; -EINTR.
 */
int iommufd_load_compare(struct iommufd_load *load)
{
	int rc = 0;

	for (unsigned int i = 0; i < load->nr_tables && !rc; i++)
		rc = load_compare_table(load, &load->tables[i]);
	return rc;
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
 * iommufd_load_account - Account the pinned pages to the retrieving task
 * @load: the context, its pages pinned
 *
 * Return: 0; -ENOMEM after a line in the log when RLIMIT_MEMLOCK is too low.
 */
int iommufd_load_account(struct iommufd_load *load)
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
 * iommufd_load_commit - Take the tables over and insert the areas
 * @load: the context, everything checked, pinned and accounted
 *
 * Return: 0, or -EBADMSG when a page of a table is not there any more; the
 *         context is lost then.
 */
int iommufd_load_commit(struct iommufd_load *load)
{
	int rc = 0;

	load->committed = true;
	for (unsigned int i = 0; i < load->nr_tables && !rc; i++)
		rc = pt_amdv1_install(load->tables[i].hwpt->common.domain,
				      &load->tables[i].ser);
	if (rc)
		return load_bad("table of HWPT",
				load->tables[0].hwpt->common.obj.id);
	for (unsigned int i = 0; i < load->nr_areas; i++)
		load_insert_area(load, &load->areas[i]);
	return 0;
}
