// SPDX-License-Identifier: GPL-2.0-only
/*
 * I1: a session that is finished although its device was not claimed. Until then
 * the disk goes on writing, and its memory is not given to anybody; afterwards
 * it cannot write.
 *
 *   nothing  nothing is retrieved
 *   memfd    only the memfd is, and stays open: one can see the disk stop
 *   dropped  only the memfd is, and is closed before
 *   crash    a process retrieves everything and is killed
 *   refused  retrieving the device fails, in the end and again
 *   elsewhere  the same, as its memory or a window to it moved
 *   closed   the session is closed without FINISH
 *   never    nobody asks for the session: everything stays as it was
 *   alien    the kernel has no handlers: the same, for good, and it says so
 *   off      it was told to leave live updates alone: the same, and no word
 *   other    its list of devices has another version: all are stopped at once,
 *            and the session's is reset
 *   unseen   the device's bus is not scanned: what it may write is never freed
 *   forgotten  the same, and the memfd is retrieved and closed
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disk.h"
#include "harness.h"
#include "log.h"
#include "rig.h"
#include "canary.h"

#define TOKEN		1
#define BUSY		60u
#define READS_MS	1500	/* some reads come within this time */
#define LIMIT_MS	20000	/* and one within this on any machine */

static int before(void)
{
	int session = rig_session_create("unclaimed");
	struct disk disk;

	disk_open(&disk, -1, 0);
	disk_fill(&disk, BUSY);
	disk_preserve(&disk, session, TOKEN);
	rig_linger();
	return test_result();
}

/* The disk has work left for all the time that the canary sits there. */
static void watch_canary(void)
{
	canary_take();
	rig_sleep_ms(READS_MS);
	SAME(canary_release(), 0);
}

static void finish(int session, const char *bdf)
{
	CHECK(rig_master(bdf));
	rig_session_finish(session);
	CHECK(!rig_master(bdf));
}

static void retrieve_nothing(int session, const char *bdf)
{
	watch_canary();
	finish(session, bdf);
	watch_canary();
}

static void wait_for_more(const struct nvme_mem *mem, unsigned int than)
{
	long long end = test_now_us() + LIMIT_MS * 1000ll;

	while (nvme_waiting(mem) <= than) {
		MUST(test_now_us() < end);
		rig_sleep_ms(20);
	}
}

static void retrieve_memfd(int session, const char *bdf)
{
	struct disk disk;
	unsigned int waiting;

	disk_retrieve_memory(&disk, session, TOKEN);
	waiting = nvme_waiting(disk.nvme.mem);
	wait_for_more(disk.nvme.mem, waiting);
	finish(session, bdf);
	waiting = nvme_waiting(disk.nvme.mem);
	CHECK(waiting < BUSY);
	rig_sleep_ms(READS_MS);
	SAME(nvme_waiting(disk.nvme.mem), waiting);
	co_buffer_close(&disk.buffer);
	watch_canary();
}

static void retrieve_and_drop(int session, const char *bdf)
{
	struct disk disk;

	disk_retrieve_memory(&disk, session, TOKEN);
	CHECK(nvme_waiting(disk.nvme.mem) < BUSY);
	co_buffer_close(&disk.buffer);
	watch_canary();
	finish(session, bdf);
	watch_canary();
}

static void die_with_all(int session)
{
	struct disk disk;

	disk_retrieve(&disk, session, TOKEN, -1);
	disk_check(&disk);
	if (test_result())
		_exit(1);
	kill(getpid(), SIGKILL);
}

/*
 * The session holds the files that it gave out, so the device runs on until
 * FINISH; that is the last close, which stops it before its memory goes.
 */
static void crash(int session, const char *bdf)
{
	pid_t pid = fork();
	int status;

	MUST(pid >= 0);
	if (!pid)
		die_with_all(session);
	MUST(waitpid(pid, &status, 0) == pid);
	CHECK(WIFSIGNALED(status));
	CHECK(rig_master(bdf));
	watch_canary();
	rig_session_finish(session);
	CHECK(!rig_master(bdf));
	watch_canary();
}

/* The device's own file can't come back: its driver is not there. */
static void refused(int session, const char *bdf, int error)
{
	FAILS(co_session_retrieve_fd(session, TOKEN + 1), error);
	CHECK(rig_master(bdf));
	FAILS(co_session_retrieve_fd(session, TOKEN + 1), error);
	watch_canary();
	finish(session, bdf);
	watch_canary();
}

static void close_session(int session, const char *bdf)
{
	watch_canary();
	CHECK(rig_master(bdf));
	close(session);
	CHECK(!rig_master(bdf));
	watch_canary();
}

static int never(const char *bdf)
{
	for (int i = 0; i < 3; i++)
		watch_canary();
	CHECK(rig_master(bdf));
	return test_result();
}

static int alien(const char *bdf)
{
	int log = log_open();

	watch_canary();
	FAILS(co_luo_open(), EIO);
	CHECK(log_has(log, (const char *[]){ "No registered handler",
					     "carryover", NULL }));
	for (int i = 0; i < 2; i++)
		watch_canary();
	CHECK(rig_master(bdf));
	return test_result();
}

static int off(const char *bdf)
{
	watch_canary();
	FAILS(co_luo_open(), ENOENT);
	for (int i = 0; i < 2; i++)
		watch_canary();
	CHECK(rig_master(bdf));
	return test_result();
}

/* Stopped when it was found, and the session can be finished all the same. */
static int other(const char *bdf)
{
	int session, log = log_open();

	CHECK(!rig_master(bdf));
	session = rig_session_retrieve("unclaimed");
	FAILS(co_session_retrieve_fd(session, TOKEN + 1), ENXIO);
	CHECK(log_has(log, (const char *[]){ bdf, "stopped and reset", NULL }));
	close(log);
	watch_canary();
	rig_session_finish(session);
	CHECK(!rig_master(bdf));
	watch_canary();
	return test_result();
}

/* It writes for as long as it has work, and nobody can stop it. */
static int unseen(bool retrieve)
{
	int session = rig_session_retrieve("unclaimed"), log = log_open();
	char bdf[CO_BDF_SIZE];
	struct disk disk;

	FAILS(co_pci_find_class(0x010802, 0, bdf), ENODEV);
	if (retrieve)
		disk_retrieve_memory(&disk, session, TOKEN);
	watch_canary();
	rig_session_finish(session);
	CHECK(log_has(log, (const char *[]){ "was not found and may be writing",
					     NULL }));
	if (retrieve)
		co_buffer_close(&disk.buffer);
	for (int i = 0; i < 4; i++)
		watch_canary();
	return test_result();
}

static int after(const char *mode)
{
	char bdf[CO_BDF_SIZE];
	int session;

	if (!strcmp(mode, "unseen") || !strcmp(mode, "forgotten"))
		return unseen(*mode == 'f');
	disk_find(bdf);
	if (!strcmp(mode, "other"))
		return other(bdf);
	CHECK(rig_master(bdf));
	if (!strcmp(mode, "alien"))
		return alien(bdf);
	if (!strcmp(mode, "off"))
		return off(bdf);
	if (!strcmp(mode, "never"))
		return never(bdf);
	session = rig_session_retrieve("unclaimed");
	if (!strcmp(mode, "memfd"))
		retrieve_memfd(session, bdf);
	else if (!strcmp(mode, "dropped"))
		retrieve_and_drop(session, bdf);
	else if (!strcmp(mode, "crash"))
		crash(session, bdf);
	else if (!strcmp(mode, "refused"))
		refused(session, bdf, ENODEV);
	else if (!strcmp(mode, "elsewhere"))
		refused(session, bdf, ENXIO);
	else if (!strcmp(mode, "closed"))
		close_session(session, bdf);
	else
		retrieve_nothing(session, bdf);
	return test_result();
}

int main(int argc, char **argv)
{
	MUST(argc == 3);
	return strcmp(argv[1], "after") ? before() : after(argv[2]);
}
