/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __IOMMUFD_LIVEUPDATE_SAVE_H
#define __IOMMUFD_LIVEUPDATE_SAVE_H

#include <linux/list.h>
#include <linux/liveupdate_blob.h>
#include <linux/types.h>
#include <linux/xarray.h>

struct inode;
struct iommufd_ctx;
struct iommufd_ioas;
struct iommufd_object;
struct iopt_pages;
struct liveupdate_session;
struct save_memory;

/**
 * struct iommufd_save_pages - a pages object of a context that is preserved
 * @pages:  alive while its areas are
 * @inode:  of the memfd behind it, held (memfd_liveupdate_hold()), or NULL
 * @memory: what carries the pages when there is no memfd
 * @start:  byte of the memfd or memory where @pages begins
 */
struct iommufd_save_pages {
	struct iopt_pages *pages;
	struct inode *inode;
	struct save_memory *memory;
	u64 start;
};

/**
 * struct iommufd_save - a context that is preserved
 * @ictx:     the context, its gate shut
 * @blob:     its handover blob
 * @handle:   where the next kernel finds @blob
 * @objs:     IOAS and HWPTs; each has a user reference, so that closing a
 *            device that is not preserved destroys none of them
 * @nr_objs:  entries in @objs
 * @nr_kept:  of the first so many entries of @objs the tables are preserved
 * @pages:    what the areas show, by number
 * @nr_pages: entries in @pages
 * @numbers:  number of a pages object, by its address
 * @memories: struct save_memory, what has no file
 * @nr_memories: how many
 */
struct iommufd_save {
	struct iommufd_ctx *ictx;
	struct liveupdate_blob blob;
	u64 handle;
	struct iommufd_object **objs;
	unsigned int nr_objs;
	unsigned int nr_kept;
	struct iommufd_save_pages *pages;
	unsigned int nr_pages;
	struct xarray numbers;
	struct list_head memories;
	unsigned int nr_memories;
};

struct iommufd_ioas *save_obj_ioas(struct iommufd_object *obj);

int iommufd_save_write(struct iommufd_save *save);
void iommufd_save_undo_tables(struct iommufd_save *save);
int iommufd_save_resolve(struct iommufd_save *save,
			 struct liveupdate_session *session);
int iommufd_save_verify(struct iommufd_save *save);

#endif
