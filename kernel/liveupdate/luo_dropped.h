/* SPDX-License-Identifier: GPL-2.0 */
/* Optional files, which a live update may leave behind. */
#ifndef _LINUX_LUO_DROPPED_H
#define _LINUX_LUO_DROPPED_H

struct file;
struct liveupdate_file_handler;
struct liveupdate_session;
struct luo_file;
struct luo_file_set;
struct luo_file_set_ser;

#ifdef CONFIG_LIVEUPDATE_BLOB
int luo_freeze_optional(struct luo_file_set *set, struct luo_file_set_ser *ser);
int luo_settle_dropped(int err);

/* In luo_file.c, which alone knows what a luo_file is. */
struct luo_file *luo_file_of(struct liveupdate_session *session,
			     struct file *file);
u64 luo_file_token(const struct luo_file *luo_file);
void luo_file_swap(struct luo_file *luo_file,
		   struct liveupdate_file_handler **handler, u64 *data);
void luo_file_unpreserve_one(struct luo_file_set *set, struct luo_file *luo_file,
			     struct liveupdate_file_handler *handler, u64 data);
#else
/* Nobody asks for it. */
#define luo_freeze_optional(set, ser)	luo_file_freeze(set, ser)
#define luo_settle_dropped(err)		(err)
#endif

#endif
