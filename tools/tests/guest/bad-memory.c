// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that the next kernel would take for good memory, or not have at all
 * (invariant I4): PRESERVE_FD refuses it, and the kernel's log names the
 * IOAS and the IOVA of the page.
 *
 *   poison      pages that the hardware has found broken, of a memfd, of
 *               anonymous memory, in the middle of what is mapped
 *   added       pages of memory that was added to a running system, node 1's
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "counts.h"
#include "harness.h"
#include "log.h"
#include "rig.h"

#define IOVA		0x70000000ull
#define BAD_TEXT	"IOVA 0x70002000"	/* where page BAD is */
#define FIRST_TEXT	"IOVA 0x70000000"
#define PAGES		8u
#define BAD		2u
#define LENGTH		(PAGES * RIG_PAGE)
#define ADDED_NODE	1u
#define MPOL_BIND	2
#ifndef MADV_HWPOISON
#define MADV_HWPOISON	100
#endif

static void refuse(const struct rig *rig, const char *iova, const char *what)
{
	int session = rig_session_create("bad"), log = log_open();
	char ioas[32];

	snprintf(ioas, sizeof(ioas), "IOAS %u", rig->note->ioas);
	test_say("I4: %s", what);
	FAILS(co_session_preserve(session, rig->iommufd, 1), EOPNOTSUPP);
	CHECK(log_has(log, (const char *[]){ ioas, iova, NULL }));
	WORKS(co_unmap(rig->iommufd, rig->note->ioas, IOVA, LENGTH));
	WORKS(co_session_preserve(session, rig->iommufd, 1));
	close(session);
	close(log);
}

static uint8_t *take(int flags, int fd)
{
	uint8_t *memory = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, flags, fd,
			       0);

	MUST(memory != MAP_FAILED);
	return memory;
}

/* ------------------------------------------------------------------ poison */

static void poison(uint8_t *memory)
{
	long long before = counts_number("/proc/meminfo", "HardwareCorrupted:");

	/* One that a device may write to is not taken from it. */
	MUST(!madvise(memory + BAD * RIG_PAGE, RIG_PAGE, MADV_HWPOISON) ||
	     errno == EBUSY);
	MUST(counts_number("/proc/meminfo", "HardwareCorrupted:") > before);
}

static void poison_anonymous(const struct rig *rig)
{
	uint8_t *memory = take(MAP_PRIVATE | MAP_ANONYMOUS, -1);

	memset(memory, 1, LENGTH);
	WORKS(co_map(rig->iommufd, rig->note->ioas, IOVA, memory, LENGTH));
	poison(memory);
	refuse(rig, BAD_TEXT, "a broken page of anonymous memory");
	munmap(memory, LENGTH);
}

static void poison_memfd(const struct rig *rig)
{
	int fd = memfd_create("bad", MFD_CLOEXEC);
	uint8_t *memory;

	MUST(fd >= 0 && !ftruncate(fd, LENGTH));
	memory = take(MAP_SHARED, fd);
	memset(memory, 1, LENGTH);
	WORKS(co_map_file(rig->iommufd, rig->note->ioas, IOVA, fd, 0, LENGTH));
	poison(memory);
	refuse(rig, BAD_TEXT, "a broken page of a memfd");
	munmap(memory, LENGTH);
	close(fd);
}

/* ------------------------------------------------------------------- added */

static void bind_to_added(void *memory)
{
	unsigned long mask = 1ul << ADDED_NODE;

	MUST(!syscall(SYS_mbind, memory, LENGTH, MPOL_BIND, &mask,
		      8 * sizeof(mask), 0));
}

static void is_added(uint8_t *memory)
{
	void *page[PAGES];
	int node[PAGES];

	memset(memory, 1, LENGTH);
	for (unsigned int i = 0; i < PAGES; i++)
		page[i] = memory + i * RIG_PAGE;
	MUST(!syscall(SYS_move_pages, 0, PAGES, page, NULL, node, 0));
	for (unsigned int i = 0; i < PAGES; i++)
		MUST(node[i] == ADDED_NODE);
}

static void added_anonymous(const struct rig *rig)
{
	uint8_t *memory = take(MAP_PRIVATE | MAP_ANONYMOUS, -1);

	bind_to_added(memory);
	is_added(memory);
	WORKS(co_map(rig->iommufd, rig->note->ioas, IOVA, memory, LENGTH));
	is_added(memory);
	refuse(rig, FIRST_TEXT, "anonymous memory that was added");
	munmap(memory, LENGTH);
}

static void added_memfd(const struct rig *rig)
{
	int fd = memfd_create("bad", MFD_CLOEXEC);
	uint8_t *memory;

	MUST(fd >= 0 && !ftruncate(fd, LENGTH));
	memory = take(MAP_SHARED, fd);
	bind_to_added(memory);
	is_added(memory);
	WORKS(co_map_file(rig->iommufd, rig->note->ioas, IOVA, fd, 0, LENGTH));
	is_added(memory);
	refuse(rig, FIRST_TEXT, "a memfd in memory that was added");
	munmap(memory, LENGTH);
	close(fd);
}

/* Who has a broken page mapped is told so; here that was no accident. */
static void told(int signal_number)
{
	(void)signal_number;
}

int main(int argc, char **argv)
{
	char bdf[CO_BDF_SIZE];
	struct rig rig;

	MUST(argc > 1 && signal(SIGBUS, told) != SIG_ERR);
	rig_edu(0, bdf);
	rig_open(&rig, bdf, 1);
	if (!strcmp(argv[1], "poison")) {
		poison_anonymous(&rig);
		poison_memfd(&rig);
	} else {
		added_anonymous(&rig);
		added_memfd(&rig);
	}
	rig_check(&rig);
	rig_check_dma(&rig);
	rig_close(&rig);
	return test_result();
}
