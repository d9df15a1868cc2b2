// SPDX-License-Identifier: GPL-2.0-only
/*
 * As many mappings as VFIO lets a container have, 65,536 of a page each, through
 * two updates (invariant I2). What each step takes grows as their number
 * does, seen beside a context with an eighth of them; and who waits for it can
 * be killed.
 *
 *   1 2 3      the kernel this runs in
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/reboot.h>

#include "harness.h"
#include "rig.h"

#define LAST		3
#define MANY		65536u
#define FEW		(MANY / 8)
#define SLOWER		16	/* times at most, for 8 times as many */
#define BASE		0x100000000ull
#define IOVA(n)		(BASE + (n) * 2ull * RIG_PAGE)
#define FILE_PAGES	4096u
#define FILE_TOKEN	50

/* The contexts, each with a device of its own. */
enum { LARGE, SMALL, RIGS };

static const unsigned int count_of[RIGS] = { MANY, FEW };
static const char *const name_of[RIGS] = { "65536 mappings", "8192 mappings" };

static uint64_t token_of(unsigned int n)
{
	return 1 + 10 * n;
}

static void linear(const char *what, const long long us[RIGS])
{
	test_say("%s: %lld us, %lld us for an eighth", what, us[LARGE],
		 us[SMALL]);
	CHECK(us[LARGE] < SLOWER * us[SMALL]);
}

/* A hash of where each mapping is. */
static uint64_t addresses(const struct rig *rig, unsigned int count)
{
	uint64_t hash = 0;

	for (unsigned int i = 0; i < count; i++) {
		uint64_t length = RIG_PAGE, pa;

		WORKS(co_pa(rig->iommufd, rig->note->ioas, IOVA(i), &pa,
			    &length));
		SAME(length, RIG_PAGE);
		hash = (hash ^ pa) * 0x100000001b3ull;
	}
	return hash;
}

/* ---------------------------------------------------------------- kernel A */

static void map_all(struct rig *rig, unsigned int n, int fd)
{
	for (unsigned int i = 0; i < count_of[n]; i++)
		WORKS(co_map_file(rig->iommufd, rig->note->ioas, IOVA(i), fd,
				  i % FILE_PAGES * RIG_PAGE, RIG_PAGE));
	rig->note->word[0] = addresses(rig, count_of[n]);
}

static int make(struct rig rig[RIGS])
{
	struct co_buffer buffer;
	char bdf[CO_BDF_SIZE];

	WORKS(co_buffer_create(&buffer, "mappings", FILE_PAGES * RIG_PAGE,
			       false));
	for (unsigned int n = 0; n < RIGS; n++) {
		rig_edu(n, bdf);
		rig_open(&rig[n], bdf, token_of(n));
		map_all(&rig[n], n, buffer.fd);
	}
	return buffer.fd;
}

/* A context whose memory is in no session: with it every freeze fails, at last. */
static int make_bad(void)
{
	int iommufd = WORKS(co_iommufd_open());
	struct co_buffer buffer;
	uint32_t ioas;

	WORKS(co_buffer_create(&buffer, "bad", RIG_PAGE, false));
	WORKS(co_ioas_alloc(iommufd, &ioas));
	WORKS(co_map_file(iommufd, ioas, BASE, buffer.fd, 0, RIG_PAGE));
	co_buffer_close(&buffer);
	return iommufd;
}

static void freeze(const struct rig rig[RIGS], int fd)
{
	long long preserve[RIGS], freeze[RIGS];
	int bad = make_bad();

	for (unsigned int n = 0; n < RIGS; n++) {
		int session = rig_session_create("freeze");
		long long start = test_now_us();

		WORKS(co_session_preserve(session, rig[n].iommufd, 1));
		preserve[n] = test_now_us() - start;
		WORKS(co_session_preserve(session, rig[n].buffer.fd, 2));
		WORKS(co_session_preserve(session, fd, 3));
		WORKS(co_session_preserve(session, bad, 4));
		start = test_now_us();
		CHECK(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1,
			      LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC,
			      NULL) < 0);
		freeze[n] = test_now_us() - start;
		close(session);
	}
	close(bad);
	linear("PRESERVE_FD", preserve);
	linear("freeze", freeze);
}

static void leave(const struct rig rig[RIGS], int fd)
{
	int session = rig_session_create("mappings");

	for (unsigned int n = 0; n < RIGS; n++)
		rig_preserve(&rig[n], session);
	WORKS(co_session_preserve(session, fd, FILE_TOKEN));
	rig_linger();
}

/* ----------------------------------------------------------- kernels B and C */

static long long retrieve(struct rig *rig, int session, unsigned int n)
{
	long long start = test_now_us();

	rig->token = token_of(n);
	rig_retrieve_one(rig, session, RIG_IOMMUFD);
	return test_now_us() - start;
}

/* Long before it would be through, it is gone. */
static void can_be_killed(int session, long long us)
{
	long long start;
	pid_t child = fork();
	int status;

	MUST(child >= 0);
	if (!child) {
		co_session_retrieve_fd(session, token_of(LARGE) + RIG_IOMMUFD);
		_exit(0);
	}
	rig_sleep_ms(us / 1000 + 1);
	start = test_now_us();
	kill(child, SIGKILL);
	MUST(waitpid(child, &status, 0) == child);
	test_say("killed: gone after %lld us", test_now_us() - start);
	CHECK(WIFSIGNALED(status));
	CHECK(test_now_us() - start < 2 * us);
}

static int arrive(struct rig rig[RIGS], bool kill_one)
{
	int session = rig_session_retrieve("mappings"), fd;
	long long us[RIGS];

	fd = WORKS(co_session_retrieve_fd(session, FILE_TOKEN));
	us[SMALL] = retrieve(&rig[SMALL], session, SMALL);
	if (kill_one)
		can_be_killed(session, us[SMALL]);
	us[LARGE] = retrieve(&rig[LARGE], session, LARGE);
	linear("RETRIEVE_FD", us);
	for (unsigned int n = 0; n < RIGS; n++) {
		rig_retrieve(&rig[n], session, token_of(n));
		rig_check(&rig[n]);
		test_say("I2: %s", name_of[n]);
		SAME(addresses(&rig[n], count_of[n]), rig[n].note->word[0]);
		rig_check_dma(&rig[n]);
	}
	rig_session_finish(session);
	return fd;
}

static void end(struct rig *rig, unsigned int n)
{
	WORKS(co_unmap(rig->iommufd, rig->note->ioas, BASE,
		       IOVA(count_of[n]) - BASE));
	rig_close(rig);
}

int main(int argc, char **argv)
{
	int kernel = argc > 1 ? atoi(argv[1]) : 1, fd;
	struct rig rig[RIGS];

	fd = kernel == 1 ? make(rig) : arrive(rig, kernel == 2);
	if (kernel == 1)
		freeze(rig, fd);
	if (kernel < LAST)
		leave(rig, fd);
	for (unsigned int n = 0; kernel == LAST && n < RIGS; n++)
		end(&rig[n], n);
	return test_result();
}
