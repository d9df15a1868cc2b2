// SPDX-License-Identifier: GPL-2.0-only
/* Most of the free memory, filled with a pattern. */
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

#include "canary.h"
#include "harness.h"

#define FILL	0xc5c5c5c5c5c5c5c5ull
#define PAGE	4096u
#define SPARE	(96ul << 20)	/* for everybody else, or */
#define PART	12u		/* so much of a large memory */

static uint8_t *memory;
static size_t size;

/* What the tests' devices write is whole pages: one word of each will do. */
static volatile uint64_t *word(size_t offset)
{
	return (volatile uint64_t *)(memory + offset);
}

/* Huge pages where there are, for the sake of speed. */
void canary_take(void)
{
	struct sysinfo info;
	size_t free, spare;

	MUST(!sysinfo(&info));
	free = info.freeram * info.mem_unit;
	MUST(free > 2 * SPARE);
	spare = free / PART > SPARE ? free / PART : SPARE;
	size = (free - spare) / PAGE * PAGE;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST(memory != MAP_FAILED);
	madvise(memory, size, MADV_HUGEPAGE);
	for (size_t i = 0; i < size; i += PAGE)
		*word(i) = FILL;
	test_say("canary of %zu MiB", size >> 20);
}

unsigned int canary_release(void)
{
	unsigned int dead = 0;

	for (size_t i = 0; i < size; i += PAGE)
		dead += *word(i) != FILL;
	munmap(memory, size);
	return dead;
}
