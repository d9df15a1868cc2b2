// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memfds of huge pages in a session, and no device: they come back as they were,
 * charged to whom retrieves them, and what they do not need they do not take
 * (invariants I2, I4, I6, I7).
 *
 *   before | after | closed | limits | ask N | given-up | lacks
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/memfd.h>

#include "counts.h"
#include "harness.h"
#include "huge.h"
#include "rig.h"
#include "sysfs.h"

#define PAGE		HUGE_2M
#define POOL		12
#define SEALS		(F_SEAL_GROW | F_SEAL_SHRINK)
#define POS		12345
#define CGROUP		"/cgroup/small"

#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC	0x20	/* <linux/fcntl.h>, which <fcntl.h> is in the way of */
#endif

/* Tokens. */
enum { SEALED = 1, NOEXEC, RESERVED, RAGGED, EMPTY, FILES };

/* Pages that each of them has in the next kernel. */
static const unsigned int pages[FILES] = {
	[SEALED] = 4, [NOEXEC] = 1, [RESERVED] = 3, [RAGGED] = 2, [EMPTY] = 0,
};

static const uint64_t size[FILES] = {
	[SEALED] = 4 * PAGE, [NOEXEC] = PAGE, [RESERVED] = 3 * PAGE,
	[RAGGED] = PAGE + PAGE / 2, [EMPTY] = 0,
};

static unsigned int all_pages(void)
{
	unsigned int sum = 0;

	for (int i = 0; i < FILES; i++)
		sum += pages[i];
	return sum;
}

static void *map(int fd, uint64_t bytes)
{
	void *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	MUST(mem != MAP_FAILED);
	return mem;
}

/* ---------------------------------------------------------------- kernel A */

static int make_sealed(void)
{
	int fd = huge_memfd(PAGE, size[SEALED], MFD_ALLOW_SEALING);

	huge_fill(map(fd, size[SEALED]), size[SEALED], SEALED);
	MUST(!fcntl(fd, F_ADD_SEALS, SEALS));
	return fd;
}

static int make_noexec(void)
{
	int fd = huge_memfd(PAGE, size[NOEXEC], MFD_NOEXEC_SEAL);

	huge_fill(map(fd, size[NOEXEC]), size[NOEXEC], NOEXEC);
	return fd;
}

/* Two of its pages are promised and not there. */
static int make_reserved(void)
{
	int fd = huge_memfd(PAGE, size[RESERVED], 0);
	long long before = huge_pool(PAGE).resv;

	huge_fill(map(fd, size[RESERVED]), PAGE, RESERVED);
	SAME(huge_pool(PAGE).resv - before, 2);
	return fd;
}

static int make_ragged(void)
{
	int fd = huge_memfd(PAGE, 0, 0);

	MUST(!fallocate(fd, 0, 0, size[RAGGED]));
	huge_fill(map(fd, PAGE), PAGE, RAGGED);
	return fd;
}

/* What can't be had in the next kernel is not promised in this one. */
static void refused(int session)
{
	int fd = huge_memfd(PAGE, (POOL + 1) * PAGE, 0), named;

	FAILS(co_session_preserve(session, fd, 90), ENOSPC);
	close(fd);
	MUST(!mkdir("/named", 0700));
	MUST(!mount("none", "/named", "hugetlbfs", 0, "pagesize=2M"));
	named = open("/named/file", O_RDWR | O_CREAT, 0600);
	MUST(named >= 0);
	FAILS(co_session_preserve(session, named, 91), ENOENT);
	close(named);
}

static int before(void)
{
	int fd[FILES], session = rig_session_create("huge");

	huge_ask(PAGE, POOL);
	refused(session);
	huge_pool_is(PAGE, "refused", (struct huge_pool) {
		.nr = POOL, .free = POOL });
	fd[SEALED] = make_sealed();
	fd[NOEXEC] = make_noexec();
	fd[RESERVED] = make_reserved();
	fd[RAGGED] = make_ragged();
	fd[EMPTY] = huge_memfd(PAGE, 0, 0);
	for (int i = SEALED; i < FILES; i++)
		WORKS(co_session_preserve(session, fd[i], i));
	FAILS(co_session_preserve(session, fd[SEALED], 92), EBUSY);
	huge_pool_is(PAGE, "preserved", (struct huge_pool) {
		.nr = POOL, .free = POOL - all_pages() });
	/* Where a description is belongs to it until the end. */
	MUST(lseek(fd[SEALED], POS, SEEK_SET) == POS);
	rig_linger();
	return test_result();
}

/* ---------------------------------------------------------------- kernel B */

static int take(int session, int token)
{
	return WORKS(co_session_retrieve_fd(session, token));
}

static void check_content(int fd, uint64_t bytes, int token)
{
	void *mem = map(fd, bytes);

	huge_check(mem, bytes, token);
	munmap(mem, bytes);
}

static void check_file(int fd, int token)
{
	uint64_t written = token == RESERVED || token == RAGGED ?
			   PAGE : size[token];
	struct stat st;

	MUST(!fstat(fd, &st));
	SAME(st.st_size, size[token]);
	SAME(st.st_blksize, PAGE);
	SAME(st.st_blocks * 512ull, pages[token] * PAGE);
	SAME(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
	if (written)
		check_content(fd, written, token);
}

static void check_sealed(int fd)
{
	struct stat st;

	SAME(fcntl(fd, F_GET_SEALS), SEALS);
	SAME(lseek(fd, 0, SEEK_CUR), POS);
	CHECK(ftruncate(fd, 0) && errno == EPERM);
	MUST(!fstat(fd, &st));
	CHECK(st.st_mode & 0111);
}

static void check_noexec(int fd)
{
	struct stat st;

	SAME(fcntl(fd, F_GET_SEALS), F_SEAL_EXEC);
	MUST(!fstat(fd, &st));
	CHECK(!(st.st_mode & 0111));
}

/* Pages nobody touched before are zero, and are there. */
static void check_reserved(int fd)
{
	uint8_t *mem = map(fd, size[RESERVED]);
	uint64_t sum = 0;

	for (uint64_t at = PAGE; at < size[RESERVED]; at++)
		sum += mem[at];
	SAME(sum, 0);
	munmap(mem, size[RESERVED]);
}

/* A hole gives its page back, and a file that is an ordinary one grows. */
static void lives_on(int fd, long long surplus)
{
	MUST(!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE,
			PAGE));
	SAME(huge_pool(PAGE).nr, surplus - 1);
	CHECK(fallocate(fd, 0, PAGE, PAGE) && errno == ENOSPC);
	huge_ask(PAGE, huge_pool(PAGE).nr + 1);
	SAME(huge_pool(PAGE).surplus, 0);
	MUST(!fallocate(fd, 0, PAGE, PAGE));
	huge_ask(PAGE, 0);
}

static int after(void)
{
	int fd[FILES], session = rig_session_retrieve("huge");

	huge_pool_is(PAGE, "before anything is retrieved", (struct huge_pool) {});
	for (int i = SEALED; i < FILES; i++) {
		fd[i] = take(session, i);
		check_file(fd[i], i);
	}
	huge_pool_is(PAGE, "retrieved", (struct huge_pool) {
		.nr = all_pages(), .surplus = all_pages() });
	check_sealed(fd[SEALED]);
	check_noexec(fd[NOEXEC]);
	check_reserved(fd[RESERVED]);
	rig_session_finish(session);
	lives_on(fd[RESERVED], all_pages());
	return test_result();
}

/* All is closed by the end of the process that had it. */
static int closed(void)
{
	huge_pool_is(PAGE, "closed", (struct huge_pool) {});
	return test_result();
}

/* --------------------------------------------------------- kernel B, limits */

static long long usage(const char *file)
{
	char path[96];

	snprintf(path, sizeof(path), CGROUP "/%s", file);
	return counts_number(path, "");
}

static void enter_group(void)
{
	char pid[16];

	MUST(!mkdir("/cgroup", 0700));
	MUST(!mount("none", "/cgroup", "cgroup2", 0, "memory_hugetlb_accounting"));
	MUST(!file_write("/cgroup/cgroup.subtree_control", "+memory +hugetlb"));
	MUST(!mkdir(CGROUP, 0700));
	snprintf(pid, sizeof(pid), "%d", getpid());
	MUST(!file_write(CGROUP "/cgroup.procs", pid));
}

/* Each limit says no, and nothing is lost by that. */
static void refuse_once(int session, const char *limit)
{
	char path[96];

	snprintf(path, sizeof(path), CGROUP "/%s", limit);
	MUST(!file_write(path, "6291456"));
	FAILS(co_session_retrieve_fd(session, SEALED), ENOMEM);
	huge_pool_is(PAGE, limit, (struct huge_pool) {});
	SAME(usage("hugetlb.2MB.current"), 0);
	SAME(usage("hugetlb.2MB.rsvd.current"), 0);
	MUST(!file_write(path, "max"));
}

static int limits(void)
{
	int session = rig_session_retrieve("huge"), fd;

	enter_group();
	refuse_once(session, "hugetlb.2MB.max");
	refuse_once(session, "hugetlb.2MB.rsvd.max");
	refuse_once(session, "memory.max");
	fd = take(session, SEALED);
	check_file(fd, SEALED);
	SAME(usage("hugetlb.2MB.current"), size[SEALED]);
	SAME(usage("hugetlb.2MB.rsvd.current"), size[SEALED]);
	CHECK(usage("memory.current") >= (long long)size[SEALED]);
	rig_session_finish(session);
	huge_pool_is(PAGE, "the others given back", (struct huge_pool) {
		.nr = pages[SEALED], .surplus = pages[SEALED] });
	close(fd);
	huge_pool_is(PAGE, "closed", (struct huge_pool) {});
	SAME(usage("hugetlb.2MB.current"), 0);
	SAME(usage("hugetlb.2MB.rsvd.current"), 0);
	return test_result();
}

/* A pool of its own is beside what arrives. */
static int ask(long long nr)
{
	int session = rig_session_retrieve("huge");

	huge_pool_is(PAGE, "asked for", (struct huge_pool) {
		.nr = nr, .free = nr });
	for (int i = SEALED; i < FILES; i++)
		check_file(take(session, i), i);
	huge_pool_is(PAGE, "retrieved", (struct huge_pool) {
		.nr = nr + all_pages(), .free = nr, .surplus = all_pages() });
	rig_session_finish(session);
	return test_result();
}

/* Nobody wants them: they are ordinary memory again. */
static int given_up(void)
{
	int session = rig_session_retrieve("huge");

	close(take(session, RAGGED));
	rig_session_finish(session);
	huge_pool_is(PAGE, "given up", (struct huge_pool) {});
	huge_ask(PAGE, POOL);
	return test_result();
}

/* A kernel that can't take them back waits for one that can be loaded. */
static int lacks(void)
{
	int luo = WORKS(co_luo_open());

	for (int i = 0; i < 2; i++)
		FAILS(co_session_retrieve(luo, "huge"), ENOPKG);
	return test_result();
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	if (!strcmp(mode, "before"))
		return before();
	if (!strcmp(mode, "after"))
		return after();
	if (!strcmp(mode, "closed"))
		return closed();
	if (!strcmp(mode, "limits"))
		return limits();
	if (!strcmp(mode, "ask"))
		return ask(atoll(argv[2]));
	if (!strcmp(mode, "given-up"))
		return given_up();
	if (!strcmp(mode, "lacks"))
		return lacks();
	return 2;
}
