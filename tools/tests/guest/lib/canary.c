// SPDX-License-Identifier: GPL-2.0-only
/* Most of the free memory, filled with a pattern. */
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

#include "canary.h"
#include "harness.h"
#include "pages.h"

#define FILL	0xc5c5c5c5c5c5c5c5ull
#define PAGE	4096u
#define HUGE	(2ul << 20)
#define SPARE	(64ul << 20)	/* for everybody else, or */
#define PART	12u		/* so much of a large memory */
#define SMALL	(192ul << 20)	/* no more than this in small pages */
#define CPU	(4ul << 20)	/* of it by each CPU, which has free pages of its own */
#define BATCH	512u

static uint8_t *memory;
static size_t size;

/* What the tests' devices write is whole pages: one word of each will do. */
static volatile uint64_t *word(size_t offset)
{
	return (volatile uint64_t *)(memory + offset);
}

static size_t free_memory(void)
{
	struct sysinfo info;
	size_t free, spare;

	MUST(!sysinfo(&info));
	free = info.freeram * info.mem_unit;
	MUST(free > 2 * SPARE);
	spare = free / PART > SPARE ? free / PART : SPARE;
	return (free - spare) / HUGE * HUGE;
}

static void reserve(void)
{
	size = free_memory();
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST(memory != MAP_FAILED);
}

static size_t fill(size_t from, size_t to)
{
	for (; from < to; from += PAGE)
		*word(from) = FILL;
	return to;
}

/* Returns how far it came; the caller's CPUs are as they were. */
static size_t fill_by_each_cpu(void)
{
	cpu_set_t all, one;
	size_t at = 0;

	MUST(!sched_getaffinity(0, sizeof(all), &all));
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all) || at + CPU > size)
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		MUST(!sched_setaffinity(0, sizeof(one), &one));
		at = fill(at, at + CPU);
	}
	MUST(!sched_setaffinity(0, sizeof(all), &all));
	return at;
}

/* Huge pages for most of it, for the sake of speed. */
void canary_take(void)
{
	size_t small;

	reserve();
	small = size / 2 < SMALL ? size / 2 / HUGE * HUGE : SMALL;
	madvise(memory, small, MADV_NOHUGEPAGE);
	madvise(memory + small, size - small, MADV_HUGEPAGE);
	fill(fill_by_each_cpu(), size);
	test_say("canary of %zu MiB, %zu of it in small pages", size >> 20,
		 small >> 20);
}

unsigned int canary_holds(uint64_t *pa, unsigned int count)
{
	unsigned int found = 0;
	uint64_t own[BATCH];

	pages_sort(pa, count);
	for (size_t at = 0; at < size; at += BATCH * PAGE) {
		pages_pa(memory + at, BATCH, own);
		for (unsigned int i = 0; i < BATCH; i++)
			found += pages_find(pa, count, own[i]);
	}
	return found;
}

unsigned int canary_release(void)
{
	unsigned int dead = 0;

	for (size_t i = 0; i < size; i += PAGE)
		dead += *word(i) != FILL;
	munmap(memory, size);
	return dead;
}
