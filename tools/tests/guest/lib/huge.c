// SPDX-License-Identifier: GPL-2.0-only
/* Huge pages of hugetlb: the pool, and memory of every kind. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "counts.h"
#include "harness.h"
#include "helpers.h"
#include "huge.h"
#include "sysfs.h"

#define POOLS	"/sys/kernel/mm/hugepages"
#define NODES	"/sys/devices/system/node/node*/hugepages"
#define SMALL	4096u

const char *huge_name(uint64_t page)
{
	return page == HUGE_1G ? "1048576kB" : "2048kB";
}

/* ------------------------------------------------------------- the pool -- */

static long long pool_number(const char *folder, uint64_t page,
			     const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/hugepages-%s/%s", folder,
		 huge_name(page), name);
	return counts_number(path, "");
}

/* Of all nodes together; @said: each of them as well. */
static long long nodes_number(uint64_t page, const char *name, bool said)
{
	long long sum = 0;
	glob_t nodes;

	MUST(!glob(NODES, 0, NULL, &nodes));
	for (size_t i = 0; i < nodes.gl_pathc; i++) {
		long long number = pool_number(nodes.gl_pathv[i], page, name);

		if (said)
			test_say("node %zu: %lld", i, number);
		sum += number;
	}
	globfree(&nodes);
	return sum;
}

struct huge_pool huge_pool(uint64_t page)
{
	struct huge_pool pool = {
		.nr = pool_number(POOLS, page, "nr_hugepages"),
		.free = pool_number(POOLS, page, "free_hugepages"),
		.resv = pool_number(POOLS, page, "resv_hugepages"),
		.surplus = pool_number(POOLS, page, "surplus_hugepages"),
	};

	SAME(nodes_number(page, "nr_hugepages", false), pool.nr);
	SAME(nodes_number(page, "free_hugepages", false), pool.free);
	SAME(nodes_number(page, "surplus_hugepages", false), pool.surplus);
	return pool;
}

void huge_ask(uint64_t page, long long nr)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), POOLS "/hugepages-%s/nr_hugepages",
		 huge_name(page));
	snprintf(text, sizeof(text), "%lld", nr);
	MUST(!file_write(path, text));
	SAME(huge_pool(page).nr - huge_pool(page).surplus, nr);
}

void huge_pool_is(uint64_t page, const char *when, struct huge_pool want)
{
	struct huge_pool is = huge_pool(page);

	test_say("%s: %lld huge pages of %s, %lld free, %lld reserved, %lld surplus",
		 when, is.nr, huge_name(page), is.free, is.resv, is.surplus);
	SAME(is.nr, want.nr);
	SAME(is.free, want.free);
	SAME(is.resv, want.resv);
	SAME(is.surplus, want.surplus);
	nodes_number(page, "nr_hugepages", true);
}

/* --------------------------------------------------------------- memory -- */

const char *huge_kind_name(enum huge_kind kind)
{
	static const char *const name[HUGE_KINDS] = {
		[HUGE_MEMFD] = "memfd",
		[HUGE_MEMFD_ADDRESS] = "memfd, by its address",
		[HUGE_NAMED] = "file of hugetlbfs",
		[HUGE_UNLINKED] = "file of hugetlbfs, unlinked",
		[HUGE_PRIVATE] = "anonymous memory",
		[HUGE_SHARED] = "shared anonymous memory",
	};

	return name[kind];
}

bool huge_has_memfd(enum huge_kind kind)
{
	return kind == HUGE_MEMFD || kind == HUGE_MEMFD_ADDRESS;
}

static unsigned int size_flag(uint64_t page)
{
	return __builtin_ctzll(page) << MAP_HUGE_SHIFT;
}

int huge_memfd(uint64_t page, uint64_t size, unsigned int flags)
{
	int fd = memfd_create("huge", MFD_HUGETLB | flags | size_flag(page));

	MUST(fd >= 0);
	MUST(!ftruncate(fd, size));
	return fd;
}

/* A file system for each size. */
static int hugetlbfs_file(uint64_t page, uint64_t size, bool named)
{
	static unsigned int count;
	char folder[64], path[128], options[32];
	int fd;

	snprintf(folder, sizeof(folder), "/huge-%s", huge_name(page));
	snprintf(options, sizeof(options), "pagesize=%lluK",
		 (unsigned long long)page >> 10);
	if (!mkdir(folder, 0700))
		MUST(!mount("none", folder, "hugetlbfs", 0, options));
	snprintf(path, sizeof(path), "%s/file%u", folder, count++);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	MUST(fd >= 0);
	MUST(!ftruncate(fd, size));
	if (!named)
		MUST(!unlink(path));
	return fd;
}

static int open_kind(enum huge_kind kind, uint64_t page, uint64_t size)
{
	if (huge_has_memfd(kind))
		return huge_memfd(page, size, MFD_CLOEXEC);
	if (kind == HUGE_NAMED || kind == HUGE_UNLINKED)
		return hugetlbfs_file(page, size, kind == HUGE_NAMED);
	return -1;
}

void huge_make(struct huge_memory *memory, enum huge_kind kind, uint64_t page,
	       uint64_t size)
{
	int flags = kind == HUGE_PRIVATE ? MAP_PRIVATE : MAP_SHARED;

	*memory = (struct huge_memory) {
		.kind = kind, .page = page, .size = size,
		.fd = open_kind(kind, page, size),
	};
	if (memory->fd < 0)
		flags |= MAP_ANONYMOUS | MAP_HUGETLB | size_flag(page);
	memory->mem = mmap(NULL, size, PROT_READ | PROT_WRITE, flags,
			   memory->fd, 0);
	MUST(memory->mem != MAP_FAILED);
	/* A child would get copies of pinned pages, which the pool does not have. */
	if (kind == HUGE_PRIVATE)
		MUST(!madvise(memory->mem, size, MADV_DONTFORK));
	for (uint64_t at = 0; at < size; at += page)
		memory->mem[at] = 1;
}

void huge_map(const struct huge_memory *memory, int iommufd, uint32_t ioas,
	      uint64_t iova)
{
	if (memory->kind == HUGE_MEMFD || memory->kind == HUGE_UNLINKED)
		WORKS(co_map_file(iommufd, ioas, iova, memory->fd, 0,
				  memory->size));
	else
		WORKS(co_map(iommufd, ioas, iova, memory->mem, memory->size));
}

static uint64_t stamp(uint64_t seed, uint64_t at)
{
	return (seed << 48 | at) ^ 0x4855474550414745ull;
}

void huge_fill(void *memory, uint64_t size, uint64_t seed)
{
	for (uint64_t at = 0; at < size; at += SMALL)
		*(uint64_t *)((char *)memory + at) = stamp(seed, at);
}

void huge_check(const void *memory, uint64_t size, uint64_t seed)
{
	uint64_t wrong = 0;

	for (uint64_t at = 0; at < size; at += SMALL)
		if (*(const uint64_t *)((const char *)memory + at) !=
		    stamp(seed, at))
			wrong++;
	SAME(wrong, 0);
}
