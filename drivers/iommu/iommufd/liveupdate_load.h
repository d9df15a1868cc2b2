/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __IOMMUFD_LIVEUPDATE_LOAD_H
#define __IOMMUFD_LIVEUPDATE_LOAD_H

#include <linux/errno.h>
#include <linux/kho/abi/iommufd.h>
#include <linux/liveupdate_blob.h>
#include <linux/printk.h>
#include <linux/types.h>

struct file;
struct iommufd_ctx;
struct iommufd_ioas;
struct iopt_area;
struct iopt_pages;
struct liveupdate_session;

/**
 * struct iommufd_load_pages - a pages node
 * @token:        of the memfd, or number of the memory
 * @in_memory:    which of the two
 * @start:        byte of the memfd
 * @npages:       length
 * @writable:     may areas write
 * @account_mode: of the pages object
 * @file:         the memfd, referenced
 * @pages:        what is built from it, one reference until areas have theirs
 */
struct iommufd_load_pages {
	u64 token;
	u32 in_memory;
	u64 start;
	u64 npages;
	u32 writable;
	u32 account_mode;
	struct file *file;
	struct iopt_pages *pages;
};

/**
 * struct iommufd_load_memory - a memory node
 * @size:    bytes of the memfd to make
 * @runs:    in the blob, not aligned
 * @nr_runs: how many
 * @file:    the memfd; iommufd_drop_memories() puts it
 */
struct iommufd_load_memory {
	u64 size;
	const struct iommufd_run_ser *runs;
	size_t nr_runs;
	struct file *file;
};

/**
 * struct iommufd_load - a context that is being rebuilt
 * @blob:     its handover blob, checked for form
 * @session:  where the memfds are
 * @ictx:     the new context
 * @handle:   of @blob
 * @pages:    the pages nodes, by number
 * @nr_pages: how many
 * @memories: the memory nodes, by number
 * @nr_memories: how many
 * @areas:    the areas of all IOAS, not in their IOAS yet
 * @nr_areas: how many
 */
struct iommufd_load {
	struct liveupdate_blob blob;
	struct liveupdate_session *session;
	struct iommufd_ctx *ictx;
	u64 handle;
	struct iommufd_load_pages *pages;
	unsigned int nr_pages;
	struct iommufd_load_memory *memories;
	unsigned int nr_memories;
	struct iommufd_load_area *areas;
	size_t nr_areas;
};

/**
 * struct iommufd_load_area - an area on its way into its IOAS
 * @area:  the area, owned here until it is inserted
 * @ioas:  where it will be inserted
 * @pages: number of its pages node
 */
struct iommufd_load_area {
	struct iopt_area *area;
	struct iommufd_ioas *ioas;
	u64 pages;
};

/* Says in the log what is wrong in the blob; the error to refuse it with. */
static inline int load_bad(const char *what, u64 which)
{
	pr_warn("handover refused: %s %llu\n", what, which);
	return -EBADMSG;
}

int iommufd_load_read_memories(struct iommufd_load *load);
int iommufd_load_memories(struct iommufd_load *load);
void iommufd_drop_memories(u64 handle);
int iommufd_discard_memories(const struct liveupdate_blob *blob);

int iommufd_load_read_pages(struct iommufd_load *load);
int iommufd_load_read_areas(struct iommufd_load *load, int node,
			    struct iommufd_ioas *ioas);
int iommufd_load_check_areas(struct iommufd_load *load);
int iommufd_load_files(struct iommufd_load *load);
int iommufd_load_map(struct iommufd_load *load);
void iommufd_load_free(struct iommufd_load *load);

struct pt_amdv1_ser;
int iommufd_load_table(const struct liveupdate_blob *blob, int node,
		       struct pt_amdv1_ser *ser);

struct file *iommufd_liveupdate_new_file(void);
int iommufd_load_context(struct iommufd_load *load);

#endif
