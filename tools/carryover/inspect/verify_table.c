// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is known of a table without having it. Its pages stay in place in memory
 * and are not part of the input; but the kernel's reader wants each leaf to be
 * within one area, so that areas tell how many pages a table has at least: an
 * entry that does not lie within one area can be no leaf, and is a table.
 */
#include "inspect.h"

#define BAD(node, ...)	report_bad(report, (node)->where, __VA_ARGS__)

#define PAGE_LG2	12u
#define ITEMS_LG2	9u

/* Bits of an IOVA below an entry of a level, which counts from 0. */
static unsigned int item_lg2(unsigned int level)
{
	return PAGE_LG2 + ITEMS_LG2 * level;
}

/**
 * struct entries - entries of one level that have to be tables
 * @lg2:  of an entry's size
 * @last: the last one counted
 * @nr:   how many
 */
struct entries {
	unsigned int lg2;
	uint64_t last;
	uint64_t nr;
};

/* Areas ascend, and so do the entries. */
static void count_entry(struct entries *e, uint64_t entry)
{
	if (e->nr && e->last == entry)
		return;
	e->last = entry;
	e->nr++;
}

/* Those at the ends of an area, where they reach beyond it. */
static void count_ends(struct entries *e, const struct area *a)
{
	uint64_t mask = (1ull << e->lg2) - 1;

	if (a->iova & mask)
		count_entry(e, a->iova >> e->lg2);
	if (~a->last & mask)
		count_entry(e, a->last >> e->lg2);
}

static bool areas_ascend(const struct ioas *ioas)
{
	for (size_t i = 0; i < ioas->nr_areas; i++) {
		const struct area *a = &ioas->area[i];

		if (a->last < a->iova || (i && a->iova <= a[-1].last))
			return false;
	}
	return true;
}

/**
 * tables_index - How many pages a table of an IOAS has at least
 * @ioas: the IOAS, its areas read; 0 is noted when they do not ascend
 */
void tables_index(struct ioas *ioas)
{
	ioas->tables[0] = areas_ascend(ioas);
	for (unsigned int level = 1; ioas->tables[0] && level < INSPECT_LEVELS; level++) {
		struct entries e = { .lg2 = item_lg2(level) };

		for (size_t i = 0; i < ioas->nr_areas; i++)
			count_ends(&e, &ioas->area[i]);
		ioas->tables[level] = ioas->tables[level - 1] + e.nr;
	}
}

/* Each area belongs to leaves of its own: is there room for them? */
static void verify_leaves(const struct hwpt *t, const struct ioas *ioas,
			  struct report *report)
{
	const struct area *last = &ioas->area[ioas->nr_areas - 1];
	unsigned int bits = item_lg2(t->level + 1);
	uint64_t least;

	if (bits < 64 && last->last >> bits) {
		BAD(&t->node, "its %u levels end at IOVA %#llx, IOAS %u maps %#llx",
		    t->level + 1, (1ull << bits) - 1, t->ioas,
		    (unsigned long long)last->last);
		return;
	}
	least = ioas->tables[t->level];
	if (t->tables < least)
		BAD(&t->node, "%u tables, IOAS %u needs %llu for leaves that are within one area each",
		    t->tables, t->ioas, (unsigned long long)least);
}

/**
 * verify_hwpt - The description of a table, and what areas say about it
 * @f:      the iommufd
 * @t:      the HWPT
 * @report: what is wrong goes there
 */
void verify_hwpt(const struct file *f, const struct hwpt *t, struct report *report)
{
	const struct ioas *ioas = refer_ioas(f->context, t->ioas);

	if (t->automatic > 1)
		BAD(&t->node, "auto is %u", t->automatic);
	if (!ioas)
		BAD(&t->node, "no IOAS %u", t->ioas);
	else if (ioas->mapped != t->mapped)
		BAD(&t->node, "maps %#llx bytes, IOAS %u has %#llx",
		    (unsigned long long)t->mapped, t->ioas,
		    (unsigned long long)ioas->mapped);
	if (!t->top || t->top % INSPECT_PAGE)
		BAD(&t->node, "top at %#llx", (unsigned long long)t->top);
	if (!t->tables)
		BAD(&t->node, "it has no tables, not even its top");
	if (t->level >= INSPECT_LEVELS)
		BAD(&t->node, "level %u", t->level);
	else if (ioas && ioas->nr_areas && ioas->tables[0])
		verify_leaves(t, ioas, report);
}
