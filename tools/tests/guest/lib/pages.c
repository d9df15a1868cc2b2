// SPDX-License-Identifier: GPL-2.0-only
/* Where the pages of this process are. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness.h"
#include "pages.h"
#include "rig.h"

#define PRESENT		(1ull << 63)
#define PFN_MASK	((1ull << 55) - 1)

static void touch(const void *memory, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		(void)*((const volatile uint8_t *)memory + i * (size_t)RIG_PAGE);
}

void pages_pa(const void *memory, unsigned int count, uint64_t *pa)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ssize_t size = count * sizeof(*pa);

	MUST(fd >= 0);
	touch(memory, count);
	MUST(pread(fd, pa, size, (uintptr_t)memory / RIG_PAGE * sizeof(*pa)) ==
	     size);
	close(fd);
	for (unsigned int i = 0; i < count; i++)
		pa[i] = pa[i] & PRESENT ? (pa[i] & PFN_MASK) * RIG_PAGE : 0;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

void pages_sort(uint64_t *pa, unsigned int count)
{
	qsort(pa, count, sizeof(*pa), compare);
}

int pages_find(const uint64_t *sorted, unsigned int count, uint64_t pa)
{
	return !!bsearch(&pa, sorted, count, sizeof(pa), compare);
}
