/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __IOMMUFD_LIVEUPDATE_SAVE_H
#define __IOMMUFD_LIVEUPDATE_SAVE_H

#include <linux/list.h>
#include <linux/liveupdate_blob.h>
#include <linux/types.h>

struct iommufd_ctx;
struct iommufd_object;
struct iopt_pages;
struct liveupdate_session;

/**
 * struct iommufd_save - a context that is preserved
 * @ictx:     the context, its gate shut
 * @blob:     its handover blob
 * @handle:   where the next kernel finds @blob
 * @objs:     IOAS and HWPTs; each has a user reference, so that closing a
 *            device that is not preserved destroys none of them
 * @nr_objs:  entries in @objs
 * @nr_kept:  of the first so many entries of @objs the tables are preserved
 * @pages:    what the areas show, by number; alive while the areas are
 * @nr_pages: entries in @pages
 */
struct iommufd_save {
	struct iommufd_ctx *ictx;
	struct liveupdate_blob blob;
	u64 handle;
	struct iommufd_object **objs;
	unsigned int nr_objs;
	unsigned int nr_kept;
	struct iopt_pages **pages;
	unsigned int nr_pages;
};

int iommufd_save_write(struct iommufd_save *save);
void iommufd_save_undo_tables(struct iommufd_save *save);
int iommufd_save_resolve(struct iommufd_save *save,
			 struct liveupdate_session *session);
int iommufd_save_verify(struct iommufd_save *save);

#endif
