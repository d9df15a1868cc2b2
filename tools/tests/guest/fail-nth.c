// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation on the way may fail (invariants I6, I7): whatever it
 * was, the caller gets an error, all is as before, and the call succeeds when it
 * is tried again. A retrieve that failed is final, so kernel B has many contexts
 * to fail with, and FINISH takes what is left.
 *
 *   before      sweeps over preserve, unpreserve, freeze and unfreeze
 *   after       sweeps over retrieve and finish
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/reboot.h>

#include "counts.h"
#include "harness.h"
#include "inject.h"
#include "lone.h"
#include "rig.h"

#define SPARE_IOVA	(RIG_IOVA + (16u << 20))

/* How many contexts each sweep in kernel B may use up. */
#define RETRIEVES	300
#define FINISHES	60
#define IDLE_FINISHES	60
#define LONES		(RETRIEVES + FINISHES + IDLE_FINISHES)

/* ---------------------------------------------------------------- kernel A */

/* Mappings and attachment can be changed; leaves all as it was. */
static void is_open(const struct rig *rig)
{
	uint32_t hwpt = rig->note->hwpt;

	WORKS(co_map_file(rig->iommufd, rig->note->ioas, SPARE_IOVA,
			  rig->buffer.fd, 0, RIG_PAGE));
	WORKS(co_unmap(rig->iommufd, rig->note->ioas, SPARE_IOVA, RIG_PAGE));
	WORKS(co_device_attach(rig->device, &hwpt));
}

static int file_of(const struct rig *rig, enum rig_file file)
{
	return file == RIG_MEMFD ? rig->buffer.fd :
	       file == RIG_IOMMUFD ? rig->iommufd : rig->device;
}

/*
 * The answer of PRESERVE_FD is written to memory of the caller last: when just
 * that fails the file is in the session.
 */
static void preserve_again(const struct rig *rig, enum rig_file file,
			   int session, int first)
{
	int again;

	if (!inject_was(first))
		test_say("PRESERVE_FD: error %d", first);
	CHECK(inject_was(first));
	if (first != -EFAULT)
		is_open(rig);
	again = co_session_preserve(session, file_of(rig, file), file + 1);
	CHECK(!again || (first == -EFAULT && again == -EEXIST));
}

static bool preserve_once(const struct rig *rig, enum rig_file file,
			  struct sweep *sweep)
{
	int session = rig_session_create("fail"), ret;
	bool hit;

	inject_arm(sweep->n + 1);
	ret = co_session_preserve(session, file_of(rig, file), file + 1);
	hit = inject_disarm();
	sweep_count(sweep, hit, ret);
	if (ret < 0)
		preserve_again(rig, file, session, ret);
	close(session);
	is_open(rig);
	return hit || ret < 0;
}

static void sweep_preserve(const struct rig *rig, enum rig_file file,
			   const char *what)
{
	struct sweep sweep = { .what = what };
	struct counts start = counts_now(), now;
	bool more = true;

	while (more) {
		more = preserve_once(rig, file, &sweep);
		now = counts_now();
		counts_same(&start, &now, what);
	}
	MUST(sweep.failed);
	sweep_end(&sweep);
}

/* Closing a session can't fail: what it has to undo is undone. */
static void sweep_unpreserve(const struct rig *rig)
{
	struct sweep sweep = { .what = "unpreserve" };
	struct counts start = counts_now(), now;
	bool hit = true;

	while (hit) {
		int session = rig_session_create("fail");

		rig_preserve(rig, session);
		inject_arm(sweep.n + 1);
		close(session);
		hit = inject_disarm();
		sweep_count(&sweep, hit, 0);
		is_open(rig);
		now = counts_now();
		counts_same(&start, &now, "unpreserve");
	}
	sweep_end(&sweep);
}

/*
 * The last file of the session is a context whose memory is not in it, so that
 * every freeze fails in the end and all files before it are unfrozen.
 */
static void sweep_freeze(const struct rig *rig, const char *bdf)
{
	struct sweep sweep = { .what = "freeze and unfreeze" };
	int session = rig_session_create("fail");
	uint32_t hwpt = rig->note->hwpt;
	struct counts start, now;
	struct rig bad;
	bool hit = true;

	rig_open_memory(&bad);
	rig_open_device(&bad, bdf);
	rig_map(&bad);
	rig_preserve(rig, session);
	WORKS(co_session_preserve(session, bad.iommufd, 99));
	start = counts_now();
	while (hit) {
		inject_arm(sweep.n + 1);
		CHECK(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1,
			      LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC,
			      NULL) < 0);
		hit = inject_disarm();
		sweep_count(&sweep, hit, hit ? -1 : 0);
		FAILS(co_device_attach(rig->device, &hwpt), EBUSY);
		SAME(co_bus_master_get(rig->device), 1);
		now = counts_now();
		counts_same(&start, &now, "freeze");
	}
	sweep_end(&sweep);
	close(session);
	rig_close(&bad);
	is_open(rig);
	rig_check_dma(rig);
}

static void leave_all(const char *bdf)
{
	struct rlimit many = { 4096, 4096 };

	MUST(!setrlimit(RLIMIT_NOFILE, &many));
	for (unsigned int n = 0; n < LONES; n++)
		lone_leave(n, bdf);
}

static int before(void)
{
	char bdf[CO_BDF_SIZE], other[CO_BDF_SIZE];
	struct rig rig;

	rig_edu(0, bdf);
	rig_edu(1, other);
	rig_open(&rig, bdf, 1);
	/* Grows what grows once, such as KHO's tree and the page table. */
	is_open(&rig);
	for (int i = 0; i < 2; i++) {
		int session = rig_session_create("fail");

		rig_preserve(&rig, session);
		close(session);
	}
	sweep_preserve(&rig, RIG_MEMFD, "preserve memfd");
	sweep_preserve(&rig, RIG_IOMMUFD, "preserve iommufd");
	sweep_preserve(&rig, RIG_VFIO, "preserve device");
	sweep_unpreserve(&rig);
	sweep_freeze(&rig, other);
	rig_check_dma(&rig);
	rig_close(&rig);
	leave_all(bdf);
	rig_linger();
	return test_result();
}

/* ---------------------------------------------------------------- kernel B */

/* Nothing was lost, and nobody remembers the failure (I4). */
static void retrieve_again(int session, int first)
{
	CHECK(inject_was(first));
	lone_check(session, WORKS(co_session_retrieve_fd(session,
							 LONE_IOMMUFD)));
}

static bool retrieve_once(unsigned int n, struct sweep *sweep)
{
	int session = lone_session(n), iommufd;
	bool hit;

	inject_arm(sweep->n + 1);
	iommufd = co_session_retrieve_fd(session, LONE_IOMMUFD);
	hit = inject_disarm();
	sweep_count(sweep, hit, iommufd);
	if (iommufd < 0)
		retrieve_again(session, iommufd);
	else
		lone_check(session, iommufd);
	rig_session_finish(session);
	return hit;
}

/* The same context fails at every point that is left, and then comes back. */
static void retrieve_many_times(unsigned int n, struct sweep *sweep)
{
	int session = lone_session(n), iommufd = -1;

	while (iommufd < 0) {
		bool hit;

		inject_arm(sweep->n + 1);
		iommufd = co_session_retrieve_fd(session, LONE_IOMMUFD);
		hit = inject_disarm();
		sweep_count(sweep, hit, iommufd);
		CHECK(iommufd >= 0 || inject_was(iommufd));
	}
	lone_check(session, iommufd);
	rig_session_finish(session);
}

static bool finish_once(int session, struct sweep *sweep)
{
	bool hit;
	int ret;

	inject_arm(sweep->n + 1);
	ret = co_session_finish(session);
	hit = inject_disarm();
	sweep_count(sweep, hit, ret);
	if (ret) {
		CHECK(inject_was(ret));
		WORKS(co_session_finish(session));
	}
	close(session);
	return hit;
}

static bool finish_retrieved(unsigned int n, struct sweep *sweep)
{
	int session = lone_session(n);

	lone_check(session, WORKS(co_session_retrieve_fd(session,
							 LONE_IOMMUFD)));
	return finish_once(session, sweep);
}

/* Memory that is reserved for the previous kernel's files is not in it. */
static long long memory(void)
{
	return counts_number("/proc/meminfo", "MemTotal:");
}

/* The memfd's own handler takes its list of pages once, whatever comes of it. */
static int idle_session(unsigned int n)
{
	int session = lone_session(n);

	close(WORKS(co_session_retrieve_fd(session, LONE_MEMFD)));
	return session;
}

/* Who finishes a session has nobody else to free what was not retrieved. */
static bool finish_idle(unsigned int n, long long freed, struct sweep *sweep)
{
	int session = idle_session(n);
	long long before = memory();
	bool hit = finish_once(session, sweep);

	SAME(memory() - before, freed);
	return hit;
}

/* What a context that nobody retrieved holds, in KiB: blob and page table. */
static long long freed_by_finish(unsigned int n)
{
	int session = idle_session(n);
	long long before = memory();

	rig_session_finish(session);
	MUST(memory() > before);
	return memory() - before;
}

static int after(void)
{
	struct sweep retrieve = { .what = "retrieve iommufd, memfd" };
	struct sweep many = { .what = "retrieve, one context" };
	struct sweep finish = { .what = "finish, retrieved" };
	struct sweep idle = { .what = "finish, not retrieved" };
	struct counts start, now;
	long long freed;
	bool more[3] = { true, true, true };
	unsigned int n = 0;

	/* One without failures first: what grows once has grown. */
	rig_session_finish(lone_session(n++));
	start = counts_now();
	for (unsigned int i = 0; n < LONES && more[0]; i++, n++) {
		MUST(i < RETRIEVES);
		more[0] = retrieve_once(n, &retrieve);
		now = counts_now();
		counts_same(&start, &now, "retrieve");
	}
	sweep_end(&retrieve);
	retrieve_many_times(n++, &many);
	now = counts_now();
	counts_same(&start, &now, "retrieve of one context");
	sweep_end(&many);
	for (; n < LONES && more[1]; n++) {
		more[1] = finish_retrieved(n, &finish);
		now = counts_now();
		counts_same(&start, &now, "finish");
	}
	sweep_end(&finish);
	freed = freed_by_finish(n++);
	for (; n < LONES && more[2]; n++) {
		more[2] = finish_idle(n, freed, &idle);
		now = counts_now();
		counts_same(&start, &now, "finish of what was not retrieved");
	}
	sweep_end(&idle);
	CHECK(!more[0] && !more[1] && !more[2]);
	MUST(retrieve.failed);
	return test_result();
}

int main(int argc, char **argv)
{
	inject_setup();
	return argc > 1 && !strcmp(argv[1], "after") ? after() : before();
}
