/* SPDX-License-Identifier: GPL-2.0-only */
/* Where in a sorted array of regions an address belongs. */
#ifndef _MM_MEMBLOCK_FIRST_H
#define _MM_MEMBLOCK_FIRST_H

#include <linux/memblock.h>

/* The first region that ends above @base, or memblock_type::cnt. */
static inline int memblock_first(const struct memblock_type *type,
				 phys_addr_t base)
{
	int low = 0, high = type->cnt;

	while (low < high) {
		int mid = low + (high - low) / 2;
		const struct memblock_region *rgn = &type->regions[mid];

		if (rgn->base + rgn->size <= base)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

#endif
