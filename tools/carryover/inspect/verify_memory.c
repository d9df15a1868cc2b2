// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of an iommufd that no file had: the checks of drivers/iommu/iommufd/
 * liveupdate_load_memory.c. Whether KHO kept the pages is not to be seen here.
 */
#include <stdlib.h>

#include "inspect.h"
#include "read.h"

#define BAD(node, ...)	report_bad(report, (node)->where, __VA_ARGS__)

#define FILE_MAX	0x7fffffffffffffffull
/* Physical addresses have so many bits at most, on x86-64. */
#define PHYS_BITS	52

/* A run, and where it was met. */
struct met {
	const struct run *run;
	const struct memfd *memory;
};

/* Runs are in order, apart, and within the size; between them may be holes. */
static void verify_memory_runs(const struct memfd *m, struct report *report)
{
	uint64_t next = 0, end, phys_end;

	for (size_t i = 0; i < m->nr_runs; i++) {
		const struct run *r = &m->run[i];

		if (!r->pages || r->page < next ||
		    __builtin_add_overflow(r->page, r->pages, &end) ||
		    end > m->size / INSPECT_PAGE) {
			BAD(&m->node, "run %zu is of pages %#llx+%#llx, %#llx of %#llx is the first it may have",
			    i, (unsigned long long)r->page, (unsigned long long)r->pages,
			    (unsigned long long)next,
			    (unsigned long long)(m->size / INSPECT_PAGE));
			return;
		}
		if (__builtin_add_overflow(r->phys / INSPECT_PAGE, r->pages, &phys_end) ||
		    phys_end > 1ull << (PHYS_BITS - 12))
			BAD(&m->node, "run %zu is at %#llx", i,
			    (unsigned long long)r->phys);
		next = end;
	}
}

static int compare_met(const void *a, const void *b)
{
	uint64_t one = ((const struct met *)a)->run->phys;
	uint64_t other = ((const struct met *)b)->run->phys;

	return one < other ? -1 : one > other;
}

/* No page twice, neither in one memory nor in two. */
static void verify_apart(const struct context *c, struct report *report)
{
	size_t all = 0, n = 0;
	struct met *met;

	for (size_t i = 0; i < c->nr_memories; i++)
		all += c->memory[i].nr_runs;
	met = read_array(all, sizeof(*met));
	for (size_t i = 0; i < c->nr_memories; i++)
		for (size_t j = 0; j < c->memory[i].nr_runs; j++)
			met[n++] = (struct met) { &c->memory[i].run[j], &c->memory[i] };
	qsort(met, n, sizeof(*met), compare_met);
	for (size_t i = 1; i < n; i++)
		if ((met[i].run->phys - met[i - 1].run->phys) / INSPECT_PAGE <
		    met[i - 1].run->pages)
			BAD(&met[i].memory->node, "page at %#llx is in memory@%llx, too",
			    (unsigned long long)met[i].run->phys,
			    (unsigned long long)met[i - 1].memory->node.unit);
	free(met);
}

/**
 * verify_memories - What the kernel would refuse of the memory nodes
 * @c:      the iommufd
 * @is:     its file's node, for messages
 * @report: what is wrong goes there
 */
void verify_memories(const struct context *c, const struct node *is,
		     struct report *report)
{
	for (size_t i = 0; i < c->nr_memories; i++) {
		const struct memfd *m = &c->memory[i];

		if (!refer_memory(c, i))
			BAD(is, "no memory@%zx among %zu", i, c->nr_memories);
		if (refer_memory(c, m->node.unit) != m)
			BAD(&m->node, "number used twice");
		if (!m->size || m->size % INSPECT_PAGE || m->size > FILE_MAX)
			BAD(&m->node, "size %#llx", (unsigned long long)m->size);
		else
			verify_memory_runs(m, report);
	}
	verify_apart(c, report);
}
