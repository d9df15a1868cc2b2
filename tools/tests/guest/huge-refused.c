// SPDX-License-Identifier: GPL-2.0-only
/*
 * Huge pages that can't be carried: PRESERVE_FD refuses them, the kernel's log says
 * which and why, and nothing changes (invariant I4).
 *
 *   all         what any guest can show
 *   cma         one page of 1 GiB, in CMA, and no room to move it
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/reboot.h>

#include "counts.h"
#include "harness.h"
#include "huge.h"
#include "log.h"
#include "rig.h"

#define PAGE		HUGE_2M
#define PAGES		3u
#define SIZE		(PAGES * PAGE)
/*
 * A hole that is filled by pinning takes a page that can be pinned, and a few are
 * always in KHO's scratch areas.
 */
#define POOL		(8 * PAGES)
#define IOVA		0x1000000000ull
#define FIRST_TEXT	"IOVA 0x1000000000"
#define SECOND_TEXT	"IOVA 0x1000200000"
#define OTHER		0x2000000000ull
#define TOKEN		5
#ifndef MADV_HWPOISON
#define MADV_HWPOISON	100
#endif

static struct huge_memory make(enum huge_kind kind)
{
	struct huge_memory memory;

	huge_make(&memory, kind, PAGE, SIZE);
	return memory;
}

static void drop(const struct huge_memory *memory)
{
	munmap(memory->mem, memory->size);
	/* One with a name would stay. */
	if (memory->kind == HUGE_NAMED)
		MUST(!ftruncate(memory->fd, 0));
	if (memory->fd >= 0)
		close(memory->fd);
}

/* Refused with these words, twice for a refusal leaves no trace, and then not. */
static void refuse(const struct rig *rig, int err, const char *iova,
		   const char *why, uint64_t unmap)
{
	int session = rig_session_create("refused"), log = log_open();

	test_say("%s", why);
	for (int i = 0; i < 2; i++)
		FAILS(co_session_preserve(session, rig->iommufd, 1), err);
	CHECK(log_has(log, (const char *[]){ iova, why, NULL }));
	WORKS(co_unmap(rig->iommufd, rig->note->ioas, unmap, SIZE));
	WORKS(co_session_preserve(session, rig->iommufd, 1));
	close(session);
	close(log);
	WORKS(co_unmap(rig->iommufd, rig->note->ioas, 0, UINT64_MAX));
	WORKS(co_map_file(rig->iommufd, rig->note->ioas, RIG_IOVA,
			  rig->buffer.fd, 0, RIG_SIZE));
}

static void map(const struct rig *rig, const struct huge_memory *memory)
{
	huge_map(memory, rig->iommufd, rig->note->ioas, IOVA);
}

/* ------------------------------------------------------------------ poison */

static void poison(uint8_t *page)
{
	long long before = counts_number("/proc/meminfo", "HardwareCorrupted:");

	/* One that a device may write to is not taken from it. */
	MUST(!madvise(page + 5 * RIG_PAGE, RIG_PAGE, MADV_HWPOISON) ||
	     errno == EBUSY);
	MUST(counts_number("/proc/meminfo", "HardwareCorrupted:") > before);
}

static void poisoned(const struct rig *rig, enum huge_kind kind)
{
	struct huge_memory memory = make(kind);

	map(rig, &memory);
	poison(memory.mem + PAGE);
	refuse(rig, EOPNOTSUPP, SECOND_TEXT, "poisoned", IOVA);
	drop(&memory);
}

static void poisoned_memfd(void)
{
	struct huge_memory memory = make(HUGE_MEMFD);
	int session = rig_session_create("refused"), log = log_open();

	poison(memory.mem + PAGE);
	test_say("a memfd with a poisoned page");
	FAILS(co_session_preserve(session, memory.fd, TOKEN), EOPNOTSUPP);
	CHECK(log_has(log, (const char *[]){ "byte 0x200000", "poisoned", NULL }));
	MUST(!fallocate(memory.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			PAGE, PAGE));
	WORKS(co_session_preserve(session, memory.fd, TOKEN));
	close(session);
	close(log);
	drop(&memory);
}

/* ------------------------------------------------------------------- shape */

/* Huge pages, and normal ones in the middle. */
static void mixed(const struct rig *rig)
{
	struct huge_memory memory = make(HUGE_PRIVATE);

	MUST(!munmap(memory.mem + PAGE, PAGE));
	MUST(mmap(memory.mem + PAGE, PAGE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1, 0)
	     != MAP_FAILED);
	map(rig, &memory);
	refuse(rig, EOPNOTSUPP, SECOND_TEXT, "more than one kind", IOVA);
	drop(&memory);
}

static void two_addresses(const struct rig *rig)
{
	struct huge_memory memory = make(HUGE_NAMED);
	uint8_t *again = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			      memory.fd, 0);

	MUST(again != MAP_FAILED);
	map(rig, &memory);
	WORKS(co_map(rig->iommufd, rig->note->ioas, OTHER, again, SIZE));
	refuse(rig, EOPNOTSUPP, "IOVA", "two addresses", OTHER);
	munmap(again, SIZE);
	drop(&memory);
}

/* What a hole was punched into is the device's alone. */
static void punched(const struct rig *rig)
{
	struct huge_memory memory = make(HUGE_MEMFD);

	map(rig, &memory);
	MUST(!fallocate(memory.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			PAGE, PAGE));
	refuse(rig, EBADMSG, SECOND_TEXT, "hole", IOVA);
	drop(&memory);
}

/* Nothing is pinned, so nothing says which pages they are. */
static void no_table(const struct rig *rig)
{
	struct huge_memory memory = make(HUGE_UNLINKED);
	int session = rig_session_create("refused"), log = log_open();
	uint32_t ioas;

	test_say("no HWPT");
	WORKS(co_ioas_alloc(rig->iommufd, &ioas));
	huge_map(&memory, rig->iommufd, ioas, IOVA);
	FAILS(co_session_preserve(session, rig->iommufd, 1), EOPNOTSUPP);
	CHECK(log_has(log, (const char *[]){ FIRST_TEXT, "no HWPT", NULL }));
	WORKS(co_iommufd_destroy(rig->iommufd, ioas));
	close(session);
	close(log);
	drop(&memory);
}

static int freeze(void)
{
	return syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		       LINUX_REBOOT_CMD_KEXEC, NULL) < 0 ? -errno : 0;
}

/* A memfd that is in no session: found out when the kernel is to be replaced. */
static void forgotten(const struct rig *rig)
{
	struct huge_memory memory = make(HUGE_MEMFD_ADDRESS);
	int session = rig_session_create("refused"), log = log_open();

	test_say("a memfd that is in no session");
	map(rig, &memory);
	/* A hole behind what is mapped, which only the memfd's handler fills. */
	MUST(!ftruncate(memory.fd, SIZE + PAGE));
	WORKS(co_session_preserve(session, rig->buffer.fd, TOKEN + 1));
	WORKS(co_session_preserve(session, rig->iommufd, 1));
	FAILS(freeze(), ENOENT);
	CHECK(log_has(log, (const char *[]){ FIRST_TEXT, "not in the session",
					     NULL }));
	WORKS(co_session_preserve(session, memory.fd, TOKEN));
	SAME(huge_pool(PAGE).free, POOL - PAGES - 1);
	close(session);
	close(log);
	WORKS(co_unmap(rig->iommufd, rig->note->ioas, IOVA, SIZE));
	drop(&memory);
}

/* Who has a poisoned page mapped is told so; here that was no accident. */
static void told(int signal_number)
{
	(void)signal_number;
}

static int all(void)
{
	char bdf[CO_BDF_SIZE];
	struct rig rig;

	MUST(signal(SIGBUS, told) != SIG_ERR);
	rig_edu(0, bdf);
	rig_open(&rig, bdf, 1);
	/* A poisoned page is one less: twice as many as are in use at a time. */
	huge_ask(PAGE, POOL);
	mixed(&rig);
	two_addresses(&rig);
	punched(&rig);
	no_table(&rig);
	forgotten(&rig);
	huge_pool_is(PAGE, "all given back", (struct huge_pool) {
		.nr = POOL, .free = POOL });
	poisoned_memfd();
	poisoned(&rig, HUGE_MEMFD);
	poisoned(&rig, HUGE_PRIVATE);
	rig_check(&rig);
	rig_check_dma(&rig);
	rig_close(&rig);
	return test_result();
}

static int cma(void)
{
	struct huge_memory memory;
	int session, log;

	huge_ask(HUGE_1G, 1);
	huge_make(&memory, HUGE_MEMFD, HUGE_1G, HUGE_1G);
	session = rig_session_create("refused");
	log = log_open();
	FAILS(co_session_preserve(session, memory.fd, TOKEN), ENOMEM);
	CHECK(log_has(log, (const char *[]){ "can't be pinned", NULL }));
	SAME(huge_pool(HUGE_1G).nr, 1);
	close(session);
	return test_result();
}

int main(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[1], "cma") ? cma() : all();
}
