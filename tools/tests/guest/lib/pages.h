/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the pages of this process are. */
#ifndef PAGES_H
#define PAGES_H

#include <stdint.h>

/*
 * Physical addresses of @count pages from @memory on, which is page aligned. A
 * page that is not there is read first, so that it is.
 */
void pages_pa(const void *memory, unsigned int count, uint64_t *pa);

/* Sort addresses, for pages_find(). */
void pages_sort(uint64_t *pa, unsigned int count);

/* Is an address among these, which are sorted? */
int pages_find(const uint64_t *sorted, unsigned int count, uint64_t pa);

#endif /* PAGES_H */
