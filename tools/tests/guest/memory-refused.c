// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that was mapped by its address and cannot be carried: PRESERVE_FD
 * refuses it and the kernel's log names the IOVA (invariants I1, I4).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "log.h"
#include "rig.h"

#define SPARE_IOVA	0x70000000ull
#define SPARE_TEXT	"0x70000000"
/* LENGTH / 2 further. */
#define MIDDLE_TEXT	"0x70004000"
#define LENGTH		(8 * RIG_PAGE)

static void *take(void *at, int flags, int fd, uint64_t offset)
{
	void *memory = mmap(at, LENGTH, PROT_READ | PROT_WRITE, flags, fd,
			    offset);

	MUST(memory != MAP_FAILED);
	return memory;
}

/* Refused while it is mapped, and a refusal leaves no trace. */
static void refuse(const struct rig *rig, const char *what, const char *iova)
{
	int session = rig_session_create("refused");
	int log = log_open();

	test_say("%s", what);
	FAILS(co_session_preserve(session, rig->iommufd, 1), EOPNOTSUPP);
	CHECK(log_has(log, (const char *[]){ iova, NULL }));
	WORKS(co_unmap(rig->iommufd, rig->note->ioas, SPARE_IOVA, LENGTH));
	WORKS(co_session_preserve(session, rig->iommufd, 1));
	close(session);
	close(log);
}

static void refuse_memory(const struct rig *rig, void *memory, const char *what,
			  const char *iova)
{
	WORKS(co_map(rig->iommufd, rig->note->ioas, SPARE_IOVA, memory,
		     LENGTH));
	refuse(rig, what, iova);
}

/* The same shared pages, seen at a second address. */
static void two_addresses(const struct rig *rig)
{
	void *memory = take(NULL, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	void *again = mremap(memory, 0, LENGTH, MREMAP_MAYMOVE);
	uint64_t other = SPARE_IOVA + (1 << 20);
	int session;

	MUST(again != MAP_FAILED);
	WORKS(co_map(rig->iommufd, rig->note->ioas, SPARE_IOVA, memory,
		     LENGTH));
	WORKS(co_map(rig->iommufd, rig->note->ioas, other, again, LENGTH));
	session = rig_session_create("refused");
	test_say("one page, two addresses");
	FAILS(co_session_preserve(session, rig->iommufd, 1), EOPNOTSUPP);
	close(session);
	WORKS(co_unmap(rig->iommufd, rig->note->ioas, SPARE_IOVA, LENGTH));
	WORKS(co_unmap(rig->iommufd, rig->note->ioas, other, LENGTH));
}

/* Half of the mapping is a memfd's, half is not. */
static void mixed(const struct rig *rig)
{
	void *memory = take(NULL, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST(mmap((char *)memory + LENGTH / 2, LENGTH / 2,
		  PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		  rig->buffer.fd, RIG_DATA) != MAP_FAILED);
	refuse_memory(rig, memory, "memory of two kinds", MIDDLE_TEXT);
}

/* Pages of a memfd, but not in its order. */
static void disordered(const struct rig *rig)
{
	void *memory = take(NULL, MAP_SHARED, rig->buffer.fd, RIG_DATA);

	MUST(mmap((char *)memory + LENGTH / 2, LENGTH / 2,
		  PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		  rig->buffer.fd, RIG_DATA) != MAP_FAILED);
	refuse_memory(rig, memory, "pages out of order", MIDDLE_TEXT);
}

static void named_file(const struct rig *rig)
{
	int fd;

	MUST(!mkdir("/named", 0700) && !mount("none", "/named", "tmpfs", 0, ""));
	fd = open("/named/file", O_RDWR | O_CREAT | O_EXCL, 0600);
	MUST(fd >= 0 && !ftruncate(fd, LENGTH));
	refuse_memory(rig, take(NULL, MAP_SHARED, fd, 0), "a file with a name",
		      SPARE_TEXT);
	close(fd);
	MUST(!umount2("/named", MNT_DETACH) && !rmdir("/named"));
}

/*
 * I1: what is carried as memory of a context has a file that can be opened, and
 * can't be preserved by it a second time, nor be mapped by it.
 */
static void anonymous_file(const struct rig *rig)
{
	char *memory = take(NULL, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int session = rig_session_create("kept"), other, fd;
	char path[64];

	test_say("shared anonymous memory by its file");
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx",
		 (unsigned long)memory, (unsigned long)memory + LENGTH);
	fd = open(path, O_RDWR);
	MUST(fd >= 0);
	WORKS(co_map(rig->iommufd, rig->note->ioas, SPARE_IOVA, memory,
		     LENGTH));
	WORKS(co_session_preserve(session, rig->iommufd, 1));
	other = rig_session_create("refused");
	FAILS(co_session_preserve(other, fd, 2), ENOENT);
	close(other);
	close(session);
	WORKS(co_unmap(rig->iommufd, rig->note->ioas, SPARE_IOVA, LENGTH));
	WORKS(co_map_file(rig->iommufd, rig->note->ioas, SPARE_IOVA, fd, 0,
			  LENGTH));
	refuse(rig, "shared anonymous memory mapped by its file", SPARE_TEXT);
	close(fd);
}

/* Nothing is pinned, so nothing says which pages they are. */
static void no_table(const struct rig *rig)
{
	void *memory = take(NULL, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int session = rig_session_create("refused");
	int log = log_open();
	uint32_t ioas;

	test_say("no HWPT");
	WORKS(co_ioas_alloc(rig->iommufd, &ioas));
	WORKS(co_map(rig->iommufd, ioas, SPARE_IOVA, memory, LENGTH));
	FAILS(co_session_preserve(session, rig->iommufd, 1), EOPNOTSUPP);
	CHECK(log_has(log, (const char *[]){ SPARE_TEXT, NULL }));
	WORKS(co_iommufd_destroy(rig->iommufd, ioas));
	WORKS(co_session_preserve(session, rig->iommufd, 1));
	close(session);
	close(log);
}

/* A page can be kept once. */
static void two_contexts(const struct rig *a, const struct rig *b)
{
	void *memory = take(NULL, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int session = rig_session_create("refused");

	test_say("one page, two contexts");
	WORKS(co_map(a->iommufd, a->note->ioas, SPARE_IOVA, memory, LENGTH));
	WORKS(co_map(b->iommufd, b->note->ioas, SPARE_IOVA, memory, LENGTH));
	WORKS(co_session_preserve(session, a->iommufd, 1));
	FAILS(co_session_preserve(session, b->iommufd, 2), EOPNOTSUPP);
	close(session);
	/* And by one context each in turn. */
	session = rig_session_create("refused");
	WORKS(co_session_preserve(session, b->iommufd, 2));
	close(session);
	WORKS(co_unmap(a->iommufd, a->note->ioas, SPARE_IOVA, LENGTH));
	WORKS(co_unmap(b->iommufd, b->note->ioas, SPARE_IOVA, LENGTH));
}

int main(void)
{
	char bdf[2][CO_BDF_SIZE];
	struct rig rig[2];

	for (unsigned int i = 0; i < 2; i++) {
		rig_edu(i, bdf[i]);
		rig_open(&rig[i], bdf[i], 10 * (i + 1));
	}
	two_addresses(&rig[0]);
	mixed(&rig[0]);
	disordered(&rig[0]);
	named_file(&rig[0]);
	anonymous_file(&rig[0]);
	no_table(&rig[0]);
	two_contexts(&rig[0], &rig[1]);
	for (unsigned int i = 0; i < 2; i++) {
		rig_check(&rig[i]);
		rig_check_dma(&rig[i]);
		rig_close(&rig[i]);
	}
	return test_result();
}
