/* SPDX-License-Identifier: GPL-2.0 */
/* Optional files, which a live update may leave behind. */
#ifndef _LINUX_LUO_DROPPED_H
#define _LINUX_LUO_DROPPED_H

struct luo_file_set;
struct luo_file_set_ser;

#ifdef CONFIG_LIVEUPDATE_BLOB
int luo_freeze_optional(struct luo_file_set *set, struct luo_file_set_ser *ser);
int luo_settle_dropped(int err);
#else
/* Nobody asks for it. */
#define luo_freeze_optional(set, ser)	luo_file_freeze(set, ser)
#define luo_settle_dropped(err)		(err)
#endif

#endif
