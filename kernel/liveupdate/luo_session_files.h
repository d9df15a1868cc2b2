/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From a file set to its session: every handler callback is told whose file
 * it works on.
 */
#ifndef _LINUX_LUO_SESSION_FILES_H
#define _LINUX_LUO_SESSION_FILES_H

#include <linux/container_of.h>

#include "luo_dropped.h"

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

static inline struct luo_file_set *
luo_session_file_set(struct liveupdate_session *session)
{
	struct luo_session *s = (struct luo_session *)session;

	lockdep_assert_held(&s->mutex);
	return &s->file_set;
}

/* Initializer of the arguments of a callback on a file of @set. */
#define LUO_FILE_ARGS(set) { .session = luo_file_set_session(set) }

#if defined(CONFIG_LIVEUPDATE_BLOB) && defined(CONFIG_MODULES)
int luo_open_sessions(void);
int luo_load_sessions(void);
#else
/* Handlers are there or they never will be: as without us. */
#define luo_open_sessions()	luo_session_deserialize()
#define luo_load_sessions()	luo_session_deserialize()
#endif

bool luo_session_missing(char *name);
bool luo_file_has_handler(const char *compatible);

#endif
