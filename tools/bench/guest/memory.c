// SPDX-License-Identifier: GPL-2.0-only
/* The memory that is kept. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"
#include "harness.h"
#include "huge.h"

#define SHMEM_HUGE "/sys/kernel/mm/transparent_hugepage/shmem_enabled"

static void allow_huge(void)
{
	int fd = open(SHMEM_HUGE, O_WRONLY);

	MUST(fd >= 0 && write(fd, "advise", 6) == 6);
	close(fd);
}

static void *map_memfd(int fd, uint64_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			    0);

	MUST(memory != MAP_FAILED);
	return memory;
}

static void *map_anon(uint64_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST(memory != MAP_FAILED);
	MUST(!madvise(memory, size, MADV_NOHUGEPAGE));
	return memory;
}

/* Every second page goes to @other, which is given back later. */
static void touch(uint8_t *memory, uint8_t *other, uint64_t size)
{
	for (uint64_t at = 0; at < size; at += BENCH_PAGE) {
		memory[at] = 1;
		if (other)
			other[at] = 1;
	}
}

static int make_memfd(uint64_t size)
{
	int fd = memfd_create("bench", MFD_CLOEXEC);

	MUST(fd >= 0 && !ftruncate(fd, size));
	return fd;
}

static void add_file(struct bench *b, int fd)
{
	b->file[b->files++] = fd;
}

static void make_scattered(struct bench *b)
{
	uint64_t size = b->spec.size;
	int other = make_memfd(size);
	uint8_t *beside = map_memfd(other, size);

	add_file(b, make_memfd(size));
	b->memory = map_memfd(b->file[0], size);
	touch(b->memory, beside, size);
	munmap(beside, size);
	close(other);
}

static void make_anon(struct bench *b)
{
	uint64_t size = b->spec.size;
	uint8_t *beside = NULL;

	if (b->spec.kind == BENCH_ANON_SCATTERED)
		beside = map_anon(size);
	b->memory = map_anon(size);
	touch(b->memory, beside, size);
	if (beside)
		munmap(beside, size);
}

static void make_whole(struct bench *b)
{
	struct co_buffer buffer;

	if (b->spec.kind == BENCH_HUGE)
		allow_huge();
	WORKS(co_buffer_create(&buffer, "bench", b->spec.size,
			       b->spec.kind == BENCH_HUGE));
	b->memory = buffer.mem;
	add_file(b, buffer.fd);
}

static void make_hugetlb(struct bench *b, uint64_t page)
{
	uint64_t size = b->spec.size;

	huge_ask(page, size / page);
	add_file(b, huge_memfd(page, size, MFD_CLOEXEC));
	b->memory = map_memfd(b->file[0], size);
	for (uint64_t at = 0; at < size; at += page)
		((uint8_t *)b->memory)[at] = 1;
}

static void make_files(struct bench *b)
{
	for (unsigned int i = 0; i < b->spec.count; i++) {
		uint8_t byte = 1;
		int fd = make_memfd(BENCH_PAGE);

		MUST(pwrite(fd, &byte, 1, 0) == 1);
		add_file(b, fd);
	}
}

void bench_make_memory(struct bench *b)
{
	switch (b->spec.kind) {
	case BENCH_SCATTERED:
		make_scattered(b);
		break;
	case BENCH_ANON:
	case BENCH_ANON_SCATTERED:
		make_anon(b);
		break;
	case BENCH_HUGETLB_2M:
		make_hugetlb(b, HUGE_2M);
		break;
	case BENCH_HUGETLB_1G:
		make_hugetlb(b, HUGE_1G);
		break;
	default:
		if (b->spec.how == BENCH_FILES)
			make_files(b);
		else
			make_whole(b);
	}
}
