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
#define SPARE	(96ul << 20)	/* for everybody else */

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

	MUST(!sysinfo(&info));
	MUST(info.freeram * info.mem_unit > 2 * SPARE);
	size = (info.freeram * info.mem_unit - SPARE) / PAGE * PAGE;
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
