// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs kernel/liveupdate/kho_reserve.c, included as BODY without its own includes,
 * on random trees (invariant I1): what is reserved is what is preserved,
 * every stretch of it once and in the order of addresses.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define __init
#define __initdata
#define BIT(n)			(1ul << (n))
#define PAGE_SHIFT		12
#define min(a, b)		((a) < (b) ? (a) : (b))
#define max(a, b)		((a) > (b) ? (a) : (b))
#define round_down(x, to)	((x) & ~((to) - 1))
#define phys_to_virt(phys)	((void *)(phys))

/* include/linux/kho/abi/kexec_handover.h, for pages of 4 KiB. */
enum {
	KHO_RADIX_KEY_WIDTH = 53,
	KHO_TABLE_SIZE_LOG2 = 9,
	KHO_BITMAP_SIZE_LOG2 = 15,
	KHO_TREE_MAX_DEPTH = 6,
};

typedef uint64_t phys_addr_t;

struct kho_radix_node {
	uint64_t table[1 << KHO_TABLE_SIZE_LOG2];
};

struct kho_radix_leaf {
	unsigned long bitmap[(1 << KHO_BITMAP_SIZE_LOG2) / 64];
};

struct kho_radix_tree {
	struct kho_radix_node *root;
};

static unsigned long find_bit(const unsigned long *bits, unsigned long n,
			      unsigned long i, bool value)
{
	while (i < n && (bits[i / 64] >> i % 64 & 1) != value)
		i++;
	return i;
}

#define find_next_bit(bits, n, i)	find_bit(bits, n, i, true)
#define find_next_zero_bit(bits, n, i)	find_bit(bits, n, i, false)

#define TREES		60
#define FOLIOS		3000
#define ORDERS		12
#define PAGES		BIT(20)

static bool preserved[PAGES + 1];
static uint64_t base;
static unsigned long page;

static void bad(const char *what)
{
	printf("I1: %s at page %#lx, base %#llx\n", what, page,
	       (unsigned long long)base);
	exit(1);
}

/* The next stretch of preserved memory, and nothing else. */
static void memblock_reserve(phys_addr_t start, phys_addr_t size)
{
	while (page < PAGES && !preserved[page])
		page++;
	if (start != base + (page << PAGE_SHIFT))
		bad("reserved from another address");
	while (preserved[page])
		page++;
	if (start + size != base + (page << PAGE_SHIFT))
		bad("reserved to another address");
}

static void memblock_reserved_mark_noinit(phys_addr_t start, phys_addr_t size)
{
	if (start + size != base + (page << PAGE_SHIFT))
		bad("marked something else");
}

#include BODY

static void *new_node(void)
{
	return calloc(1, sizeof(struct kho_radix_node));
}

static void add(struct kho_radix_tree *tree, phys_addr_t phys,
		unsigned int order)
{
	unsigned long key = BIT(52 - order) | phys >> (PAGE_SHIFT + order);
	struct kho_radix_node *node = tree->root;

	for (int level = KHO_TREE_MAX_DEPTH - 1; level > 0; level--) {
		uint64_t *item = &node->table[key >> (15 + 9 * (level - 1)) & 511];

		if (!*item)
			*item = (uintptr_t)new_node();
		node = (void *)*item;
	}
	((struct kho_radix_leaf *)node)->bitmap[key % 32768 / 64] |= BIT(key % 64);
}

static void free_nodes(struct kho_radix_node *node, int level)
{
	for (int i = 0; level && i < 512; i++)
		if (node->table[i])
			free_nodes((void *)node->table[i], level - 1);
	free(node);
}

static void add_random(struct kho_radix_tree *tree, unsigned long pages,
		       unsigned int orders)
{
	unsigned int order = rand() % 4 ? rand() % min(orders, 3) : rand() % orders;
	unsigned long first = round_down(rand() % pages, BIT(order));

	for (unsigned long i = 0; i < BIT(order); i++)
		if (preserved[first + i])
			return;
	for (unsigned long i = 0; i < BIT(order); i++)
		preserved[first + i] = true;
	add(tree, base + (first << PAGE_SHIFT), order);
}

/* Dense or sparse, of one order or all; low or at the top of what keys can say. */
static void one_tree(unsigned int seed)
{
	struct kho_radix_tree tree = { new_node() };
	unsigned long pages = seed % 3 ? PAGES : 8192;

	srand(seed);
	for (unsigned long i = 0; i < PAGES; i++)
		preserved[i] = false;
	base = seed % 5 ? 0 : BIT(51);
	for (int i = 0; i < FOLIOS; i++)
		add_random(&tree, pages, seed % 4 ? ORDERS : 1);
	page = 0;
	kho_reserve_in_order(&tree);
	for (; page < PAGES; page++)
		if (preserved[page])
			bad("not reserved");
	free_nodes(tree.root, KHO_TREE_MAX_DEPTH - 1);
}

int main(void)
{
	for (unsigned int seed = 0; seed < TREES; seed++)
		one_tree(seed);
	return 0;
}
