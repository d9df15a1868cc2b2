// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many buffers, each mapped by itself and by its address, through two updates
 * with the limits a process has by default (invariant I2): what has no
 * file comes back as one memfd, as dense as it was, in which what was side by
 * side in the process is side by side. Of a large range of addresses that is
 * what was pinned of it and no more, at the next PRESERVE_FD neither.
 *
 *   1 2 3      the kernel this runs in
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/iommufd.h>

#include "harness.h"
#include "rig.h"

#define LAST		3
#define BUFFERS		2000u
#define IOVA(n)		(0x100000000ull + (n) * 4ull * RIG_PAGE)
#define PAIR_IOVA	0x200000000ull	/* two mappings of one buffer */
#define PAIR_PAGES	4u		/* each */
#define WIDE_SIZE	(64ull << 30)	/* of addresses, a page of which is mapped */
#define WIDE_IOVA	0x300000000ull
#define TOKEN		50
#define BLOCK		512u		/* what st_blocks counts */

/* All that has no file, in pages. */
#define PAGES		(BUFFERS + 2 * PAIR_PAGES + 1)

static uint64_t stamp(uint64_t iova)
{
	return iova ^ 0xb0ffe45ull;
}

static void *take(uint64_t size, int flags)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	MUST(memory != MAP_FAILED);
	return memory;
}

/* ---------------------------------------------------------------- kernel A */

static void map(const struct rig *rig, uint64_t iova, void *memory,
		unsigned int pages)
{
	for (unsigned int i = 0; i < pages; i++)
		*(uint64_t *)((char *)memory + i * RIG_PAGE) =
			stamp(iova + i * RIG_PAGE);
	WORKS(co_map(rig->iommufd, rig->note->ioas, iova, memory,
		     pages * RIG_PAGE));
}

/* As by malloc(): with room in between. */
static void map_buffers(const struct rig *rig)
{
	char *memory = take(2 * BUFFERS * (uint64_t)RIG_PAGE, 0);

	for (unsigned int i = 0; i < BUFFERS; i++)
		map(rig, IOVA(i), memory + 2 * i * (uint64_t)RIG_PAGE, 1);
}

static void map_pair(const struct rig *rig)
{
	char *memory = take(2 * PAIR_PAGES * RIG_PAGE, 0);

	for (unsigned int i = 0; i < 2; i++)
		map(rig, PAIR_IOVA + i * PAIR_PAGES * RIG_PAGE,
		    memory + i * PAIR_PAGES * RIG_PAGE, PAIR_PAGES);
}

/* Nothing pins in an IOAS without a table: of the range one page is copied. */
static void map_wide(const struct rig *rig)
{
	char *memory = take(WIDE_SIZE, MAP_NORESERVE);
	uint64_t at = WIDE_SIZE - RIG_PAGE;
	struct iommu_ioas_copy copy = {
		.size = sizeof(copy), .dst_ioas_id = rig->note->ioas,
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
		.length = RIG_PAGE, .dst_iova = WIDE_IOVA, .src_iova = at,
	};

	WORKS(co_ioas_alloc(rig->iommufd, &copy.src_ioas_id));
	WORKS(co_map(rig->iommufd, copy.src_ioas_id, 0, memory, WIDE_SIZE));
	MUST(!ioctl(rig->iommufd, IOMMU_IOAS_COPY, &copy));
	WORKS(co_iommufd_destroy(rig->iommufd, copy.src_ioas_id));
	*(uint64_t *)(memory + at) = stamp(WIDE_IOVA);
}

static void make(struct rig *rig)
{
	char bdf[CO_BDF_SIZE];

	rig_edu(0, bdf);
	rig_open(rig, bdf, 1);
	map_buffers(rig);
	map_pair(rig);
	map_wide(rig);
}

/* ----------------------------------------------------------- kernels B and C */

/* The file of an IOVA, open; the byte of it that the IOVA shows. */
static int file_of(const struct rig *rig, uint64_t iova, unsigned int pages,
		   uint64_t *offset)
{
	uint64_t length;
	int fd = WORKS(co_ioas_file(rig->iommufd, rig->note->ioas, iova,
				    offset, &length));

	SAME(length, pages * RIG_PAGE);
	return fd;
}

static void check(const struct rig *rig, uint64_t iova, unsigned int pages,
		  ino_t file)
{
	uint64_t offset, value = 0;
	int fd = file_of(rig, iova, pages, &offset);
	struct stat st;

	MUST(!fstat(fd, &st));
	MUST(st.st_ino == file);
	MUST(pread(fd, &value, sizeof(value), offset) == sizeof(value));
	SAME(value, stamp(iova));
	close(fd);
}

static void side_by_side(const struct rig *rig)
{
	uint64_t first, second;

	close(file_of(rig, PAIR_IOVA, PAIR_PAGES, &first));
	close(file_of(rig, PAIR_IOVA + PAIR_PAGES * RIG_PAGE, PAIR_PAGES,
		      &second));
	SAME(second, first + PAIR_PAGES * RIG_PAGE);
}

static void dense(int fd, const char *when)
{
	struct stat st;

	MUST(!fstat(fd, &st));
	test_say("I2: %s: %lld bytes, %lld KiB of pages", when,
		 (long long)st.st_size, (long long)st.st_blocks / 2);
	SAME(st.st_blocks * (long long)BLOCK, PAGES * (long long)RIG_PAGE);
	SAME(st.st_size, PAGES * (long long)RIG_PAGE);
}

static int check_all(const struct rig *rig)
{
	uint64_t offset;
	int fd = file_of(rig, IOVA(0), 1, &offset);
	struct stat st;

	MUST(!fstat(fd, &st));
	dense(fd, "one memfd");
	for (unsigned int i = 0; i < BUFFERS; i++)
		check(rig, IOVA(i), 1, st.st_ino);
	for (unsigned int i = 0; i < 2; i++)
		check(rig, PAIR_IOVA + i * PAIR_PAGES * RIG_PAGE, PAIR_PAGES,
		      st.st_ino);
	check(rig, WIDE_IOVA, 1, st.st_ino);
	side_by_side(rig);
	return fd;
}

/* What a program finds that has the iommufd and knows nothing of it. */
static void found(const struct rig *rig)
{
	uint64_t iova = 0, last = 0, bytes = 0, before = 0;
	unsigned int areas = 0;
	uint32_t ioas = 0;
	bool writable;

	WORKS(co_ioas_next(rig->iommufd, &ioas));
	SAME(ioas, rig->note->ioas);
	while (!co_ioas_next_area(rig->iommufd, ioas, &iova, &last,
				  &writable)) {
		CHECK(!areas++ || iova > before);
		CHECK(writable);
		bytes += last - iova + 1;
		before = last;
		iova = last + 1;
	}
	FAILS(co_ioas_next_area(rig->iommufd, ioas, &iova, &last, NULL), ENOENT);
	test_say("I2: %u mappings found", areas);
	SAME(areas, BUFFERS + 4);
	SAME(bytes, PAGES * (uint64_t)RIG_PAGE + RIG_SIZE);
	ioas++;
	FAILS(co_ioas_next(rig->iommufd, &ioas), ENOENT);
	iova = IOVA(BUFFERS / 2) + 1;
	WORKS(co_ioas_next_area(rig->iommufd, rig->note->ioas, &iova, &last,
				NULL));
	SAME(iova, IOVA(BUFFERS / 2));
	SAME(last, iova + RIG_PAGE - 1);
}

static int arrive(struct rig *rig, int kernel)
{
	int session = rig_session_retrieve("buffers"), fd;

	if (kernel > 2)
		close(WORKS(co_session_retrieve_fd(session, TOKEN)));
	rig_retrieve(rig, session, 1);
	rig_check(rig);
	found(rig);
	fd = check_all(rig);
	rig_session_finish(session);
	rig_check_dma(rig);
	return fd;
}

static void leave(const struct rig *rig, int fd)
{
	int session = rig_session_create("buffers");

	if (fd >= 0) {
		WORKS(co_session_preserve(session, fd, TOKEN));
		dense(fd, "the same, preserved");
	}
	rig_preserve(rig, session);
	rig_linger();
}

int main(int argc, char **argv)
{
	int kernel = argc > 1 ? atoi(argv[1]) : 1, fd = -1;
	struct rig rig;

	if (kernel == 1)
		make(&rig);
	else
		fd = arrive(&rig, kernel);
	if (kernel < LAST)
		leave(&rig, fd);
	return test_result();
}
