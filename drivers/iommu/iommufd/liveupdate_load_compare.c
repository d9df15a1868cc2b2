// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every leaf of every table of a context that is rebuilt is compared with what is
 * pinned. Nothing has changed until then, and the retrieve can be tried again.
 */
#define pr_fmt(fmt) "iommufd: liveupdate: " fmt

#include <linux/sched/signal.h>

#include "io_pagetable.h"
#include "liveupdate_load.h"

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
		c->load->ioas[c->table->ioas].id, iova, &was, &is);
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
			return iommufd_luo_load_bad("no area for the leaf at IOVA", iova);
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
 * iommufd_luo_load_compare - Do the tables show what is pinned?
 * @load: the context, its pages pinned
 *
 * That areas and tables map equally much was found out before; so every byte of
 * every area is compared.
 *
 * Return: 0; -EBADMSG after a line in the log with IOAS and IOVA; -EINTR.
 */
int iommufd_luo_load_compare(struct iommufd_load *load)
{
	int rc = 0;

	for (unsigned int i = 0; i < load->nr_tables && !rc; i++)
		rc = load_compare_table(load, &load->tables[i]);
	return rc;
}
