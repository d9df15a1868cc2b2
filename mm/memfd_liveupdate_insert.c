// SPDX-License-Identifier: GPL-2.0-only
/*
 * Folios from the previous kernel that a memfd gets.
 *
 * They come in runs that follow each other in the file. What costs the same for
 * one folio and for many is done once a run: the statistics, the lock of the LRU
 * list, and the way down the page cache's tree. Nobody else has the file before it
 * is complete, but each folio is locked and has its references before it can be
 * found.
 */
#include <linux/export.h>
#include <linux/memcontrol.h>
#include <linux/memfd_liveupdate.h>
#include <linux/mm_inline.h>
#include <linux/pagemap.h>
#include <linux/swap.h>
#include <linux/vmstat.h>
#include <linux/xarray.h>

#include "internal.h"

/*
 * The page is there and a device writes to it, so no limit can refuse it: who
 * retrieves it pays, beyond the limit if it must be. memfd_liveupdate_room() has
 * asked before.
 */
#define MEMFD_CHARGE	(GFP_NOWAIT | __GFP_HIGH | __GFP_NOWARN)

/* Statistics of both are kept together. */
static bool memfd_same_lruvec(const struct folio *a, const struct folio *b)
{
#ifdef CONFIG_MEMCG
	if (a->memcg_data != b->memcg_data)
		return false;
#endif
	return folio_pgdat(a) == folio_pgdat(b);
}

static void memfd_count_pages(struct folio *folio, long n)
{
	lruvec_stat_mod_folio(folio, NR_FILE_PAGES, n);
	lruvec_stat_mod_folio(folio, NR_SHMEM, n);
}

static unsigned long memfd_count_run(struct folio **folios, unsigned int n)
{
	unsigned long pages = 0, all = 0;

	for (unsigned int i = 0; i < n; i++) {
		long nr = folio_nr_pages(folios[i]);

		if (folio_test_pmd_mappable(folios[i]))
			lruvec_stat_mod_folio(folios[i], NR_SHMEM_THPS, nr);
		pages += nr;
		if (i + 1 < n && memfd_same_lruvec(folios[i], folios[i + 1]))
			continue;
		memfd_count_pages(folios[i], pages);
		all += pages;
		pages = 0;
	}
	return all;
}

/* To the next slot: in the same node, if both are small and it has one. */
static void memfd_next_slot(struct xa_state *xas, pgoff_t index,
			    unsigned int order)
{
	if (order || xas->xa_shift || xas->xa_sibs ||
	    xas_not_node(xas->xa_node) || !(index & XA_CHUNK_MASK))
		xas_set_order(xas, index, order);
	else
		xas_next(xas);
}

/* The slots are empty. Memory that is missing is waited for. */
static void memfd_store(struct address_space *mapping, struct folio **folios,
			unsigned int n)
{
	gfp_t gfp = (mapping_gfp_mask(mapping) & GFP_RECLAIM_MASK) |
		    __GFP_NOFAIL;
	XA_STATE_ORDER(xas, &mapping->i_pages, folios[0]->index,
		       folio_order(folios[0]));
	unsigned int i = 0;

	do {
		xas_lock_irq(&xas);
		while (i < n) {
			xas_store(&xas, folios[i]);
			if (xas_error(&xas))
				break;
			if (++i < n)
				memfd_next_slot(&xas, folios[i]->index,
						folio_order(folios[i]));
		}
		if (i == n)
			mapping->nrpages += memfd_count_run(folios, n);
		xas_unlock_irq(&xas);
	} while (xas_nomem(&xas, gfp));
}

static int memfd_charge(struct folio **folios, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		int rc = mem_cgroup_charge(folios[i], NULL, MEMFD_CHARGE);

		if (rc)
			return rc;
	}
	return 0;
}

/* Locked, and with the page cache's references. */
static void memfd_make_ready(struct folio *folio, struct address_space *mapping,
			     pgoff_t index)
{
	__folio_set_locked(folio);
	__folio_set_swapbacked(folio);
	folio_ref_add(folio, folio_nr_pages(folio));
	folio->mapping = mapping;
	folio->index = index;
}

/* Under one lock, what folio_add_lru() does with new folios of tmpfs. */
static void memfd_add_to_list(struct folio **folios, unsigned int n)
{
	struct lruvec *lruvec = NULL;
	long pages = 0;

	for (unsigned int i = 0; i < n; i++) {
		struct folio *folio = folios[i];

		lruvec = pages ? lruvec : folio_lruvec_relock_irq(folio, lruvec);
		list_add(&folio->lru, &lruvec->lists[LRU_INACTIVE_ANON]);
		folio_set_lru(folio);
		pages += folio_nr_pages(folio);
		if (i + 1 < n && memfd_same_lruvec(folio, folios[i + 1]) &&
		    folio_zone(folio) == folio_zone(folios[i + 1]))
			continue;
		update_lru_size(lruvec, LRU_INACTIVE_ANON, folio_zonenum(folio),
				pages);
		pages = 0;
	}
	lruvec_unlock_irq(lruvec);
}

static void memfd_add_lru(struct folio **folios, unsigned int n)
{
	if (!lru_gen_enabled() && !lru_gen_switching()) {
		memfd_add_to_list(folios, n);
		return;
	}
	for (unsigned int i = 0; i < n; i++)
		folio_add_lru(folios[i]);
}

static void memfd_let_see(struct folio **folios, unsigned int n, bool hold)
{
	for (unsigned int i = 0; i < n; i++) {
		folio_mark_uptodate(folios[i]);
		folio_set_dirty(folios[i]);
	}
	memfd_add_lru(folios, n);
	for (unsigned int i = 0; i < n; i++) {
		folio_unlock(folios[i]);
		if (!hold)
			folio_put(folios[i]);
	}
}

/**
 * memfd_liveupdate_insert_run - Give folios from the previous kernel to a memfd
 * @file:   the memfd, its blocks accounted, not yet visible to others
 * @folios: not visible to others, with one reference each
 * @n:      how many, at least one
 * @index:  where the first one belongs; the others follow it without a gap
 * @hold:   keep the reference, so that a folio stays where it is; or pass it to
 *          the page cache
 *
 * Return: 0; -EEXIST when there is no hole for all of them. After an error the
 *         folios are still the caller's, and none is in the file.
 */
int memfd_liveupdate_insert_run(struct file *file, struct folio **folios,
				unsigned int n, pgoff_t index, bool hold)
{
	struct address_space *mapping = file->f_mapping;
	pgoff_t first = index, next = index;
	unsigned int i;
	int rc;

	for (i = 0; i < n; i++)
		next += folio_nr_pages(folios[i]);
	if (xa_find(&mapping->i_pages, &first, next - 1, XA_PRESENT))
		return -EEXIST;
	rc = memfd_charge(folios, n);
	if (rc)
		return rc;
	for (i = 0; i < n; i++) {
		memfd_make_ready(folios[i], mapping, index);
		index += folio_nr_pages(folios[i]);
	}
	memfd_store(mapping, folios, n);
	memfd_let_see(folios, n, hold);
	return 0;
}

/**
 * memfd_liveupdate_insert - memfd_liveupdate_insert_run() of one folio
 * @file:  the memfd
 * @folio: the folio
 * @index: where there is a hole
 * @hold:  keep the reference
 *
 * Return: as memfd_liveupdate_insert_run().
 */
int memfd_liveupdate_insert(struct file *file, struct folio *folio,
			    pgoff_t index, bool hold)
{
	return memfd_liveupdate_insert_run(file, &folio, 1, index, hold);
}
EXPORT_SYMBOL_GPL(memfd_liveupdate_insert);
