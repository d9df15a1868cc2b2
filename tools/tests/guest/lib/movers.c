// SPDX-License-Identifier: GPL-2.0-only
/* All that may give a page of a file another place in memory. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "counts.h"
#include "harness.h"
#include "process-limits.h"
#include "movers.h"
#include "rig.h"
#include "sysfs.h"

#define THP		"/sys/kernel/mm/transparent_hugepage/"
#define KHUGEPAGED	THP "khugepaged/"
#define HUGE		(2ul << 20)
#define RECLAIM_S	20
#define SCANS		2	/* of khugepaged, to have seen all */
#define SCAN_MS		20000
#define NODES		2
#define MPOL_MF_MOVE_ALL 4
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif

static void collapse(const struct moved *memory)
{
	madvise(memory->at, memory->size, MADV_COLLAPSE);
}

static void compact(const struct moved *memory)
{
	(void)memory;
	for (int i = 0; i < 2; i++)
		MUST(!file_write("/proc/sys/vm/compact_memory", "1"));
}

static void page_out(const struct moved *memory)
{
	madvise(memory->at, memory->size, MADV_PAGEOUT);
}

static void on_alarm(int number)
{
	(void)number;
}

/*
 * As much as there is of it; less is EAGAIN. What is held is looked at sixteen times,
 * from one end to the other. Where that takes longer than RECLAIM_S, fewer times are
 * enough: the signal is noticed between two of them.
 */
static void reclaim(const struct moved *memory)
{
	struct sigaction action = { .sa_handler = on_alarm };
	int ret;

	(void)memory;
	MUST(!sigaction(SIGALRM, &action, NULL));
	alarm(RECLAIM_S);
	ret = limits_write(MOVERS_GROUP, "memory.reclaim", "64M swappiness=200");
	alarm(0);
	CHECK(!ret || ret == -EAGAIN || ret == -EINTR);
}

static long long scans(void)
{
	return counts_number(KHUGEPAGED "full_scans", "");
}

static void khugepaged(const struct moved *memory)
{
	long long start = scans();

	(void)memory;
	for (int ms = 0; scans() < start + SCANS; ms += 20) {
		MUST(ms < SCAN_MS);
		rig_sleep_ms(20);
	}
}

/* Every page to the node it is not on. */
static void migrate(const struct moved *memory)
{
	unsigned long count = memory->size / RIG_PAGE;
	void **page = calloc(count, sizeof(*page));
	int *node = calloc(count, sizeof(*node));

	MUST(page && node);
	for (unsigned long i = 0; i < count; i++)
		page[i] = memory->at + i * RIG_PAGE;
	MUST(!syscall(SYS_move_pages, 0, count, page, NULL, node, 0));
	for (unsigned long i = 0; i < count; i++)
		node[i] = node[i] == 1 ? 0 : 1;
	syscall(SYS_move_pages, 0, count, page, node, node, MPOL_MF_MOVE_ALL);
	free(page);
	free(node);
}

const struct mover the_movers[] = {
	{ .name = "MADV_PAGEOUT", .move = page_out, .sure = true },
	{ .name = "memory.reclaim", .move = reclaim, .whole = true },
	{ .name = "move_pages", .move = migrate, .sure = true },
	{ .name = "compaction", .move = compact, .whole = true },
	{ .name = "khugepaged", .move = khugepaged, .whole = true },
	{ .name = "MADV_COLLAPSE", .move = collapse },
};

const unsigned int movers = sizeof(the_movers) / sizeof(the_movers[0]);

void movers_huge(bool on)
{
	MUST(!file_write(THP "shmem_enabled", on ? "advise" : "never"));
}

void movers_setup(void)
{
	limits_group(MOVERS_GROUP, 0);
	limits_enter(MOVERS_GROUP);
	movers_huge(true);
	MUST(!file_write(KHUGEPAGED "scan_sleep_millisecs", "10"));
	MUST(!file_write(KHUGEPAGED "alloc_sleep_millisecs", "10"));
	MUST(!file_write(KHUGEPAGED "pages_to_scan", "65536"));
}

/* A huge page needs the same place in the file and in memory. */
struct moved movers_map(int fd, uint64_t offset, size_t size)
{
	uint8_t *room = mmap(NULL, size + 2 * HUGE, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct moved memory = { .size = size };

	MUST(room != MAP_FAILED);
	room += HUGE - (uintptr_t)room % HUGE;
	memory.at = mmap(room + offset % HUGE, size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, fd, offset);
	MUST(memory.at != MAP_FAILED);
	MUST(!madvise(memory.at, size, MADV_HUGEPAGE));
	return memory;
}
