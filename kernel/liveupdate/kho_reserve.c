// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preserved memory is reserved in the order of addresses.
 *
 * The radix tree has a key for each preserved folio, sorted by order first and
 * by address then. Memblock keeps a sorted array, in which whatever is inserted
 * moves all that is behind. So keys that follow each other are joined, the runs
 * of all orders are merged, and memblock sees each stretch of preserved memory
 * once, behind the one before.
 */
#include <linux/bitops.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/kho/abi/kexec_handover.h>
#include <linux/kho_radix_tree.h>
#include <linux/memblock.h>
#include <linux/minmax.h>

#include "kexec_handover_internal.h"

#define KHO_ORDERS	KHO_RADIX_KEY_WIDTH
#define KHO_LEAF_KEYS	BIT(KHO_BITMAP_SIZE_LOG2)
#define KHO_ITEMS	BIT(KHO_TABLE_SIZE_LOG2)

/**
 * struct kho_run - keys that follow each other
 * @first: key
 * @last:  key, of the same order
 * @order: of the pages they stand for
 */
struct kho_run {
	unsigned long first;
	unsigned long last;
	unsigned int order;
};

/* The key of address 0, which is the bit above those of the address. */
static unsigned long __init kho_order_key(unsigned int order)
{
	return BIT(KHO_RADIX_KEY_WIDTH - 1 - order);
}

static phys_addr_t __init kho_run_start(const struct kho_run *run)
{
	return (run->first - kho_order_key(run->order)) <<
	       (PAGE_SHIFT + run->order);
}

static phys_addr_t __init kho_run_end(const struct kho_run *run)
{
	return (run->last + 1 - kho_order_key(run->order)) <<
	       (PAGE_SHIFT + run->order);
}

static bool __init kho_find_in_leaf(const struct kho_radix_leaf *leaf,
				    unsigned long from, struct kho_run *run)
{
	const unsigned long *bits = (const unsigned long *)leaf->bitmap;
	unsigned long base = round_down(from, KHO_LEAF_KEYS);
	unsigned long bit = find_next_bit(bits, KHO_LEAF_KEYS, from - base);

	if (bit == KHO_LEAF_KEYS)
		return false;
	run->first = base + bit;
	run->last = base + find_next_zero_bit(bits, KHO_LEAF_KEYS, bit) - 1;
	return true;
}

/* The first keys from @from on in a node of @level. */
static bool __init kho_find_run(const struct kho_radix_node *node,
				unsigned int level, unsigned long from,
				struct kho_run *run)
{
	unsigned int shift;
	unsigned long i;

	if (!level)
		return kho_find_in_leaf((const void *)node, from, run);
	shift = KHO_BITMAP_SIZE_LOG2 + KHO_TABLE_SIZE_LOG2 * (level - 1);
	for (i = (from >> shift) % KHO_ITEMS; i < KHO_ITEMS; i++) {
		if (node->table[i] &&
		    kho_find_run(phys_to_virt(node->table[i]), level - 1, from,
				 run))
			return true;
		/* The next item begins at its own first key. */
		from = ((from >> shift) + 1) << shift;
	}
	return false;
}

static bool __init kho_next_run(const struct kho_radix_tree *tree,
				struct kho_run *run)
{
	unsigned long end = 2 * kho_order_key(run->order);
	unsigned long from = run->last + 1;

	if (from >= end || !kho_find_run(tree->root, KHO_TREE_MAX_DEPTH - 1,
					 from, run) || run->first >= end)
		return false;
	run->last = min(run->last, end - 1);
	return true;
}

static unsigned int __init kho_first_runs(const struct kho_radix_tree *tree,
					  struct kho_run *runs)
{
	unsigned int n = 0;

	for (unsigned int order = 0; order < KHO_ORDERS; order++) {
		runs[n].order = order;
		runs[n].last = kho_order_key(order) - 1;
		n += kho_next_run(tree, &runs[n]);
	}
	return n;
}

static struct kho_run *__init kho_lowest_run(struct kho_run *runs,
					     unsigned int n)
{
	struct kho_run *lowest = runs;

	for (unsigned int i = 1; i < n; i++)
		if (kho_run_start(&runs[i]) < kho_run_start(lowest))
			lowest = &runs[i];
	return lowest;
}

/* Its struct pages say already what is preserved: leave them alone. */
static void __init kho_reserve(phys_addr_t start, phys_addr_t end)
{
	if (start == end)
		return;
	memblock_reserve(start, end - start);
	memblock_reserved_mark_noinit(start, end - start);
}

/**
 * kho_reserve_in_order - Reserve all preserved memory in memblock
 * @tree: what is preserved
 */
void __init kho_reserve_in_order(const struct kho_radix_tree *tree)
{
	static struct kho_run runs[KHO_ORDERS] __initdata;
	unsigned int n = kho_first_runs(tree, runs);
	phys_addr_t start = 0, end = 0;

	while (n) {
		struct kho_run *run = kho_lowest_run(runs, n);

		if (kho_run_start(run) > end) {
			kho_reserve(start, end);
			start = kho_run_start(run);
		}
		end = max(end, kho_run_end(run));
		if (!kho_next_run(tree, run))
			*run = runs[--n];
	}
	kho_reserve(start, end);
}
