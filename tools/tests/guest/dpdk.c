// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of a program on DPDK (invariant I2): huge pages that were
 * mapped by their address, each by itself, at IOVAs that are their addresses or
 * their physical ones. In kernel B the iommufd gives the files, and every page is
 * where it was; a DMA into them that is going on at the kexec ends there.
 *
 * Memfds have to be in the session, files of hugetlbfs and anonymous pages are in
 * none and come back as one file.
 *
 *   before|after MODE va|pa      MODE as eal_parse() has it
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "eal.h"
#include "edu.h"
#include "harness.h"
#include "rig.h"

#define TOKEN		50u		/* of the first memfd */
#define LENGTH		4000u		/* of a DMA */
#define STAMP		(RIG_PAGE - 8)	/* where a small page says which one it is */
#define SMALL_PAGES	(EAL_PAGE / RIG_PAGE)
#define FROM		1u		/* small pages for a DMA there and back */
#define TO		2u
#define FIRST		8u		/* from here on they are for those at the kexec */
#define SLOTS		((SMALL_PAGES - FIRST) * EAL_PAGES)
#define EMPTY		0xee

enum word {
	WORD_PA,			/* of each huge page */
	WORD_BASE = WORD_PA + EAL_PAGES,	/* the program's address of the first one */
	WORD_BEGUN,			/* the last DMA that was started */
	WORD_DONE,			/* the last one that arrived in kernel A */
};

#define GUESS_AT	(8 * RIG_PAGE)	/* in the rig's data */

struct test {
	struct rig rig;
	struct eal eal;
	bool by_pa;
	uint8_t *page[EAL_PAGES];
};

static uint64_t pa(const struct test *t, unsigned int n)
{
	return t->rig.note->word[WORD_PA + n];
}

static uint64_t va(const struct test *t, unsigned int n)
{
	return t->rig.note->word[WORD_BASE] + n * EAL_PAGE;
}

/* What the allocator took for the physical addresses, before pages were pinned. */
static uint64_t *guess(const struct test *t)
{
	return (uint64_t *)(t->rig.data + GUESS_AT);
}

static uint64_t iova(const struct test *t, unsigned int n)
{
	return t->by_pa ? guess(t)[n] : va(t, n);
}

static uint64_t stamp(unsigned int n, unsigned int small)
{
	return 0xd9d4000000000000ull | (uint64_t)n << 32 | small;
}

static uint64_t *stamp_at(const struct test *t, unsigned int n, unsigned int small)
{
	return (uint64_t *)(t->page[n] + small * RIG_PAGE + STAMP);
}

/* Is it one huge page, and where it was said to be? */
static void check_place(const struct test *t, unsigned int n)
{
	uint64_t length = EAL_PAGE, is;

	WORKS(co_pa(t->rig.iommufd, t->rig.note->ioas, iova(t, n), &is, &length));
	SAME(is, pa(t, n));
	SAME(length, EAL_PAGE);
	SAME(rig_pagemap(t->page[n]), pa(t, n));
}

/* Through the device, from each page into the next one. */
static void check_dma(const struct test *t)
{
	static uint8_t seed;
	struct co_bar bar;

	WORKS(co_bar_open(&bar, t->rig.device, 0));
	for (unsigned int n = 0; n < EAL_PAGES; n++) {
		unsigned int next = (n + 1) % EAL_PAGES;
		uint8_t *from = t->page[n] + FROM * RIG_PAGE;
		uint8_t *to = t->page[next] + TO * RIG_PAGE;

		memset(to, EMPTY, LENGTH);
		for (unsigned int i = 0; i < LENGTH; i++)
			from[i] = i * 11 + seed;
		seed += 37;
		edu_start(&bar, EDU_LOAD, pa(t, n) + FROM * RIG_PAGE, LENGTH);
		MUST(!edu_wait(&bar));
		edu_start(&bar, EDU_STORE, pa(t, next) + TO * RIG_PAGE, LENGTH);
		MUST(!edu_wait(&bar));
		CHECK(!memcmp(from, to, LENGTH));
	}
	co_bar_close(&bar);
}

/* ------------------------------------------------- the DMA at the kexec -- */

static uint8_t expected(unsigned int i)
{
	return i * 13 + 7;
}

/* Where a DMA writes: small pages of all huge pages in turn. */
static unsigned int slot_page(unsigned int slot)
{
	return slot % EAL_PAGES;
}

static uint64_t slot_offset(unsigned int slot)
{
	return (FIRST + slot / EAL_PAGES) * (uint64_t)RIG_PAGE;
}

static uint8_t *slot_data(const struct test *t, unsigned int slot)
{
	return t->page[slot_page(slot)] + slot_offset(slot);
}

static void load(const struct test *t, const struct co_bar *bar)
{
	for (unsigned int i = 0; i < LENGTH; i++)
		t->rig.data[i] = expected(i);
	edu_start(bar, EDU_LOAD, rig_pa(&t->rig, 0), LENGTH);
	MUST(!edu_wait(bar));
	for (unsigned int slot = 0; slot < SLOTS; slot++)
		memset(slot_data(t, slot), EMPTY, LENGTH);
}

static void store(const struct test *t, const struct co_bar *bar, unsigned int slot)
{
	volatile uint8_t *last = slot_data(t, slot) + LENGTH - 1;

	edu_start(bar, EDU_STORE, pa(t, slot_page(slot)) + slot_offset(slot), LENGTH);
	t->rig.note->word[WORD_BEGUN] = slot;
	while (*last == EMPTY || edu_busy(bar))
		;
	t->rig.note->word[WORD_DONE] = slot;
}

/* After the first one, until the kexec ends it. */
static void store_on(const struct test *t, const struct co_bar *bar)
{
	for (unsigned int slot = 1; slot < SLOTS; slot++)
		store(t, bar, slot);
	for (;;)
		pause();
}

static void check_slots(const struct test *t)
{
	unsigned int begun = t->rig.note->word[WORD_BEGUN], bad = 0;
	unsigned int done = t->rig.note->word[WORD_DONE];

	test_say("DMA %u was going on at the kexec", begun);
	/* It is done, too, if the kexec came before the next one was noted. */
	CHECK(begun - done <= 1);
	for (unsigned int slot = 0; slot <= begun; slot++)
		for (unsigned int i = 0; i < LENGTH; i++)
			bad += slot_data(t, slot)[i] != expected(i);
	SAME(bad, 0);
}

/* ---------------------------------------------------------------- kernel A */

/*
 * A page of the memory that kernels start in is moved when it is pinned: where it
 * is then is what the device has to be told.
 */
static void map_page(struct test *t, unsigned int n)
{
	uint64_t at = rig_pagemap(t->page[n]);

	SAME(at % EAL_PAGE, 0);
	guess(t)[n] = at;
	MUST(iova(t, n) >= RIG_IOVA + RIG_SIZE ||
	     iova(t, n) + EAL_PAGE <= RIG_IOVA);
	WORKS(co_map(t->rig.iommufd, t->rig.note->ioas, iova(t, n), t->page[n],
		     EAL_PAGE));
	t->rig.note->word[WORD_PA + n] = rig_pagemap(t->page[n]);
	for (unsigned int small = 0; small < SMALL_PAGES; small++)
		*stamp_at(t, n, small) = stamp(n, small);
	check_place(t, n);
}

static void open_all(struct test *t)
{
	char bdf[CO_BDF_SIZE];

	rig_edu(0, bdf);
	rig_open(&t->rig, bdf, 1);
	eal_open(&t->eal);
	t->rig.note->word[WORD_BASE] = (uintptr_t)t->eal.base;
	for (unsigned int n = 0; n < EAL_PAGES; n++) {
		t->page[n] = eal_page(&t->eal, n);
		map_page(t, n);
	}
	check_dma(t);
}

static void preserve(const struct test *t)
{
	int session = rig_session_create("dpdk");

	for (unsigned int n = 0; t->eal.kind == EAL_MEMFD && n < EAL_PAGES; n++)
		WORKS(co_session_preserve(session, t->eal.fd[n], TOKEN + n));
	rig_preserve(&t->rig, session);
}

/*
 * Pages of a process that were pinned are copied at its fork(), so that it stays
 * the one that has them: it tells its parent that all is well, and goes on.
 */
static void work(struct test *t, int tell)
{
	struct co_bar bar;
	uint8_t result;

	open_all(t);
	WORKS(co_bar_open(&bar, t->rig.device, 0));
	load(t, &bar);
	preserve(t);
	store(t, &bar, 0);
	result = test_result();
	MUST(write(tell, &result, 1) == 1);
	setsid();
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	close(tell);
	store_on(t, &bar);
}

static int before(struct test *t)
{
	uint8_t result = 1;
	int ends[2];
	pid_t pid;

	MUST(!pipe(ends));
	pid = fork();
	MUST(pid >= 0);
	if (!pid)
		work(t, ends[1]);
	close(ends[1]);
	return read(ends[0], &result, 1) == 1 ? result : 1;
}

/* ---------------------------------------------------------------- kernel B */

/* The file behind a page, mapped where the program had it. */
static int find_page(struct test *t, unsigned int n, struct stat *st)
{
	uint64_t offset, length;
	int fd = WORKS(co_ioas_file(t->rig.iommufd, t->rig.note->ioas, iova(t, n),
				    &offset, &length));

	SAME(length, EAL_PAGE);
	MUST(!fstat(fd, st));
	SAME(st->st_blksize, EAL_PAGE);
	t->page[n] = mmap((void *)va(t, n), EAL_PAGE, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_FIXED_NOREPLACE, fd, offset);
	MUST(t->page[n] == (uint8_t *)va(t, n));
	close(fd);
	return offset / EAL_PAGE;
}

/* It is the file that was put into the session for it. */
static void same_memfd(int session, unsigned int n, const struct stat *st)
{
	int fd = WORKS(co_session_retrieve_fd(session, TOKEN + n));
	struct stat is;

	MUST(!fstat(fd, &is));
	SAME(is.st_ino, st->st_ino);
	SAME(is.st_size, EAL_PAGE);
	close(fd);
}

/* It is one file with all the pages, and no other ones. */
static void same_file(struct stat *first, const struct stat *st, unsigned int *places,
		      int place)
{
	if (!first->st_ino)
		*first = *st;
	SAME(st->st_ino, first->st_ino);
	SAME(st->st_size, EAL_PAGES * EAL_PAGE);
	*places |= 1u << place;
}

static void find_pages(struct test *t, int session)
{
	unsigned int places = 0;
	struct stat first = { 0 }, st;

	for (unsigned int n = 0; n < EAL_PAGES; n++) {
		int place = find_page(t, n, &st);

		if (t->eal.kind == EAL_MEMFD)
			same_memfd(session, n, &st);
		else
			same_file(&first, &st, &places, place);
		check_place(t, n);
	}
	SAME(places, t->eal.kind == EAL_MEMFD ? 0 : (1u << EAL_PAGES) - 1);
}

/* A mapping for each page, and the rig's. */
static void count_areas(const struct test *t)
{
	uint64_t at = 0, last;
	unsigned int areas = 0;
	bool writable;

	while (!co_ioas_next_area(t->rig.iommufd, t->rig.note->ioas, &at, &last,
				  &writable)) {
		CHECK(writable);
		SAME(last - at + 1, at == RIG_IOVA ? RIG_SIZE : EAL_PAGE);
		areas++;
		at = last + 1;
	}
	SAME(areas, EAL_PAGES + 1);
}

static void check_stamps(const struct test *t)
{
	unsigned int bad = 0;

	for (unsigned int n = 0; n < EAL_PAGES; n++)
		for (unsigned int small = 0; small < SMALL_PAGES; small++)
			bad += *stamp_at(t, n, small) != stamp(n, small);
	SAME(bad, 0);
}

static unsigned long meminfo(const char *name)
{
	FILE *file = fopen("/proc/meminfo", "r");
	unsigned long value = 0;
	char line[128];

	MUST(file);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)))
			sscanf(line + strlen(name), ": %lu", &value);
	fclose(file);
	return value;
}

/* No page stays behind. */
static void end(struct test *t)
{
	for (unsigned int n = 0; n < EAL_PAGES; n++)
		WORKS(co_unmap(t->rig.iommufd, t->rig.note->ioas, iova(t, n), EAL_PAGE));
	for (unsigned int n = 0; n < EAL_PAGES; n++)
		munmap(t->page[n], EAL_PAGE);
	rig_close(&t->rig);
	SAME(meminfo("HugePages_Free"), meminfo("HugePages_Total"));
}

static int after(struct test *t)
{
	int session = rig_session_retrieve("dpdk");

	rig_retrieve(&t->rig, session, 1);
	rig_check(&t->rig);
	count_areas(t);
	find_pages(t, session);
	check_stamps(t);
	check_slots(t);
	check_dma(t);
	rig_session_finish(session);
	check_dma(t);
	check_stamps(t);
	end(t);
	return test_result();
}

int main(int argc, char **argv)
{
	struct test t = { 0 };

	if (argc < 4 || !eal_parse(&t.eal, argv[2])) {
		fputs("usage: t-dpdk before|after MODE va|pa\n", stderr);
		return 2;
	}
	t.by_pa = !strcmp(argv[3], "pa");
	return !strcmp(argv[1], "after") ? after(&t) : before(&t);
}
