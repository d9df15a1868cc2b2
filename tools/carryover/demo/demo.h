/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The demo: an NVMe disk reads on while the kernel under it is replaced.
 *
 * "demo before" runs in kernel A, "demo after" in kernel B. What the second
 * has to know it finds in the memory, which is laid out as struct demo_mem. It
 * is a memfd in the session, or a file that is not there and that kernel B's
 * iommufd has.
 */
#ifndef DEMO_H
#define DEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helpers.h"
#include "nvme.h"

#define DEMO_SESSION	"demo"
#define DEMO_IOVA	0x100000000ull
#define DEMO_SIZE	(8u << 20)
#define DEMO_BUFFERS	64u
#define DEMO_BUFFER	(2 * NVME_PAGE)
#define DEMO_LBA	32u	/* the first block of the first read */

enum demo_token {
	TOKEN_MEMFD = 1,
	TOKEN_IOMMUFD = 2,
	TOKEN_VFIO = 3,
};

/**
 * enum demo_pages - what the memory is
 * @PAGES_4K: an ordinary memfd
 * @PAGES_2M: one of huge pages
 * @PAGES_1G: the same
 * @PAGES_FILE: a file of hugetlbfs without a name, which is in no session
 */
enum demo_pages {
	PAGES_4K,
	PAGES_2M,
	PAGES_1G,
	PAGES_FILE,
};

/**
 * struct demo_options - the command line
 * @bdf: the NVMe controller, "" for the first one
 * @reads: how many to have on their way over the kexec
 * @iops: what the disk is throttled to
 * @huge: ask for 2 MiB pages
 * @pages: before: what the memory is
 * @force: before: go on when the device cannot be kept
 * @lost: after: the device was not kept; show what that means
 */
struct demo_options {
	char bdf[CO_BDF_SIZE];
	unsigned int reads;
	unsigned int iops;
	bool huge;
	enum demo_pages pages;
	bool force;
	bool lost;
};

/**
 * struct demo_look - one look at the completion queue
 * @tsc: when, taken before the look
 * @count: how many completions there were
 * @check: the two, so that a look cut short by the kexec is recognized
 */
struct demo_look {
	uint64_t tsc;
	uint64_t count;
	uint64_t check;
};

/**
 * struct demo_record - what kernel A tells kernel B
 * @magic: DEMO_MAGIC
 * @bdf: the device
 * @release: of kernel A
 * @device_id: iommufd's ID of the device
 * @ioas: iommufd's ID of the address space
 * @hwpt: iommufd's ID of the page table
 * @reads: how many were submitted
 * @size: of the memory
 * @page: size of its huge pages, 0 if it has others
 * @look: the last two looks of the sampler
 * @runs: how many in @run
 * @run: the physical addresses behind the IOVAs
 */
struct demo_record {
	uint64_t magic;
	char bdf[CO_BDF_SIZE];
	char release[65];
	uint32_t device_id;
	uint32_t ioas;
	uint32_t hwpt;
	uint32_t reads;
	uint64_t size;
	uint64_t page;
	struct demo_look look[2];
	uint32_t runs;
	struct co_run run[DEMO_SIZE / NVME_PAGE];
};

#define DEMO_MAGIC 0x6f6d65642d6f63ull

/**
 * struct demo_mem - the memory, as far as it is used
 * @record: from A to B
 * @record_pages: what it may grow to
 * @nvme: the driver's
 * @pad: up to the data
 * @data: one buffer per command
 */
struct demo_mem {
	union {
		struct demo_record record;
		uint8_t record_pages[64 << 10];
	};
	struct nvme_mem nvme;
	uint8_t pad[(1 << 20) - (64 << 10) - sizeof(struct nvme_mem)];
	uint8_t data[DEMO_BUFFERS][DEMO_BUFFER];
};

/* before.c, after.c, lost.c: 0 if all went well, 1 otherwise */
int demo_before(const struct demo_options *options);
int demo_after(const struct demo_options *options);
int demo_lost(const struct demo_options *options);

/* memory.c */

/* "4k", "2m", "1g" or "file"; false if it is another word. */
bool demo_pages_parse(const char *word, enum demo_pages *pages);

/* What it is called, and the size of its huge pages or 0. */
const char *demo_pages_what(enum demo_pages pages);
uint64_t demo_page_size(enum demo_pages pages);

/* Make and map the memory, raising the pool of huge pages if need be. */
bool demo_open_memory(const struct demo_options *options, struct co_buffer *buffer);

/* look.c */

/* Look at the completion queue for ever; the kexec ends it. */
void demo_watch(struct demo_mem *mem) __attribute__((noreturn));

/* The last complete look. */
const struct demo_look *demo_last_look(const struct demo_record *record);

/* When the first program of this kernel started, in ticks of co_tsc(). */
uint64_t demo_user_start(void);

/* io.c */

/* IOVA, first block and length of the read with this number. */
uint64_t demo_data_iova(unsigned int number);
uint64_t demo_lba(const struct nvme_mem *mem, unsigned int number);
uint32_t demo_length(unsigned int number);

/* Start the read with this number. The slot or -errno. */
int demo_read(struct nvme *nvme, unsigned int number);

/*
 * Wait until @count completions came, at most @limit_ms, and call @each for
 * every one. Returns how many came, or -errno.
 */
int demo_reap(struct nvme *nvme, unsigned int count, long long limit_ms,
	      void (*each)(const struct nvme_done *done, void *arg),
	      void *arg);

/* Is the data of this read right? */
bool demo_data_ok(const struct demo_mem *mem, const struct nvme_done *done);

/* Write blocks at the end of the disk and read them back. 0 or -errno. */
int demo_write_read(struct nvme *nvme, struct demo_mem *mem,
		    unsigned int count);

#endif /* DEMO_H */
