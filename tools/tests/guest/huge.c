// SPDX-License-Identifier: GPL-2.0-only
/*
 * Huge pages of every kind behind one context, through updates: where they were,
 * with what was in them, and the pool adds up (invariants I1, I2, I3, I7).
 *
 *   KERNEL LAST 2m|1g [POOL]
 *
 * KERNEL is the one this runs in, LAST the last one there is, or 0 for one without
 * such pages; POOL is what each kernel's command line asks for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "counts.h"
#include "edu.h"
#include "harness.h"
#include "huge.h"
#include "rig.h"

#define IOVA(kind)	(0x1000000000ull + (kind) * 0x100000000ull)
#define AGAIN_IOVA	IOVA(HUGE_KINDS)	/* a file's first page once more */
#define SMALL_IOVA	0x80000000ull	/* anonymous memory of normal pages */
#define SMALL_SIZE	(4 * RIG_PAGE)
#define TOKEN(kind)	(40 + (kind))
#define REST_TOKEN	60		/* what no file had */
#define SMALL_TOKEN	61
#define HUGE_RUNS	32
#define NOTE_AT		(8 * RIG_PAGE)	/* in the rig's data */
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif

/* Where everything was. */
struct note {
	struct {
		uint64_t size;
		unsigned int runs;
		struct co_run run[HUGE_RUNS];
	} kind[HUGE_KINDS];
	long long pages;
};

struct test {
	struct rig rig;
	uint64_t page;
	long long pool;	/* that every kernel's command line asks for */
	struct note *note;
	int kernel;
	int rest;	/* memfd of what no file had, or -1 */
	int small;
	int fd[HUGE_KINDS];
};

_Static_assert(NOTE_AT + sizeof(struct note) <= RIG_SIZE - RIG_DATA, "the note");

static uint64_t size_of(const struct test *t, enum huge_kind kind)
{
	if (t->page == HUGE_2M)
		return 3 * HUGE_2M;
	return kind == HUGE_MEMFD || kind == HUGE_PRIVATE ? HUGE_1G : 0;
}

/* What arrived, beside what this kernel was asked for. */
static struct huge_pool in_use(const struct test *t)
{
	return (struct huge_pool) {
		.nr = t->note->pages + t->pool,
		.free = t->pool,
		.surplus = t->note->pages,
	};
}

static void find_note(struct test *t)
{
	t->note = (struct note *)(t->rig.data + NOTE_AT);
}

/* ---------------------------------------------------------------- kernel A */

static void record(struct test *t, enum huge_kind kind)
{
	int runs = WORKS(co_pa_runs(t->rig.iommufd, t->rig.note->ioas,
				    IOVA(kind), t->note->kind[kind].size,
				    t->note->kind[kind].run, HUGE_RUNS));

	t->note->kind[kind].runs = runs;
	for (int i = 0; i < runs; i++)
		SAME(t->note->kind[kind].run[i].pa % t->page, 0);
}

static void make_kind(struct test *t, enum huge_kind kind)
{
	struct huge_memory memory;

	t->note->kind[kind].size = size_of(t, kind);
	t->fd[kind] = -1;
	if (!size_of(t, kind))
		return;
	huge_make(&memory, kind, t->page, size_of(t, kind));
	huge_fill(memory.mem, memory.size, kind);
	huge_map(&memory, t->rig.iommufd, t->rig.note->ioas, IOVA(kind));
	t->fd[kind] = memory.fd;
	record(t, kind);
}

static void make_again(struct test *t)
{
	if (size_of(t, HUGE_UNLINKED))
		WORKS(co_map_file(t->rig.iommufd, t->rig.note->ioas, AGAIN_IOVA,
				  t->fd[HUGE_UNLINKED], 0, t->page));
}

static void make_small(struct test *t)
{
	void *memory = mmap(NULL, SMALL_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST(memory != MAP_FAILED);
	huge_fill(memory, SMALL_SIZE, HUGE_KINDS);
	WORKS(co_map(t->rig.iommufd, t->rig.note->ioas, SMALL_IOVA, memory,
		     SMALL_SIZE));
}

static void make(struct test *t)
{
	char bdf[CO_BDF_SIZE];

	rig_edu(0, bdf);
	rig_open(&t->rig, bdf, 1);
	find_note(t);
	for (int kind = 0; kind < HUGE_KINDS; kind++)
		t->note->pages += size_of(t, kind) / t->page;
	if (!t->pool)
		huge_ask(t->page, t->note->pages);
	for (int kind = 0; kind < HUGE_KINDS; kind++)
		make_kind(t, kind);
	make_again(t);
	make_small(t);
	huge_pool_is(t->page, "in use", (struct huge_pool) {
		.nr = t->note->pages });
}

/* ----------------------------------------------------------- kernels B ... */

static void check_place(const struct test *t, enum huge_kind kind)
{
	struct co_run run[HUGE_RUNS];
	unsigned int runs;

	runs = WORKS(co_pa_runs(t->rig.iommufd, t->rig.note->ioas, IOVA(kind),
				t->note->kind[kind].size, run, HUGE_RUNS));
	SAME(runs, t->note->kind[kind].runs);
	CHECK(!memcmp(run, t->note->kind[kind].run, runs * sizeof(run[0])));
}

static void check_size_of_pages(int fd, uint64_t page)
{
	struct stat st;

	MUST(!fstat(fd, &st));
	SAME(st.st_blksize, page);
	SAME(st.st_blocks * 512ull, st.st_size);
}

/* What the device writes arrives in what the file shows. */
static void check_dma(const struct test *t, enum huge_kind kind, uint8_t *mem)
{
	uint8_t *to = mem + t->note->kind[kind].size - RIG_PAGE + 8;
	uint64_t length = RIG_PAGE - 8, pa;
	struct co_bar bar;

	WORKS(co_pa(t->rig.iommufd, t->rig.note->ioas, IOVA(kind) + (to - mem),
		    &pa, &length));
	memset(t->rig.data, 0xc0 + t->kernel, RIG_PAGE);
	WORKS(co_bar_open(&bar, t->rig.device, 0));
	edu_start(&bar, EDU_LOAD, rig_pa(&t->rig, 0), length);
	CHECK(!edu_wait(&bar));
	edu_start(&bar, EDU_STORE, pa, length);
	CHECK(!edu_wait(&bar));
	CHECK(!memcmp(to, t->rig.data, length));
	co_bar_close(&bar);
}

static void check_kind(struct test *t, enum huge_kind kind)
{
	uint64_t size = t->note->kind[kind].size, offset, length;
	uint8_t *mem;
	int fd;

	if (!size)
		return;
	test_say("%s", huge_kind_name(kind));
	fd = WORKS(co_ioas_file(t->rig.iommufd, t->rig.note->ioas, IOVA(kind),
				&offset, &length));
	SAME(length, size);
	check_size_of_pages(fd, t->page);
	check_place(t, kind);
	mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
	MUST(mem != MAP_FAILED);
	huge_check(mem, size, kind);
	check_dma(t, kind, mem);
	MUST(!munmap(mem, size));
	if (huge_has_memfd(kind) || t->rest >= 0)
		close(fd);
	else
		t->rest = fd;
}

/* Two mappings of one page show one byte of one file, and one page. */
static void check_again(const struct test *t)
{
	uint64_t iova[2] = { IOVA(HUGE_UNLINKED), AGAIN_IOVA };
	uint64_t offset[2], pa[2], length;

	if (!size_of(t, HUGE_UNLINKED))
		return;
	for (int i = 0; i < 2; i++) {
		close(WORKS(co_ioas_file(t->rig.iommufd, t->rig.note->ioas,
					 iova[i], &offset[i], &length)));
		length = t->page;
		WORKS(co_pa(t->rig.iommufd, t->rig.note->ioas, iova[i], &pa[i],
			    &length));
	}
	SAME(offset[0], offset[1]);
	SAME(pa[0], pa[1]);
}

static void check_small(struct test *t)
{
	uint64_t offset, length;
	void *mem;

	t->small = WORKS(co_ioas_file(t->rig.iommufd, t->rig.note->ioas,
				      SMALL_IOVA, &offset, &length));
	SAME(length, SMALL_SIZE);
	check_size_of_pages(t->small, RIG_PAGE);
	mem = mmap(NULL, SMALL_SIZE, PROT_READ, MAP_SHARED, t->small, offset);
	MUST(mem != MAP_FAILED);
	huge_check(mem, SMALL_SIZE, HUGE_KINDS);
	munmap(mem, SMALL_SIZE);
}

/* I3: until FINISH, and while preserved, nobody changes the files. */
static void stays(const struct test *t, int fd)
{
	CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			t->page) && errno == EBUSY);
	CHECK(fallocate(fd, 0, 0, t->page) && errno == EBUSY);
	CHECK(ftruncate(fd, 0) && errno == EBUSY);
	CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) && errno == EBUSY);
}

/* I1: a memfd that came back alone stays where it is, whoever wants to move it. */
static void is_pushed(const struct test *t, int fd)
{
	uint64_t size = size_of(t, HUGE_MEMFD);
	uint8_t *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			    0);

	MUST(mem != MAP_FAILED);
	for (uint64_t at = 0; at < size; at += t->page) {
		uint64_t pa = rig_pagemap(mem + at);

		CHECK(madvise(mem + at, RIG_PAGE, MADV_SOFT_OFFLINE));
		SAME(rig_pagemap(mem + at), pa);
	}
	munmap(mem, size);
}

static void retrieve(struct test *t, int session)
{
	for (int kind = 0; kind < HUGE_KINDS; kind++)
		if (huge_has_memfd(kind) && size_of(t, kind))
			t->fd[kind] = WORKS(co_session_retrieve_fd(session,
								   TOKEN(kind)));
	/* Who wants to move a page takes one of the pool, and gives it back to none. */
	if (!t->pool)
		is_pushed(t, t->fd[HUGE_MEMFD]);
	if (t->kernel > 2) {
		close(WORKS(co_session_retrieve_fd(session, REST_TOKEN)));
		close(WORKS(co_session_retrieve_fd(session, SMALL_TOKEN)));
	}
	rig_retrieve(&t->rig, session, 1);
	find_note(t);
}

static int arrive(struct test *t)
{
	int session = rig_session_retrieve("huge");

	retrieve(t, session);
	rig_check(&t->rig);
	huge_pool_is(t->page, "retrieved", in_use(t));
	for (int kind = 0; kind < HUGE_KINDS; kind++)
		check_kind(t, kind);
	check_again(t);
	check_small(t);
	stays(t, t->fd[HUGE_MEMFD]);
	stays(t, t->rest);
	rig_session_finish(session);
	rig_check_dma(&t->rig);
	return session;
}

static void preserve(struct test *t, int session)
{
	for (int kind = 0; kind < HUGE_KINDS; kind++)
		if (huge_has_memfd(kind) && size_of(t, kind))
			WORKS(co_session_preserve(session, t->fd[kind],
						  TOKEN(kind)));
	if (t->rest >= 0) {
		WORKS(co_session_preserve(session, t->rest, REST_TOKEN));
		WORKS(co_session_preserve(session, t->small, SMALL_TOKEN));
	}
	rig_preserve(&t->rig, session);
}

/* I6: a session that is given up leaves everything as it was. */
static void give_up(struct test *t)
{
	struct huge_pool before = huge_pool(t->page);
	int session = rig_session_create("given up");

	preserve(t, session);
	stays(t, t->fd[HUGE_MEMFD]);
	close(session);
	huge_pool_is(t->page, "given up", before);
	CHECK(!fallocate(t->fd[HUGE_MEMFD], 0, 0, t->page));
}

static void leave(struct test *t)
{
	int session;

	give_up(t);
	session = rig_session_create("huge");
	preserve(t, session);
	stays(t, t->fd[HUGE_MEMFD]);
	rig_linger();
}

/*
 * I1: a kernel without pages of this size. The device runs on, and what it writes
 * to is kept; it is ordinary memory when the device was stopped.
 */
static int lacks(struct test *t)
{
	int session = rig_session_retrieve("huge");
	long long total = counts_number("/proc/meminfo", "MemTotal:");
	char bdf[CO_BDF_SIZE];

	for (int i = 0; i < 2; i++) {
		FAILS(co_session_retrieve_fd(session, TOKEN(HUGE_MEMFD)), ENODEV);
		FAILS(co_session_retrieve_fd(session, 1 + RIG_IOMMUFD), ENODEV);
	}
	rig_edu(0, bdf);
	CHECK(rig_master(bdf));
	CHECK(counts_number("/proc/meminfo", "MemTotal:") - total < 1024);
	rig_session_finish(session);
	CHECK(!rig_master(bdf));
	total = counts_number("/proc/meminfo", "MemTotal:") - total;
	test_say("I7: %lld KiB given back", total);
	CHECK(total >= 2 * (long long)(t->page >> 10));
	return test_result();
}

/* The last one gives everything back: to the buddy allocator. */
static void end(struct test *t)
{
	struct huge_pool asked = { .nr = t->pool, .free = t->pool };
	uint64_t page = t->page;

	for (int kind = 0; kind < HUGE_KINDS; kind++) {
		if (!size_of(t, kind))
			continue;
		WORKS(co_unmap(t->rig.iommufd, t->rig.note->ioas, IOVA(kind),
			       size_of(t, kind)));
		if (huge_has_memfd(kind))
			close(t->fd[kind]);
	}
	if (size_of(t, HUGE_UNLINKED))
		WORKS(co_unmap(t->rig.iommufd, t->rig.note->ioas, AGAIN_IOVA,
			       t->page));
	WORKS(co_unmap(t->rig.iommufd, t->rig.note->ioas, SMALL_IOVA,
		       SMALL_SIZE));
	close(t->rest);
	close(t->small);
	rig_close(&t->rig);
	huge_pool_is(page, "closed", asked);
}

int main(int argc, char **argv)
{
	struct test t = { .rest = -1, .small = -1 };
	int last;

	MUST(argc == 4 || argc == 5);
	t.kernel = atoi(argv[1]);
	last = atoi(argv[2]);
	t.page = strcmp(argv[3], "1g") ? HUGE_2M : HUGE_1G;
	t.pool = argc == 5 ? atoll(argv[4]) : 0;
	if (!last)
		return lacks(&t);
	if (t.kernel == 1)
		make(&t);
	else
		arrive(&t);
	if (t.kernel < last)
		leave(&t);
	else
		end(&t);
	return test_result();
}
