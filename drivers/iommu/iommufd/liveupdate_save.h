/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __IOMMUFD_LIVEUPDATE_SAVE_H
#define __IOMMUFD_LIVEUPDATE_SAVE_H

#include <linux/fs.h>
#include <linux/liveupdate_blob.h>
#include <linux/magic.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "liveupdate_save_memory.h"

struct inode;
struct iommufd_ctx;
struct iommufd_ioas;
struct iommufd_object;
struct iopt_area;
struct iopt_pages;
struct liveupdate_session;

/**
 * struct iommufd_save_area - an area of a context that is preserved
 * @area:  the area; the gate keeps it
 * @pages: what it shows, with a reference
 * @ioas:  where it is
 * @run:   index of the run that it shows a part of
 */
struct iommufd_save_area {
	struct iopt_area *area;
	struct iopt_pages *pages;
	struct iommufd_ioas *ioas;
	unsigned int run;
};

/**
 * struct iommufd_save_run - adjacent pages of a pages object that areas show
 * @area:      one of these areas
 * @first:     index of the first page
 * @last:      index of the last page, no page between is left out
 * @memory:    where they go when no file of the session has them, or NULL
 * @file:      number of the file when one has
 * @start:     byte of the file or memory where @first is
 */
struct iommufd_save_run {
	const struct iommufd_save_area *area;
	unsigned long first;
	unsigned long last;
	struct save_memory *memory;
	unsigned int file;
	u64 start;
};

/**
 * struct iommufd_save_file - a memfd behind areas of a context
 * @inode: held (memfd_liveupdate_hold()), with a reference
 * @token: under which the session has it
 * @known: @token is valid
 */
struct iommufd_save_file {
	struct inode *inode;
	u64 token;
	bool known;
};

/**
 * struct iommufd_save - a context that is preserved
 * @ictx:     the context, its gate shut
 * @blob:     its handover blob
 * @handle:   where the next kernel finds @blob
 * @objs:     IOAS, then HWPTs; each has a user reference, so that closing a
 *            device that is not preserved destroys none of them
 * @nr_objs:  entries in @objs
 * @nr_kept:  of the first so many entries of @objs the tables are preserved
 * @areas:    the areas of all IOAS, in the order of @objs and of IOVAs
 * @nr_areas: entries in @areas
 * @runs:     what the areas show, no page twice
 * @nr_runs:  entries in @runs
 * @files:    the memfds
 * @nr_files: entries in @files
 * @nr_known: of so many the token is known
 * @files_ser: inside @blob, what it says of them
 * @file_of:  inode -> number of the file
 * @kept:     device ID -> where @blob says that the device comes along
 * @memories: pages without a file, struct save_memory, one for each size
 */
struct iommufd_save {
	struct iommufd_ctx *ictx;
	struct liveupdate_blob blob;
	u64 handle;
	struct iommufd_object **objs;
	unsigned int nr_objs;
	unsigned int nr_kept;
	struct iommufd_save_area *areas;
	unsigned int nr_areas;
	struct iommufd_save_run *runs;
	unsigned int nr_runs;
	struct iommufd_save_file *files;
	unsigned int nr_files;
	unsigned int nr_known;
	struct iommufd_file_ser *files_ser;
	struct xarray file_of;
	struct xarray kept;
	struct list_head memories;
};

static inline bool iommufd_luo_is_hugetlbfs(const struct inode *inode)
{
	return inode->i_sb->s_magic == HUGETLBFS_MAGIC;
}

int iommufd_luo_refuse(u32 ioas, unsigned long iova, const char *what);
int iommufd_luo_refuse_page(const struct iommufd_save_run *run,
			    unsigned long index, const char *what);
unsigned long iommufd_luo_area_pfn(struct iopt_area *area, unsigned long index);
unsigned long iommufd_luo_area_iova(struct iopt_area *area,
				    unsigned long index);
bool iommufd_luo_has_memfd(const struct iopt_pages *pages);

/* @n pages from @index on, which follow each other in memory from @pfn on. */
typedef int (*save_extent_fn)(void *ctx, unsigned long index,
			      unsigned long pfn, unsigned long n);

int iommufd_luo_each_extent(const struct iommufd_save_run *run,
			    save_extent_fn fn, void *ctx);
struct iommufd_ioas *iommufd_luo_obj_ioas(struct iommufd_object *obj);

int iommufd_luo_save_areas(struct iommufd_save *save);
void iommufd_luo_save_put_areas(struct iommufd_save *save);
int iommufd_luo_save_pages(struct iommufd_save *save);
void iommufd_luo_save_undo_pages(struct iommufd_save *save);
int iommufd_luo_save_compare(struct iommufd_save *save);

int iommufd_luo_save_write(struct iommufd_save *save,
			   struct liveupdate_session *session);
void iommufd_luo_save_undo_tables(struct iommufd_save *save);
int iommufd_luo_save_resolve(struct iommufd_save *save,
			     struct liveupdate_session *session);

#endif
