/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Huge pages of hugetlb, for tests: the pool, and memory of every kind that has
 * them.
 *
 * Everything in here ends the program when it fails.
 */
#ifndef HUGE_H
#define HUGE_H

#include <stdbool.h>
#include <stdint.h>

#define HUGE_2M		(2ull << 20)
#define HUGE_1G		(1ull << 30)

/**
 * struct huge_pool - what sysfs says of one size of pages
 * @nr: pages there are
 * @free: of these, in no file
 * @resv: reserved
 * @surplus: beyond what was asked for
 */
struct huge_pool {
	long long nr;
	long long free;
	long long resv;
	long long surplus;
};

/* What there is of pages of this size, as sysfs says, and the sum of its nodes. */
struct huge_pool huge_pool(uint64_t page);

/* Ask for so many pages; all of them have to come. */
void huge_ask(uint64_t page, long long nr);

/* Are the counters these? Says what they are, and when. */
void huge_pool_is(uint64_t page, const char *when, struct huge_pool want);

/* The size's name in file names, such as 2048kB. */
const char *huge_name(uint64_t page);

/* How memory of huge pages can be come by. */
enum huge_kind {
	HUGE_MEMFD,		/* memfd_create(), mapped by MAP_FILE */
	HUGE_MEMFD_ADDRESS,	/* the same, mapped by its address */
	HUGE_NAMED,		/* a file of hugetlbfs, by its address */
	HUGE_UNLINKED,		/* one without a name any more, by MAP_FILE */
	HUGE_PRIVATE,		/* anonymous memory, by its address */
	HUGE_SHARED,		/* shared anonymous memory, by its address */
	HUGE_KINDS,
};

const char *huge_kind_name(enum huge_kind kind);

/* Does a file of the session have it? */
bool huge_has_memfd(enum huge_kind kind);

/**
 * struct huge_memory - memory of huge pages
 * @kind: how it was come by
 * @page: size of its pages
 * @size: bytes
 * @fd: its file, or -1
 * @mem: mapped
 */
struct huge_memory {
	enum huge_kind kind;
	uint64_t page;
	uint64_t size;
	int fd;
	uint8_t *mem;
};

/* Make it, and touch all of it. */
void huge_make(struct huge_memory *memory, enum huge_kind kind, uint64_t page,
	       uint64_t size);

/* A memfd of huge pages, all of it a hole. */
int huge_memfd(uint64_t page, uint64_t size, unsigned int flags);

/* Map it into an IOAS. */
void huge_map(const struct huge_memory *memory, int iommufd, uint32_t ioas,
	      uint64_t iova);

/* Write, and look for, what tells each 4 KiB of it from all others. */
void huge_fill(void *memory, uint64_t size, uint64_t seed);
void huge_check(const void *memory, uint64_t size, uint64_t seed);

#endif /* HUGE_H */
