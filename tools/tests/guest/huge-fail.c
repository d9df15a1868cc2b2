// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation on the way of huge pages may fail (invariants I6, I7):
 * the caller gets an error, nothing is lost and the pool is as before, and the call
 * succeeds when it is tried again.
 *
 *   before | after
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "counts.h"
#include "harness.h"
#include "huge.h"
#include "inject.h"
#include "rig.h"

#define PAGE		HUGE_2M
#define PAGES		2u		/* of each memory */
#define SIZE		(PAGES * PAGE)
#define KINDS		2u
#define IOVA(kind)	(0x1000000000ull + (kind) * 0x100000000ull)
#define TOKEN		50
#define FINISHES	40u		/* sessions for what FINISH may fail at */

static const enum huge_kind kind[KINDS] = { HUGE_MEMFD, HUGE_PRIVATE };

static const struct huge_pool none;

static const char *idle_name(unsigned int n)
{
	static char text[16];

	snprintf(text, sizeof(text), "idle%u", n);
	return text;
}

/* ---------------------------------------------------------------- kernel A */

/* Preserves until no failure point is left; the pool never changes. */
static void sweep_preserve(int fd, const char *what)
{
	struct sweep sweep = { .what = what };
	struct huge_pool pool = huge_pool(PAGE);
	bool more = true;

	while (more) {
		int session = rig_session_create("fail"), ret, again;

		inject_arm(sweep.n + 1);
		ret = co_session_preserve(session, fd, 1);
		more = inject_disarm() || ret < 0;
		sweep_count(&sweep, more, ret);
		CHECK(!ret || inject_was(ret));
		again = co_session_preserve(session, fd, 1);
		CHECK(ret == 0 || !again ||
		      (ret == -EFAULT && again == -EEXIST));
		close(session);
		SAME(huge_pool(PAGE).free, pool.free);
		SAME(huge_pool(PAGE).nr, pool.nr);
	}
	MUST(sweep.failed);
	sweep_end(&sweep);
}

static void sweep_unpreserve(int fd)
{
	struct sweep sweep = { .what = "unpreserve memfd" };
	bool hit = true;

	while (hit) {
		int session = rig_session_create("fail");

		WORKS(co_session_preserve(session, fd, 1));
		inject_arm(sweep.n + 1);
		close(session);
		hit = inject_disarm();
		sweep_count(&sweep, hit, 0);
	}
	sweep_end(&sweep);
}

static void leave_idle(void)
{
	for (unsigned int n = 0; n < FINISHES; n++) {
		int session = rig_session_create(idle_name(n));
		int fd = huge_memfd(PAGE, PAGE, 0);

		WORKS(co_session_preserve(session, fd, TOKEN));
	}
}

static int before(void)
{
	struct huge_memory memory[KINDS];
	char bdf[CO_BDF_SIZE];
	struct rig rig;
	int session;

	rig_edu(0, bdf);
	rig_open(&rig, bdf, 1);
	huge_ask(PAGE, KINDS * PAGES + FINISHES);
	for (unsigned int i = 0; i < KINDS; i++) {
		huge_make(&memory[i], kind[i], PAGE, SIZE);
		huge_fill(memory[i].mem, SIZE, i);
		huge_map(&memory[i], rig.iommufd, rig.note->ioas, IOVA(i));
	}
	sweep_preserve(memory[0].fd, "preserve memfd");
	sweep_preserve(rig.iommufd, "preserve iommufd");
	sweep_unpreserve(memory[0].fd);
	leave_idle();
	session = rig_session_create("huge");
	WORKS(co_session_preserve(session, memory[0].fd, TOKEN));
	rig_preserve(&rig, session);
	rig_linger();
	return test_result();
}

/* ---------------------------------------------------------------- kernel B */

/* Fails at every point, one after the other, and then comes back. */
static int sweep_retrieve(int session, int token, const char *what)
{
	struct sweep sweep = { .what = what };
	int fd = -1;

	while (fd < 0) {
		bool hit;

		inject_arm(sweep.n + 1);
		fd = co_session_retrieve_fd(session, token);
		hit = inject_disarm();
		sweep_count(&sweep, hit, fd);
		CHECK(fd >= 0 || inject_was(fd));
	}
	sweep_end(&sweep);
	return fd;
}

static void check_memory(const struct rig *rig, unsigned int i)
{
	uint64_t offset, length;
	int fd = WORKS(co_ioas_file(rig->iommufd, rig->note->ioas, IOVA(i),
				    &offset, &length));
	void *mem = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, offset);

	MUST(mem != MAP_FAILED);
	SAME(length, SIZE);
	huge_check(mem, SIZE, i);
	munmap(mem, SIZE);
	close(fd);
}

static void sweep_finish(void)
{
	struct sweep sweep = { .what = "finish, not retrieved" };
	bool hit = true;

	for (unsigned int n = 0; n < FINISHES; n++) {
		int session = rig_session_retrieve(idle_name(n)), ret;

		inject_arm(sweep.n + 1);
		ret = co_session_finish(session);
		hit = inject_disarm();
		sweep_count(&sweep, hit, ret);
		if (ret)
			WORKS(co_session_finish(session));
		close(session);
	}
	CHECK(!hit);
	sweep_end(&sweep);
}

static long long memory_total(void)
{
	return counts_number("/proc/meminfo", "MemTotal:");
}

static int after(void)
{
	int session = rig_session_retrieve("huge"), memfd;
	long long total;
	struct rig rig;

	memfd = sweep_retrieve(session, TOKEN, "retrieve memfd");
	close(sweep_retrieve(session, 1 + RIG_IOMMUFD, "retrieve iommufd"));
	rig_retrieve(&rig, session, 1);
	for (unsigned int i = 0; i < KINDS; i++)
		check_memory(&rig, i);
	huge_pool_is(PAGE, "retrieved", (struct huge_pool) {
		.nr = KINDS * PAGES, .surplus = KINDS * PAGES });
	rig_session_finish(session);
	rig_check_dma(&rig);
	for (unsigned int i = 0; i < KINDS; i++)
		WORKS(co_unmap(rig.iommufd, rig.note->ioas, IOVA(i), SIZE));
	close(memfd);
	rig_close(&rig);
	huge_pool_is(PAGE, "closed", none);
	total = memory_total();
	sweep_finish();
	huge_pool_is(PAGE, "finished", none);
	/* Each of them was one huge page and a few pages that describe it. */
	CHECK(memory_total() - total >= (long long)(FINISHES * (PAGE >> 10)));
	return test_result();
}

int main(int argc, char **argv)
{
	inject_setup();
	return argc > 1 && !strcmp(argv[1], "after") ? after() : before();
}
