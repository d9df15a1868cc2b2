// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that was mapped by its address (invariant I2): whatever it was
 * in A, in B every byte is at the same physical address, and a process that
 * has the iommufd alone finds all of it with IOMMU_IOAS_GET_FILE. A third
 * kernel gets it from the second one as ordinary memfds.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edu.h"
#include "harness.h"
#include "rig.h"

#define LAST		3
#define HUGE_PAGE	(2ull << 20)
#define SPACING		(16ull << 20)
#define MAX_RUNS	1024

/* What a mapping shows; the IOVA follows from the place in the table. */
struct shape {
	const char *name;
	uint64_t length;
};

enum { SMALL, INNER, HUGE, REUSED, SHARED, CHILD, MEMFD, SHAPES };

static const struct shape shape[SHAPES] = {
	[SMALL] = { "anonymous pages", 64 * RIG_PAGE },
	[INNER] = { "part of them, once more", 8 * RIG_PAGE },
	[HUGE] = { "a huge page and half of one", HUGE_PAGE * 3 / 2 },
	[REUSED] = { "other pages at the same address", 64 * RIG_PAGE },
	[SHARED] = { "shared anonymous pages", 16 * RIG_PAGE },
	[CHILD] = { "pages of a process that is gone", 16 * RIG_PAGE },
	[MEMFD] = { "pages of a memfd", 4 * RIG_PAGE },
};

static uint64_t iova(unsigned int i)
{
	return RIG_IOVA + (i + 1) * SPACING;
}

/* Every page of a shape says which one it is. */
static uint64_t stamp(unsigned int i, uint64_t page)
{
	return 0x5741000000000000ull | (uint64_t)i << 32 | page;
}

static void fill(unsigned int i, void *memory)
{
	for (uint64_t page = 0; page < shape[i].length / RIG_PAGE; page++)
		*(uint64_t *)((char *)memory + page * RIG_PAGE) = stamp(i, page);
}

static void *take(uint64_t length, int flags)
{
	void *memory = mmap(NULL, length, PROT_READ | PROT_WRITE,
			    MAP_ANONYMOUS | flags, -1, 0);

	MUST(memory != MAP_FAILED);
	return memory;
}

static void map(const struct rig *rig, unsigned int i, void *memory)
{
	fill(i, memory);
	WORKS(co_map(rig->iommufd, rig->note->ioas, iova(i), memory,
		     shape[i].length));
}

/* A hash of all physical addresses of a shape. */
static uint64_t addresses(const struct rig *rig, unsigned int i)
{
	static struct co_run run[MAX_RUNS];
	int runs = WORKS(co_pa_runs(rig->iommufd, rig->note->ioas, iova(i),
				    shape[i].length, run, MAX_RUNS));
	uint64_t hash = 0;

	for (int r = 0; r < runs; r++)
		hash = (hash ^ run[r].pa) * 0x100000001b3ull + run[r].length;
	return hash;
}

/* ---------------------------------------------------------------- kernel A */

/* SMALL, and INNER within it; then other memory where SMALL was. */
static void map_small(const struct rig *rig)
{
	void *first = take(shape[SMALL].length, MAP_PRIVATE), *again;

	map(rig, SMALL, first);
	WORKS(co_map(rig->iommufd, rig->note->ioas, iova(INNER),
		     (char *)first + 24 * RIG_PAGE, shape[INNER].length));
	again = mmap(first, shape[REUSED].length, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	MUST(again == first);
	map(rig, REUSED, again);
}

static void map_huge(const struct rig *rig)
{
	char *memory = take(4 * HUGE_PAGE, MAP_PRIVATE);
	uint64_t length = HUGE_PAGE, pa;

	memory += HUGE_PAGE - (uintptr_t)memory % HUGE_PAGE;
	MUST(!madvise(memory, 2 * HUGE_PAGE, MADV_HUGEPAGE));
	map(rig, HUGE, memory);
	WORKS(co_pa(rig->iommufd, rig->note->ioas, iova(HUGE), &pa, &length));
	SAME(length, HUGE_PAGE);
	SAME(pa % HUGE_PAGE, 0);
}

static void map_child(const struct rig *rig)
{
	void *memory = take(shape[CHILD].length, MAP_PRIVATE);
	pid_t child;
	int status;

	/* Both have the memory; the child's is its own once it writes. */
	memset(memory, 0xee, shape[CHILD].length);
	child = fork();
	MUST(child >= 0);
	if (!child) {
		map(rig, CHILD, memory);
		_exit(test_result());
	}
	MUST(waitpid(child, &status, 0) == child);
	SAME(status, 0);
	SAME(*(uint64_t *)memory, 0xeeeeeeeeeeeeeeeeull);
}

static void map_all(struct rig *rig)
{
	map_small(rig);
	map_huge(rig);
	map(rig, SHARED, take(shape[SHARED].length, MAP_SHARED));
	map_child(rig);
	map(rig, MEMFD, rig->data + 8 * RIG_PAGE);
	for (unsigned int i = 0; i < SHAPES; i++)
		rig->note->word[i] = addresses(rig, i);
}

/* Before an update only memory that is a file's has a file. */
static void check_files_before(const struct rig *rig)
{
	uint64_t offset, length;
	int fd;

	FAILS(co_ioas_file(rig->iommufd, rig->note->ioas, iova(SMALL), &offset,
			   &length), EOPNOTSUPP);
	FAILS(co_ioas_file(rig->iommufd, rig->note->ioas, iova(SHAPES),
			   &offset, &length), ENOENT);
	FAILS(co_ioas_file(rig->iommufd, rig->note->hwpt, RIG_IOVA, &offset,
			   &length), ENOENT);
	fd = WORKS(co_ioas_file(rig->iommufd, rig->note->ioas,
				RIG_IOVA + RIG_PAGE + 5, &offset, &length));
	SAME(offset, RIG_PAGE + 5);
	SAME(length, RIG_SIZE - RIG_PAGE - 5);
	close(fd);
}

/* --------------------------------------------------------- kernels B and C */

/* The memory of an IOVA, found by the iommufd alone. */
static void *look(const struct rig *rig, uint64_t at, uint64_t size, int *fd)
{
	uint64_t offset, length;
	void *memory;

	*fd = WORKS(co_ioas_file(rig->iommufd, rig->note->ioas, at, &offset,
				 &length));
	SAME(length, size);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, *fd,
		      offset);
	MUST(memory != MAP_FAILED);
	return memory;
}

static void check_stamps(unsigned int i, unsigned int from, const void *memory)
{
	unsigned int bad = 0;

	for (uint64_t page = 0; page < shape[i].length / RIG_PAGE; page++)
		bad += *(const uint64_t *)((const char *)memory +
					   page * RIG_PAGE) !=
		       (i == INNER ? stamp(SMALL, page + from) : stamp(i, page));
	SAME(bad, 0);
}

/* What the device writes is what the CPU sees, in the memory's last page. */
static void check_dma(const struct rig *rig, unsigned int i, void *memory)
{
	uint64_t at = shape[i].length - RIG_PAGE, length = RIG_PAGE, pa;
	uint8_t *from = rig->data, *to = (uint8_t *)memory + at;
	struct co_bar bar;

	for (unsigned int b = 8; b < RIG_PAGE; b++)
		from[b] = b * 3 + i;
	*(uint64_t *)from = *(uint64_t *)to;
	WORKS(co_pa(rig->iommufd, rig->note->ioas, iova(i) + at, &pa, &length));
	WORKS(co_bar_open(&bar, rig->device, 0));
	edu_start(&bar, EDU_LOAD, rig_pa(rig, 0), RIG_PAGE - 96);
	MUST(!edu_wait(&bar));
	edu_start(&bar, EDU_STORE, pa, RIG_PAGE - 96);
	MUST(!edu_wait(&bar));
	co_bar_close(&bar);
	CHECK(!memcmp(from, to, RIG_PAGE - 96));
}

static void check_shape(const struct rig *rig, unsigned int i)
{
	int fd;
	void *memory = look(rig, iova(i), shape[i].length, &fd);

	test_say("%s", shape[i].name);
	SAME(addresses(rig, i), rig->note->word[i]);
	check_stamps(i, 24, memory);
	check_dma(rig, i, memory);
	munmap(memory, shape[i].length);
	close(fd);
}

/* One page, two IOVAs, one place in one file. */
static void check_inner(const struct rig *rig)
{
	uint64_t outer, inner, length;
	struct stat a, b;
	int one, two;

	one = WORKS(co_ioas_file(rig->iommufd, rig->note->ioas, iova(SMALL),
				 &outer, &length));
	two = WORKS(co_ioas_file(rig->iommufd, rig->note->ioas, iova(INNER),
				 &inner, &length));
	MUST(!fstat(one, &a) && !fstat(two, &b));
	SAME(a.st_ino, b.st_ino);
	SAME(inner, outer + 24 * RIG_PAGE);
	close(one);
	close(two);
}

/* --------------------------------------------------------------- sessions */

/* Put a file into the session unless it is there already. */
static void preserve_once(const struct rig *rig, int session, unsigned int i)
{
	uint64_t offset, length;
	int fd = WORKS(co_ioas_file(rig->iommufd, rig->note->ioas, iova(i),
				    &offset, &length));
	int ret = co_session_preserve(session, fd, 100 + i);

	CHECK(!ret || ret == -EBUSY);
	close(fd);
}

static void leave(const struct rig *rig, int kernel)
{
	int session = rig_session_create("memory");

	rig_preserve(rig, session);
	for (unsigned int i = 0; kernel > 1 && i < SHAPES; i++)
		preserve_once(rig, session, i);
	rig_linger();
}

static void arrive(struct rig *rig)
{
	int session = rig_session_retrieve("memory");
	int fd;

	rig->token = 1;
	rig_retrieve_one(rig, session, RIG_IOMMUFD);
	/* The note is in the memory of the first IOAS. */
	rig->note = NULL;
	rig->note = &(struct rig_note){ .ioas = 2 };
	rig->note = look(rig, RIG_IOVA, RIG_SIZE, &fd);
	close(fd);
	MUST(rig->note->magic == RIG_MAGIC);
	rig_retrieve_one(rig, session, RIG_MEMFD);
	rig_retrieve_one(rig, session, RIG_VFIO);
	rig_check(rig);
	for (unsigned int i = 0; i < SHAPES; i++)
		check_shape(rig, i);
	check_inner(rig);
	rig_session_finish(session);
}

static void end(struct rig *rig)
{
	for (unsigned int i = 0; i < SHAPES; i++) {
		FAILS(co_unmap(rig->iommufd, rig->note->ioas, iova(i),
			       RIG_PAGE), ENOENT);
		WORKS(co_unmap(rig->iommufd, rig->note->ioas, iova(i),
			       shape[i].length));
	}
	rig_check_dma(rig);
	rig_close(rig);
}

int main(int argc, char **argv)
{
	int kernel = argc > 1 ? atoi(argv[1]) : 1;
	char bdf[CO_BDF_SIZE];
	struct rig rig;

	if (kernel == 1) {
		rig_edu(0, bdf);
		rig_open(&rig, bdf, 1);
		map_all(&rig);
		check_files_before(&rig);
	} else {
		arrive(&rig);
	}
	if (kernel < LAST)
		leave(&rig, kernel);
	else
		end(&rig);
	return test_result();
}
