// SPDX-License-Identifier: GPL-2.0-only
/*
 * An AMDv1 table that stays in place across a kexec.
 *
 * One walk serves everybody: it visits the tables of a tree top down, calls a
 * function for each, and adds up what the leaves map. It reads raw entries and
 * believes none of them: a table that comes from another kernel may point
 * anywhere. Levels go strictly down, so there are no cycles; in an incoming
 * tree a page that is met twice is refused.
 *
 * "AMD I/O Virtualization Technology (IOMMU) Specification", 2.2.3. Levels
 * count from 0 as in amdv1.h.
 */
#define pr_fmt(fmt) "amdv1 liveupdate: " fmt

#define PT_FMT amdv1
#define PT_SUPPORTED_FEATURES 0
#define PTPFX amdv1_

#include <linux/generic_pt/common.h>
#include "defs_amdv1.h"
#include "../pt_defs.h"
#include "amdv1.h"
#include "../pt_common.h"

#include <linux/export.h>
#include <linux/generic_pt/liveupdate.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/memcontrol.h>
#include <linux/module.h>
#include <linux/xarray.h>

#include "../../iommu-pages.h"

#define AMDV1_ITEMS_LG2		(PT_TABLEMEM_LG2SZ - 3)
/* The top level of a full 64 bit table decodes bits 63:57 only. */
#define AMDV1_LAST_ITEMS_LG2	7

struct amdv1_walk {
	int (*visit)(struct amdv1_walk *walk, phys_addr_t table);
	pt_amdv1_leaf_fn leaf;
	void *ctx;
	struct xarray *seen;
	u64 mapped;
	u32 nr_tables;
	u32 max_tables;
};

static unsigned int amdv1_items(unsigned int level)
{
	return 1U << (level == PT_MAX_TOP_LEVEL ? AMDV1_LAST_ITEMS_LG2 :
						  AMDV1_ITEMS_LG2);
}

static unsigned int amdv1_item_lg2(unsigned int level)
{
	return PT_GRANULE_LG2SZ + AMDV1_ITEMS_LG2 * level;
}

static u64 amdv1_entry_pa(u64 entry)
{
	return __sme_clr(entry) & AMDV1PT_FMT_OA;
}

/* The number of entries of a leaf, or a negative errno. */
static int amdv1_leaf_items(const u64 *table, unsigned int index,
			    unsigned int level)
{
	u64 entry = table[index], next = FIELD_GET(AMDV1PT_FMT_NEXT_LEVEL, entry);
	unsigned int size_lg2, lg2, items;

	if (level >= PT_MAX_TOP_LEVEL)
		return -EBADMSG;
	if (next == AMDV1PT_FMT_NL_DEFAULT)
		return 1;
	if (next != AMDV1PT_FMT_NL_SIZE)
		return -EBADMSG;

	/* The run of ones at the bottom of the address encodes the size. */
	size_lg2 = ffz(amdv1_entry_pa(entry) >> PT_GRANULE_LG2SZ) + 1 +
		   PT_GRANULE_LG2SZ;
	if (size_lg2 <= amdv1_item_lg2(level))
		return -EBADMSG;
	lg2 = size_lg2 - amdv1_item_lg2(level);
	if (lg2 >= AMDV1_ITEMS_LG2)
		return -EBADMSG;
	items = 1U << lg2;
	if (index % items || index + items > amdv1_items(level))
		return -EBADMSG;
	for (unsigned int i = 1; i < items; i++)
		if (table[index + i] != entry)
			return -EBADMSG;
	return items;
}

static bool amdv1_is_table(u64 entry, unsigned int level)
{
	u64 next = FIELD_GET(AMDV1PT_FMT_NEXT_LEVEL, entry);

	return level && next != AMDV1PT_FMT_NL_DEFAULT &&
	       next != AMDV1PT_FMT_NL_SIZE;
}

/*
 * How many leaves of one entry each, as that at @index is, there are from there on
 * that differ by their address only, and follow each other.
 */
static unsigned int amdv1_leaf_run(const u64 *table, unsigned int index,
				   unsigned int level)
{
	u64 entry = table[index], step = 1ULL << amdv1_item_lg2(level);
	unsigned int end = amdv1_items(level), i = index + 1;

	while (i < end && table[i] == entry + (i - index) * step)
		i++;
	return i - index;
}

/* Adds leaves, whose low address bits may encode their size, to the walk. */
static int amdv1_walk_leaves(struct amdv1_walk *walk, u64 iova, u64 entry,
			     u64 bytes, u64 leaf)
{
	u64 pa = amdv1_entry_pa(entry);

	walk->mapped += bytes;
	if (!walk->leaf)
		return 0;
	return walk->leaf(walk->ctx, iova, pa & ~(leaf - 1), bytes, leaf);
}

/* The leaf at @index, and those that follow it; the number of their entries. */
static int amdv1_walk_from(struct amdv1_walk *walk, const u64 *table,
			   unsigned int index, unsigned int level, u64 iova)
{
	unsigned int lg2 = amdv1_item_lg2(level), items;
	int rc = amdv1_leaf_items(table, index, level);

	if (rc < 0)
		return rc;
	items = rc == 1 ? amdv1_leaf_run(table, index, level) : rc;
	rc = amdv1_walk_leaves(walk, iova + ((u64)index << lg2), table[index],
			       (u64)items << lg2, (u64)rc << lg2);
	return rc ?: items;
}

static int amdv1_walk_table(struct amdv1_walk *walk, phys_addr_t phys,
			    unsigned int level, u64 iova)
{
	unsigned int items = 1;
	const u64 *table;
	int rc;

	if (walk->nr_tables == walk->max_tables)
		return -EBADMSG;
	rc = walk->visit(walk, phys);
	if (rc)
		return rc;
	walk->nr_tables++;

	table = phys_to_virt(phys);
	for (unsigned int i = 0; i < amdv1_items(level); i += items) {
		u64 entry = READ_ONCE(table[i]);

		items = 1;
		if (!(entry & AMDV1PT_FMT_PR)) {
			if (entry)
				return -EBADMSG;
			continue;
		}
		if (amdv1_is_table(entry, level)) {
			if (FIELD_GET(AMDV1PT_FMT_NEXT_LEVEL, entry) != level)
				return -EBADMSG;
			rc = amdv1_walk_table(walk, amdv1_entry_pa(entry),
					      level - 1,
					      iova + ((u64)i << amdv1_item_lg2(level)));
			if (rc)
				return rc;
			continue;
		}
		rc = amdv1_walk_from(walk, table, i, level, iova);
		if (rc < 0)
			return rc;
		items = rc;
	}
	return 0;
}

static struct pt_common *amdv1_common(struct iommu_domain *domain)
{
	return &container_of(domain, struct pt_iommu_amdv1, iommu.domain)
			->amdpt.common;
}

static phys_addr_t amdv1_top_phys(const struct pt_common *common)
{
	return virt_to_phys((void *)(common->top_of_table &
				     ~(uintptr_t)PT_TOP_LEVEL_MASK));
}

static unsigned int amdv1_top_level(const struct pt_common *common)
{
	return common->top_of_table & PT_TOP_LEVEL_MASK;
}

static int amdv1_walk_domain(struct iommu_domain *domain,
			     struct amdv1_walk *walk)
{
	const struct pt_common *common = amdv1_common(domain);

	return amdv1_walk_table(walk, amdv1_top_phys(common),
				amdv1_top_level(common), 0);
}

static int amdv1_keep(struct amdv1_walk *walk, phys_addr_t table)
{
	return kho_preserve_folio(virt_to_folio(phys_to_virt(table)));
}

static int amdv1_let_go(struct amdv1_walk *walk, phys_addr_t table)
{
	kho_unpreserve_folio(virt_to_folio(phys_to_virt(table)));
	return 0;
}

/**
 * pt_amdv1_preserve - Have KHO keep every page of a domain's table
 * @domain: an AMDv1 domain whose table does not change until this is undone
 * @ser:    [OUT] what the next kernel needs
 *
 * Return: 0; -ENOMEM; -EBADMSG when the table is damaged.
 */
int pt_amdv1_preserve(struct iommu_domain *domain, struct pt_amdv1_ser *ser)
{
	struct amdv1_walk keep = { .visit = amdv1_keep, .max_tables = U32_MAX };
	struct pt_common *common = amdv1_common(domain);
	int rc;

	rc = amdv1_walk_domain(domain, &keep);
	if (rc) {
		struct amdv1_walk undo = { .visit = amdv1_let_go,
					   .max_tables = keep.nr_tables };

		amdv1_walk_domain(domain, &undo);
		return rc;
	}
	*ser = (struct pt_amdv1_ser) {
		.top_phys = amdv1_top_phys(common),
		.top_level = amdv1_top_level(common),
		.mapped = keep.mapped,
		.sme_mask = __sme_set(0ULL),
		.features = common->features,
		.max_vasz_lg2 = common->max_vasz_lg2,
		.max_oasz_lg2 = common->max_oasz_lg2,
		.nr_tables = keep.nr_tables,
	};
	return 0;
}
EXPORT_SYMBOL_NS_GPL(pt_amdv1_preserve, "GENERIC_PT_IOMMU");

/**
 * pt_amdv1_unpreserve - Undo pt_amdv1_preserve()
 * @domain: the domain, unchanged since
 */
void pt_amdv1_unpreserve(struct iommu_domain *domain)
{
	struct amdv1_walk undo = { .visit = amdv1_let_go,
				   .max_tables = U32_MAX };

	amdv1_walk_domain(domain, &undo);
}
EXPORT_SYMBOL_NS_GPL(pt_amdv1_unpreserve, "GENERIC_PT_IOMMU");

static int amdv1_check_page(struct amdv1_walk *walk, phys_addr_t table)
{
	if (!PAGE_ALIGNED(table) || kho_restorable_order(table))
		return -EBADMSG;
	return xa_insert(walk->seen, PHYS_PFN(table), xa_mk_value(0),
			 GFP_KERNEL);
}

/**
 * pt_amdv1_check - Is this a whole, preserved AMDv1 table of this kernel's kind?
 * @ser:  as the previous kernel wrote it, not trusted
 * @seen: page frames that are something else's; those of the table are added
 *
 * Changes nothing else. What the leaves point at is not looked at.
 *
 * Return: 0; -EBADMSG for a tree that is damaged, shares pages or has another
 *         size than it should; -EPROTO for another memory encryption mask;
 *         -ENOMEM.
 */
int pt_amdv1_check(const struct pt_amdv1_ser *ser, struct xarray *seen)
{
	struct amdv1_walk walk = { .visit = amdv1_check_page, .seen = seen,
				   .max_tables = ser->nr_tables };
	int rc;

	if (ser->sme_mask != __sme_set(0ULL))
		return -EPROTO;
	if (ser->top_level > PT_MAX_TOP_LEVEL)
		return -EBADMSG;
	rc = amdv1_walk_table(&walk, ser->top_phys, ser->top_level, 0);
	if (rc == -EBUSY)
		rc = -EBADMSG;
	if (!rc && (walk.nr_tables != ser->nr_tables ||
		    walk.mapped != ser->mapped))
		rc = -EBADMSG;
	return rc;
}
EXPORT_SYMBOL_NS_GPL(pt_amdv1_check, "GENERIC_PT_IOMMU");

static int amdv1_pass(struct amdv1_walk *walk, phys_addr_t table)
{
	return 0;
}

/**
 * pt_amdv1_each_leaf - Look at everything a preserved table maps
 * @ser: the table, after pt_amdv1_check() said yes
 * @fn:  called for leaves in the order of IOVAs, until it is not 0
 * @ctx: for @fn
 *
 * Return: 0 or what @fn returned.
 */
int pt_amdv1_each_leaf(const struct pt_amdv1_ser *ser,
		       pt_amdv1_leaf_fn fn, void *ctx)
{
	struct amdv1_walk walk = { .visit = amdv1_pass, .leaf = fn, .ctx = ctx,
				   .max_tables = ser->nr_tables };

	return amdv1_walk_table(&walk, ser->top_phys, ser->top_level, 0);
}
EXPORT_SYMBOL_NS_GPL(pt_amdv1_each_leaf, "GENERIC_PT_IOMMU");

/* As iommu_alloc_pages_node_sz() leaves a page it allocated. */
static int amdv1_restore_page(struct amdv1_walk *walk, phys_addr_t table)
{
	struct ioptdesc *iopt;
	struct folio *folio;

	/* Somebody else may have had the page since it was checked. */
	if (kho_restorable_order(table))
		return -EBADMSG;
	folio = kho_restore_folio(table);
	iopt = folio_ioptdesc(folio);
	iopt->__index = 0;
	iopt->incoherent = false;
	/* Whoever retrieves a table pays for it, also when the limit is passed. */
	memcg_kmem_charge_page(folio_page(folio, 0),
			       GFP_NOWAIT | __GFP_HIGH | __GFP_ACCOUNT, 0);
	mod_node_page_state(folio_pgdat(folio), NR_IOMMU_PAGES, 1);
	lruvec_stat_mod_folio(folio, NR_SECONDARY_PAGETABLE, 1);
	return 0;
}

static int amdv1_restore(const struct pt_amdv1_ser *ser)
{
	struct amdv1_walk walk = { .visit = amdv1_restore_page,
				   .max_tables = ser->nr_tables };

	return amdv1_walk_table(&walk, ser->top_phys, ser->top_level, 0);
}

/**
 * pt_amdv1_fits - Could a table be that of a domain?
 * @domain: an AMDv1 domain
 * @ser:    the table
 *
 * Return: 0, or -EPROTO when the domain is not of the table's kind.
 */
int pt_amdv1_fits(struct iommu_domain *domain, const struct pt_amdv1_ser *ser)
{
	struct pt_common *common = amdv1_common(domain);

	if (ser->features != common->features ||
	    ser->max_vasz_lg2 != common->max_vasz_lg2 ||
	    ser->max_oasz_lg2 != common->max_oasz_lg2)
		return -EPROTO;
	return 0;
}
EXPORT_SYMBOL_NS_GPL(pt_amdv1_fits, "GENERIC_PT_IOMMU");

/**
 * pt_amdv1_install - Make a preserved table that of a domain
 * @domain: a new AMDv1 domain that nothing is mapped in
 * @ser:    the table, after pt_amdv1_check() and pt_amdv1_fits() said yes
 *
 * Freeing the domain will free the pages of the table, and subtract what was
 * added to the accounting here.
 *
 * Return: 0; -EBADMSG when a page was taken over by somebody else meanwhile.
 */
int pt_amdv1_install(struct iommu_domain *domain,
		     const struct pt_amdv1_ser *ser)
{
	struct pt_common *common = amdv1_common(domain);
	void *empty = phys_to_virt(amdv1_top_phys(common));
	int rc;

	rc = amdv1_restore(ser);
	if (rc)
		return rc;

	WRITE_ONCE(common->top_of_table,
		   (uintptr_t)phys_to_virt(ser->top_phys) | ser->top_level);
	iommu_free_pages(empty);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(pt_amdv1_install, "GENERIC_PT_IOMMU");

static void amdv1_free_tree(phys_addr_t phys, unsigned int level)
{
	u64 *table = phys_to_virt(phys);

	for (unsigned int i = 0; i < amdv1_items(level); i++)
		if ((table[i] & AMDV1PT_FMT_PR) &&
		    amdv1_is_table(table[i], level))
			amdv1_free_tree(amdv1_entry_pa(table[i]), level - 1);
	iommu_free_pages(table);
}

/**
 * pt_amdv1_discard - Free a preserved table that is not taken over
 * @ser: the table; its pages stay reserved when pt_amdv1_check() says no
 *
 * Return: 0 or the error of pt_amdv1_check().
 */
int pt_amdv1_discard(const struct pt_amdv1_ser *ser)
{
	struct xarray seen;
	int rc;

	xa_init(&seen);
	rc = pt_amdv1_check(ser, &seen) ?: amdv1_restore(ser);
	xa_destroy(&seen);
	if (!rc)
		amdv1_free_tree(ser->top_phys, ser->top_level);
	return rc;
}
EXPORT_SYMBOL_NS_GPL(pt_amdv1_discard, "GENERIC_PT_IOMMU");

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("AMDv1 IO page tables across a live update");
MODULE_IMPORT_NS("GENERIC_PT");
