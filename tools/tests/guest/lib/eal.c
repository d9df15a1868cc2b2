// SPDX-License-Identifier: GPL-2.0-only
/* Memory as DPDK's EAL takes it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/memfd.h>
#include <linux/mman.h>

#include "eal.h"
#include "harness.h"
#include "helpers.h"

#define FOLDER	"/dev/hugepages"
/* Where EAL begins to look for addresses, --base-virtaddr. */
#define HINT	0x100000000ull
#define FIXED	(MAP_FIXED | MAP_POPULATE)

static const struct {
	const char *word;
	enum eal_kind kind;
	bool unlinked;
} modes[] = {
	{ "files", EAL_FILES, false },
	{ "files-unlinked", EAL_FILES, true },
	{ "single", EAL_SINGLE, false },
	{ "single-unlinked", EAL_SINGLE, true },
	{ "memfd", EAL_MEMFD, true },
	{ "anonymous", EAL_ANONYMOUS, true },
};

bool eal_parse(struct eal *eal, const char *word)
{
	for (unsigned int i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(word, modes[i].word)) {
			*eal = (struct eal){
				.kind = modes[i].kind,
				.unlinked = modes[i].unlinked,
			};
			return true;
		}
	return false;
}

uint8_t *eal_page(const struct eal *eal, unsigned int n)
{
	return eal->base + n * EAL_PAGE;
}

/* More than is needed, so that a page's boundary is in it. */
static void reserve(struct eal *eal)
{
	uint64_t size = (EAL_PAGES + 1) * EAL_PAGE;
	uint8_t *wide = mmap((void *)HINT, size, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	MUST(wide != MAP_FAILED);
	eal->base = wide + (-(uintptr_t)wide & (EAL_PAGE - 1));
}

/* Shared locks tell other processes that the file is in use. */
static int open_file(const struct eal *eal, unsigned int n)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), FOLDER "/rtemap_%u", n);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	MUST(fd >= 0);
	MUST(!eal->unlinked || !unlink(path));
	MUST(!flock(fd, LOCK_SH | LOCK_NB));
	return fd;
}

static int open_memfd(unsigned int n)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "seg_0-%u", n);
	fd = memfd_create(name, MFD_CLOEXEC | MFD_HUGETLB | MFD_HUGE_2MB);
	MUST(fd >= 0);
	return fd;
}

/* The file of a page, grown by it, and the page's place in it. */
static int segment(struct eal *eal, unsigned int n, uint64_t *offset)
{
	bool single = eal->kind == EAL_SINGLE;
	int fd;

	*offset = single ? n * EAL_PAGE : 0;
	if (single && n)
		fd = eal->fd[0];
	else
		fd = eal->kind == EAL_MEMFD ? open_memfd(n) : open_file(eal, n);
	if (single)
		MUST(!fallocate(fd, 0, *offset, EAL_PAGE));
	else
		MUST(!ftruncate(fd, EAL_PAGE));
	return fd;
}

static void *map_segment(struct eal *eal, unsigned int n)
{
	uint64_t offset;

	eal->fd[n] = segment(eal, n, &offset);
	return mmap(eal_page(eal, n), EAL_PAGE, PROT_READ | PROT_WRITE,
		    MAP_SHARED | FIXED, eal->fd[n], offset);
}

static void *map_anonymous(struct eal *eal, unsigned int n)
{
	eal->fd[n] = -1;
	return mmap(eal_page(eal, n), EAL_PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB |
		    FIXED, -1, 0);
}

/* The page is touched without being changed: it would be a SIGBUS now. */
static void add_page(struct eal *eal, unsigned int n)
{
	volatile int *page;

	page = eal->kind == EAL_ANONYMOUS ? map_anonymous(eal, n) :
					    map_segment(eal, n);
	MUST(page == (void *)eal_page(eal, n));
	*page = *page;
}

void eal_open(struct eal *eal)
{
	WORKS(co_hugepages(EAL_PAGE, EAL_PAGES));
	reserve(eal);
	for (unsigned int n = 0; n < EAL_PAGES; n++)
		add_page(eal, n);
}
