// SPDX-License-Identifier: GPL-2.0-only
/*
 * How far physical addresses go up together with IOVAs.
 *
 * A range is looked at leaf by leaf, and from the top down once a table. Behind
 * a leaf that fills one item those that follow it cost a comparison each.
 */
#define PT_FMT amdv1
#define PT_SUPPORTED_FEATURES \
	(BIT(PT_FEAT_FULL_VA) | BIT(PT_FEAT_DYNAMIC_TOP) | \
	 BIT(PT_FEAT_AMDV1_ENCRYPT_TABLES))
#define PT_FORCE_ENABLED_FEATURES \
	(BIT(PT_FEAT_DYNAMIC_TOP) | BIT(PT_FEAT_AMDV1_ENCRYPT_TABLES))
#define PTPFX amdv1_

#include <linux/generic_pt/common.h>
#include "defs_amdv1.h"
#include "../pt_defs.h"
#include "amdv1.h"
#include "../pt_common.h"
#include "../pt_iter.h"

#include <linux/export.h>
#include <linux/generic_pt/contiguous.h>
#include <linux/iommu.h>

/*
 * Goes to the leaf that maps @va: within the table that @pts is in, or from the
 * top down.
 */
static bool amdv1_find_leaf(struct pt_state *pts, u64 va)
{
	struct pt_range *range = pts->range;
	bool same = fvalog2_div_eq(range->va, va, pt_table_oa_lg2sz(pts));

	range->va = va;
	range->last_va = va;
	if (pt_check_range(range))
		return false;
	if (!same)
		*pts = pt_init_top(range);
	while (pt_load_single_entry(pts) == PT_ENTRY_TABLE) {
		pts->table = pt_table_ptr(pts);
		pts->level--;
	}
	return pts->type == PT_ENTRY_OA;
}

/* Are the next four items one step after the other? */
static bool amdv1_four_follow(const u64 *item, u64 want, u64 step)
{
	return READ_ONCE(item[0]) == want &&
	       READ_ONCE(item[1]) == want + step &&
	       READ_ONCE(item[2]) == want + 2 * step &&
	       READ_ONCE(item[3]) == want + 3 * step;
}

/*
 * Bytes, no more than @most by less than an item, that the items behind a leaf
 * of one item go on with. They differ from it by their address only.
 */
static u64 amdv1_follow(const struct pt_state *pts, u64 most)
{
	unsigned int isz_lg2 = pt_table_item_lg2sz(pts);
	const u64 *first = pt_cur_table(pts, u64) + pts->index + 1;
	u64 step = log2_to_int_t(u64, isz_lg2), want = pts->entry + step;
	const u64 *item = first, *end;

	end = first + min_t(u64, log2_div(most - 1, isz_lg2) + 1,
			    log2_to_int(pt_num_items_lg2(pts)) - pts->index - 1);
	for (; end - item >= 4 && amdv1_four_follow(item, want, step); item += 4)
		want += 4 * step;
	for (; item < end && READ_ONCE(*item) == want; item++)
		want += step;
	return log2_mul_t(u64, (item - first), isz_lg2);
}

/* Bytes from pts->range->va on that the leaf, and items behind it, map. */
static u64 amdv1_run(const struct pt_state *pts, u64 most)
{
	unsigned int lg2 = pt_entry_oa_lg2sz(pts);
	u64 bytes = log2_to_int_t(u64, lg2) - log2_mod(pts->range->va, lg2);

	if (bytes < most && !pt_entry_num_contig_lg2(pts))
		bytes += amdv1_follow(pts, most - bytes);
	return min(bytes, most);
}

/**
 * pt_amdv1_contiguous - The physically contiguous run that starts at an IOVA
 * @domain: an AMDv1 domain
 * @iova:   where the run starts
 * @most:   bytes to look at; the last of them is no more than ULONG_MAX
 * @pa:     [OUT] physical address of @iova, 0 when nothing is mapped there
 *
 * Context: The caller must hold a read range lock that includes all of it, as
 * for iommu_iova_to_phys().
 *
 * Return: bytes, no more than @most; 0 when nothing is mapped at @iova.
 */
u64 pt_amdv1_contiguous(struct iommu_domain *domain, unsigned long iova,
			u64 most, u64 *pa)
{
	struct pt_iommu_amdv1 *table =
		container_of(domain, struct pt_iommu_amdv1, iommu.domain);
	struct pt_range range = pt_make_range(&table->amdpt.common, iova, iova);
	struct pt_state pts = pt_init_top(&range);
	u64 bytes = 0;

	*pa = 0;
	while (bytes < most && amdv1_find_leaf(&pts, iova + bytes)) {
		u64 next = pt_entry_oa_exact(&pts);

		if (!bytes)
			*pa = next;
		else if (next != *pa + bytes)
			break;
		bytes += amdv1_run(&pts, most - bytes);
	}
	return bytes;
}
EXPORT_SYMBOL_NS_GPL(pt_amdv1_contiguous, "GENERIC_PT_IOMMU");
