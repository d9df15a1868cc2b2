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
struct inode;
struct liveupdate_session;

/* Loads the handler in this module when a file of the previous kernel needs it. */
#define LIVEUPDATE_MODULE_PREFIX	"liveupdate-"
#define MODULE_ALIAS_LIVEUPDATE(compatible) \
	MODULE_ALIAS(LIVEUPDATE_MODULE_PREFIX compatible)

#ifdef CONFIG_LIVEUPDATE
int liveupdate_get_token_outgoing(struct liveupdate_session *session,
				  struct file *file, u64 *token);
int liveupdate_get_token_of_inode(struct liveupdate_session *session,
				  struct inode *inode, u64 *token);
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

static inline int
liveupdate_get_token_of_inode(struct liveupdate_session *session,
			      struct inode *inode, u64 *token)
{
	return -EOPNOTSUPP;
}

static inline int
liveupdate_get_file_incoming(struct liveupdate_session *session,
			     u64 token, struct file **filep)
{
	return -EOPNOTSUPP;
}
#endif
#endif
