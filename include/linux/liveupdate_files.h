/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a file handler may ask about the other files of its session.
 *
 * All calls are made from a handler's callback, with the session's mutex held
 * by the Live Update Orchestrator.
 */
#ifndef _LINUX_LIVEUPDATE_FILES_H
#define _LINUX_LIVEUPDATE_FILES_H

#include <linux/errno.h>
#include <linux/module.h>
#include <linux/types.h>

struct file;
struct liveupdate_session;

typedef void (*liveupdate_file_fn)(void *ctx, struct file *file, u64 token);

/* Is an error of a retrieve a limit, a lack or a signal: may it go well later? */
static inline bool liveupdate_is_passing(int err)
{
	return err == -ENOMEM || err == -ENOSPC || err == -ENFILE ||
	       err == -EINTR;
}

/* Loads the handler in this module when a file of the previous kernel needs it. */
#define LIVEUPDATE_MODULE_PREFIX	"liveupdate-"
#define MODULE_ALIAS_LIVEUPDATE(compatible) \
	MODULE_ALIAS(LIVEUPDATE_MODULE_PREFIX compatible)

#ifdef CONFIG_LIVEUPDATE
int liveupdate_get_token_outgoing(struct liveupdate_session *session,
				  struct file *file, u64 *token);
void liveupdate_walk_outgoing(struct liveupdate_session *session,
			      liveupdate_file_fn fn, void *ctx);
void liveupdate_drop_file(struct liveupdate_session *session, struct file *file);
int liveupdate_check_token(struct liveupdate_session *session, u64 token,
			   const char *compatible);
bool liveupdate_can_retry(struct liveupdate_session *session, u64 token);
int liveupdate_get_file_incoming(struct liveupdate_session *session,
				 u64 token, struct file **filep);
bool liveupdate_flb_is_incoming(const char *prefix);
#else
static inline int
liveupdate_get_token_outgoing(struct liveupdate_session *session,
			      struct file *file, u64 *token)
{
	return -EOPNOTSUPP;
}

static inline void
liveupdate_walk_outgoing(struct liveupdate_session *session,
			 liveupdate_file_fn fn, void *ctx)
{
}

static inline void liveupdate_drop_file(struct liveupdate_session *session,
					struct file *file)
{
}

static inline int liveupdate_check_token(struct liveupdate_session *session,
					 u64 token, const char *compatible)
{
	return -EOPNOTSUPP;
}

static inline bool liveupdate_can_retry(struct liveupdate_session *session,
					u64 token)
{
	return false;
}

static inline int
liveupdate_get_file_incoming(struct liveupdate_session *session,
			     u64 token, struct file **filep)
{
	return -EOPNOTSUPP;
}
#endif
#endif
