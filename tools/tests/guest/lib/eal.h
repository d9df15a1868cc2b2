/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory as DPDK's environment abstraction layer (EAL) takes it, by what its guide
 * and its options say: a range of addresses is reserved once, and huge pages are
 * mapped into it one after the other, each at its fixed place. Where the pages come
 * from depends on the options; huge pages are 2 MiB here.
 */
#ifndef EAL_H
#define EAL_H

#include <stdbool.h>
#include <stdint.h>

#define EAL_PAGE	(2ull << 20)
#define EAL_PAGES	6u

/**
 * enum eal_kind - where pages come from
 * @EAL_FILES:     a file of hugetlbfs each, rtemap_N
 * @EAL_SINGLE:    one file of hugetlbfs, --single-file-segments
 * @EAL_MEMFD:     a memfd each, --in-memory
 * @EAL_ANONYMOUS: none, --in-memory on a kernel without memfds of huge pages
 */
enum eal_kind {
	EAL_FILES,
	EAL_SINGLE,
	EAL_MEMFD,
	EAL_ANONYMOUS,
};

/**
 * struct eal - the memory of a process
 * @kind:     where pages come from
 * @unlinked: files lose their names at once, --huge-unlink
 * @base:     the range of addresses
 * @fd:       of each page; the first one's is that of all with EAL_SINGLE; or -1
 */
struct eal {
	enum eal_kind kind;
	bool unlinked;
	uint8_t *base;
	int fd[EAL_PAGES];
};

/* The words for a kind and unlinking, "files", "files-unlinked"; false for others. */
bool eal_parse(struct eal *eal, const char *word);

/* The range, then every page. */
void eal_open(struct eal *eal);

/* Where a page is mapped. */
uint8_t *eal_page(const struct eal *eal, unsigned int n);

#endif /* EAL_H */
