/* SPDX-License-Identifier: GPL-2.0 */
/* Optional files, which a live update may leave behind. */
#ifndef _LINUX_LUO_DROPPED_H
#define _LINUX_LUO_DROPPED_H

struct luo_file_set;
struct luo_file_set_ser;

#ifdef CONFIG_LIVEUPDATE_BLOB
int luo_freeze_optional(struct luo_file_set *set, struct luo_file_set_ser *ser);
void luo_give_up_dropped(void);
void luo_restore_dropped(void);
#else
/* Nobody asks for it. */
#define luo_freeze_optional(set, ser)	luo_file_freeze(set, ser)
static inline void luo_give_up_dropped(void) { }
static inline void luo_restore_dropped(void) { }
#endif

#endif
