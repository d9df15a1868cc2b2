/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What files of ours need of luo_{file,flb,session}.c, and the other way round.
 *
 * From a file set to its session: every handler callback is told whose file
 * it works on.
 */
#ifndef _LINUX_LUO_LOOKUP_H
#define _LINUX_LUO_LOOKUP_H

#include <linux/container_of.h>

#include "luo_dropped.h"

extern struct list_head luo_file_handler_list;
extern struct luo_flb_global luo_flb_global;
extern struct luo_session_global luo_session_global;
extern struct rw_semaphore luo_session_serialize_rwsem;
/* No lock that reboot() keeps: an open() that waits has the one of all misc devices. */
extern struct mutex luo_session_deserialize_lock;

unsigned long luo_get_id(struct liveupdate_file_handler *fh, struct file *file);
void luo_file_pre_finish(struct luo_file_set *set);

static inline struct luo_session *luo_file_set_owner(struct luo_file_set *set)
{
	return container_of(set, struct luo_session, file_set);
}

/* The public name of a luo_session, see struct liveupdate_file_op_args. */
static inline struct liveupdate_session *
luo_file_set_session(struct luo_file_set *set)
{
	return (struct liveupdate_session *)luo_file_set_owner(set);
}

static inline const char *luo_session_name(struct liveupdate_session *session)
{
	return ((struct luo_session *)session)->name;
}

struct luo_file_set *luo_session_file_set(struct liveupdate_session *session);

/* Initializer of the arguments of a callback on a file of @set. */
#define LUO_FILE_ARGS(set) { .session = luo_file_set_session(set) }

#ifdef CONFIG_LIVEUPDATE_HANDLERS
int luo_open_sessions(void);
int luo_load_sessions(void);
#else
/* Handlers are there or they never will be: as without us. */
#define luo_open_sessions()	luo_session_deserialize()
#define luo_load_sessions()	luo_session_deserialize()
#endif

#endif
