// SPDX-License-Identifier: GPL-2.0-only
/*
 * A retrieve that fails for a limit of who asks is not the end (invariants
 * I1, I4): nothing is lost, the device runs on, the kernel's log says which limit,
 * nobody is killed for it; and it goes when it is asked for again, by whoever may
 * have that much. The same for one that was killed on the way.
 *
 *   before
 *   after
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "counts.h"
#include "harness.h"
#include "process-limits.h"
#include "log.h"
#include "pages.h"
#include "rig.h"
#include "sysfs.h"

#define RIGS		2u
#define TOKEN(n)	(1 + 10 * (n))		/* of a rig's files */
#define BIG_TOKEN(n)	(5 + 10 * (n))		/* of its large memfd */
#define BIG_IOVA	0x70000000ull
#define BIG_SIZE	(32ul << 20)
#define BIG_PAGES	(BIG_SIZE / RIG_PAGE)
#define ANON_IOVA	0x90000000ull
#define ANON_SIZE	(8ul << 20)
#define ANON_PAGES	(ANON_SIZE / RIG_PAGE)
#define GROUP		"payer"
#define TIGHT		(16ul << 20)	/* less than the large memfd */
#define KILLS		6u
#define FILE_MAX	"/proc/sys/fs/file-max"

/* ---------------------------------------------------------------- kernel A */

/* Every page says where it is. */
static void stamp(uint8_t *memory, unsigned int pages)
{
	static uint64_t pa[BIG_PAGES];

	pages_pa(memory, pages, pa);
	for (unsigned int i = 0; i < pages; i++)
		memcpy(memory + i * (size_t)RIG_PAGE, &pa[i], sizeof(pa[i]));
}

static void make(unsigned int n, int session)
{
	char bdf[CO_BDF_SIZE];
	struct co_buffer big;
	struct rig rig;
	void *memory;

	rig_edu(n, bdf);
	rig_open(&rig, bdf, TOKEN(n));
	WORKS(co_buffer_create(&big, "limits", BIG_SIZE, false));
	WORKS(co_map_file(rig.iommufd, rig.note->ioas, BIG_IOVA, big.fd, 0,
			  BIG_SIZE));
	stamp(big.mem, BIG_PAGES);
	memory = mmap(NULL, ANON_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST(memory != MAP_FAILED);
	WORKS(co_map(rig.iommufd, rig.note->ioas, ANON_IOVA, memory,
		     ANON_SIZE));
	stamp(memory, ANON_PAGES);
	rig_preserve(&rig, session);
	WORKS(co_session_preserve(session, big.fd, BIG_TOKEN(n)));
}

static int before(void)
{
	int session = rig_session_create("limits");

	for (unsigned int n = 0; n < RIGS; n++)
		make(n, session);
	rig_linger();
	return test_result();
}

/* ---------------------------------------------------------------- kernel B */

static int session;

static void still_running(unsigned int n)
{
	char bdf[CO_BDF_SIZE];

	rig_edu(n, bdf);
	CHECK(rig_master(bdf));
}

/* The pages are what and where they were. */
static void check_stamps(int fd, uint64_t offset, unsigned int pages)
{
	size_t size = pages * (size_t)RIG_PAGE;
	uint8_t *memory = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, offset);
	static uint64_t pa[BIG_PAGES];
	unsigned int lost = 0;

	MUST(memory != MAP_FAILED);
	pages_pa(memory, pages, pa);
	for (unsigned int i = 0; i < pages; i++)
		lost += memcmp(memory + i * (size_t)RIG_PAGE, &pa[i],
			       sizeof(pa[i])) != 0;
	SAME(lost, 0);
	munmap(memory, size);
}

static void check_mapped(const struct rig *rig, uint64_t iova,
			 unsigned int pages)
{
	uint64_t offset, length;
	int fd = WORKS(co_ioas_file(rig->iommufd, rig->note->ioas, iova,
				    &offset, &length));

	SAME(length, pages * (size_t)RIG_PAGE);
	check_stamps(fd, offset, pages);
	close(fd);
}

static void check_rig(unsigned int n)
{
	struct rig rig;

	rig_retrieve(&rig, session, TOKEN(n));
	rig_check(&rig);
	check_mapped(&rig, BIG_IOVA, BIG_PAGES);
	check_mapped(&rig, ANON_IOVA, ANON_PAGES);
	check_stamps(WORKS(co_session_retrieve_fd(session, BIG_TOKEN(n))), 0,
		     BIG_PAGES);
	rig_check_dma(&rig);
}

/* As a child that may have no more than this; it does not die of it. */
static void refused(uint64_t token, const char *group, size_t locked,
		    const char *limit)
{
	int log = log_open(), status;
	pid_t child = fork();

	MUST(child >= 0);
	if (!child) {
		limits_enter(group);
		if (locked)
			limits_memlock(locked);
		FAILS(co_session_retrieve_fd(session, token), ENOMEM);
		FAILS(co_session_retrieve_fd(session, token), ENOMEM);
		_exit(test_result());
	}
	MUST(waitpid(child, &status, 0) == child);
	SAME(status, 0);
	CHECK(log_has(log, (const char *[]){ "liveupdate", limit, NULL }));
	close(log);
}

static void memfd_beyond_cgroup(void)
{
	test_say("I4: a memfd larger than memory.max");
	refused(BIG_TOKEN(0), GROUP, 0, "memory.max");
	SAME(limits_events(GROUP, "oom_kill "), 0);
	still_running(0);
	check_stamps(WORKS(co_session_retrieve_fd(session, BIG_TOKEN(0))), 0,
		     BIG_PAGES);
}

/* As a child, twice. */
static void no_file(uint64_t token)
{
	pid_t child = fork();
	int status;

	MUST(child >= 0);
	if (!child) {
		limits_files();
		FAILS(co_session_retrieve_fd(session, token), ENFILE);
		FAILS(co_session_retrieve_fd(session, token), ENFILE);
		_exit(test_result());
	}
	MUST(waitpid(child, &status, 0) == child);
	SAME(status, 0);
}

static void beyond_file_max(void)
{
	char before[32];

	test_say("I4: more files than fs.file-max");
	snprintf(before, sizeof(before), "%lld", counts_number(FILE_MAX, ""));
	no_file(BIG_TOKEN(1));
	no_file(TOKEN(1) + RIG_IOMMUFD);
	no_file(TOKEN(1) + RIG_VFIO);
	MUST(!file_write(FILE_MAX, before));
	still_running(1);
}

static void iommufd_beyond_memlock(void)
{
	test_say("I4: an iommufd that pins more than RLIMIT_MEMLOCK");
	refused(TOKEN(0) + RIG_IOMMUFD, "", BIG_SIZE / 2, "RLIMIT_MEMLOCK");
	refused(TOKEN(0) + RIG_VFIO, "", BIG_SIZE / 2, "RLIMIT_MEMLOCK");
	still_running(0);
	close(WORKS(co_session_retrieve_fd(session, TOKEN(0) + RIG_IOMMUFD)));
}

static void iommufd_beyond_cgroup(void)
{
	test_say("I4: an iommufd whose memory is more than memory.max");
	refused(TOKEN(1) + RIG_IOMMUFD, GROUP, 0, "memory.max");
	SAME(limits_events(GROUP, "oom_kill "), 0);
	still_running(1);
}

/* Killed after @ms, if it was not through by then. Was it? */
static bool killed(uint64_t token, unsigned int ms)
{
	pid_t child = fork();
	int status;

	MUST(child >= 0);
	if (!child)
		_exit(co_session_retrieve_fd(session, token) < 0);
	rig_sleep_ms(ms);
	kill(child, SIGKILL);
	MUST(waitpid(child, &status, 0) == child);
	CHECK(WIFSIGNALED(status) || !WEXITSTATUS(status));
	return WIFSIGNALED(status);
}

/* Each time another process; the last one is this, with all it wants. */
static void iommufd_killed(void)
{
	unsigned int hits = 0;

	for (unsigned int i = 0; i < KILLS; i++) {
		hits += killed(TOKEN(1) + RIG_IOMMUFD, 1 + i);
		still_running(1);
	}
	test_say("I4: killed %u times while it retrieved", hits);
	CHECK(hits);
	close(WORKS(co_session_retrieve_fd(session, TOKEN(1) + RIG_IOMMUFD)));
}

static int after(void)
{
	session = rig_session_retrieve("limits");
	limits_group(GROUP, TIGHT);
	memfd_beyond_cgroup();
	beyond_file_max();
	iommufd_beyond_memlock();
	iommufd_beyond_cgroup();
	iommufd_killed();
	for (unsigned int n = 0; n < RIGS; n++)
		check_rig(n);
	rig_session_finish(session);
	return test_result();
}

int main(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[1], "after") ? after() : before();
}
