// SPDX-License-Identifier: GPL-2.0
/*
 * What a file's handler sees of its session: the other files, and whether data
 * that files share has arrived.
 *
 * The session's mutex protects the list that is walked here; a luo_file's
 * file, handler and token do not change while it is on the list.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cleanup.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/kho/abi/luo.h>
#include <linux/kho/abi/luo_dropped.h>
#include <linux/list.h>
#include <linux/liveupdate.h>
#include <linux/liveupdate_files.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "luo_internal.h"

/**
 * luo_session_file_set - The files of a session
 * @session: from the arguments of a handler's callback
 *
 * Context: The session's mutex is held.
 */
struct luo_file_set *luo_session_file_set(struct liveupdate_session *session)
{
	struct luo_session *s = (struct luo_session *)session;

	lockdep_assert_held(&s->mutex);
	return &s->file_set;
}

/* It is on the list for its token only. */
static bool luo_file_is_dropped(const struct luo_file *luo_file)
{
	return IS_ENABLED(CONFIG_LIVEUPDATE_BLOB) &&
	       !strcmp(luo_file->fh->compatible, LUO_DROPPED_COMPATIBLE);
}

static bool luo_file_is(struct luo_file *luo_file, struct file *file)
{
	/* A session has hundreds of files of other kinds. */
	if (luo_file->file->f_op != file->f_op || luo_file_is_dropped(luo_file))
		return false;
	/* A second open of the same object has a file of its own, one ID. */
	return luo_get_id(luo_file->fh, luo_file->file) ==
	       luo_get_id(luo_file->fh, file);
}

/**
 * liveupdate_get_token_outgoing - The token under which a file is preserved
 * @session: The session of the calling handler, from its arguments.
 * @file:    The file looked for; no reference is taken.
 * @token:   [OUT] the token that userspace gave it in PRESERVE_FD.
 *
 * Context: A handler's preserve, freeze, unfreeze or unpreserve callback.
 * Return: 0, or -ENOENT when the session does not preserve the file (yet).
 */
int liveupdate_get_token_outgoing(struct liveupdate_session *session,
				  struct file *file, u64 *token)
{
	struct luo_file_set *set = luo_session_file_set(session);
	struct luo_file *luo_file;

	list_for_each_entry(luo_file, &set->files_list, list) {
		if (!luo_file_is(luo_file, file))
			continue;
		*token = luo_file->token;
		return 0;
	}
	return -ENOENT;
}
EXPORT_SYMBOL_GPL(liveupdate_get_token_outgoing);

/**
 * liveupdate_walk_outgoing - Look at all files of an outgoing session
 * @session: The session of the calling handler, from its arguments.
 * @fn:      Called for each file that is preserved so far.
 * @ctx:     The first argument of @fn.
 *
 * Context: A handler's preserve, freeze, unfreeze or unpreserve callback.
 */
void liveupdate_walk_outgoing(struct liveupdate_session *session,
			      liveupdate_file_fn fn, void *ctx)
{
	struct luo_file_set *set = luo_session_file_set(session);
	struct luo_file *luo_file;

	list_for_each_entry(luo_file, &set->files_list, list)
		if (!luo_file_is_dropped(luo_file))
			fn(ctx, luo_file->file, luo_file->token);
}
EXPORT_SYMBOL_GPL(liveupdate_walk_outgoing);

static struct luo_file *luo_file_find(struct luo_file_set *set, u64 token)
{
	struct luo_file *luo_file;

	list_for_each_entry(luo_file, &set->files_list, list)
		if (luo_file->token == token)
			return luo_file;
	return NULL;
}

/**
 * liveupdate_check_token - Is a file of an incoming session of a kind?
 * @session:    The session of the calling handler, from its arguments.
 * @token:      From a handover, not trusted.
 * @compatible: Of the handler that the file must have.
 *
 * To be asked before the file is: retrieving one of another kind could lead on
 * to any number of others.
 *
 * Context: A handler's retrieve callback.
 * Return: 0, -ENOENT for a token the session does not have, -EBADMSG for a file
 *         of another kind.
 */
int liveupdate_check_token(struct liveupdate_session *session, u64 token,
			   const char *compatible)
{
	struct luo_file *luo_file =
		luo_file_find(luo_session_file_set(session), token);

	if (!luo_file)
		return -ENOENT;
	return strcmp(luo_file->fh->compatible, compatible) ? -EBADMSG : 0;
}
EXPORT_SYMBOL_GPL(liveupdate_check_token);

/**
 * liveupdate_can_retry - Can a file that could not be retrieved be asked for again?
 * @session: The session of the calling handler, from its arguments.
 * @token:   The token that liveupdate_get_file_incoming() failed for.
 *
 * Context: A handler's retrieve callback.
 */
bool liveupdate_can_retry(struct liveupdate_session *session, u64 token)
{
	struct luo_file *luo_file =
		luo_file_find(luo_session_file_set(session), token);

	return luo_file && luo_file->retrieve_status >= 0;
}
EXPORT_SYMBOL_GPL(liveupdate_can_retry);

/*
 * Luo_file mutexes are taken under the session's only, so one that is locked
 * is locked by the very retrieve that is asking.
 */
static bool luo_file_is_retrieving(struct luo_file_set *set, u64 token)
{
	struct luo_file *luo_file = luo_file_find(set, token);

	return luo_file && mutex_is_locked(&luo_file->mutex);
}

/**
 * liveupdate_get_file_incoming - A file of an incoming session, by its token
 * @session: The session of the calling handler, from its arguments.
 * @token:   The token the file was preserved under.
 * @filep:   [OUT] the file, with a reference that the caller owns.
 *
 * Retrieves the file if that was not done yet.
 *
 * Context: A handler's retrieve callback. Takes the mutex of the other file
 *          under that of the calling one; each handler has a lock class.
 * Return: 0, -ENOENT for a token the session does not have, -ELOOP when the
 *         file (indirectly) asks for itself, or the error of its retrieve.
 */
int liveupdate_get_file_incoming(struct liveupdate_session *session,
				 u64 token, struct file **filep)
{
	struct luo_file_set *set = luo_session_file_set(session);

	if (luo_file_is_retrieving(set, token)) {
		pr_warn("token[%#0llx] depends on itself\n", token);
		return -ELOOP;
	}
	return luo_retrieve_file(set, token, filep);
}
EXPORT_SYMBOL_GPL(liveupdate_get_file_incoming);

static void luo_file_pre_finish_one(struct luo_file_set *set,
				    struct luo_file *luo_file)
{
	struct liveupdate_file_op_args args = LUO_FILE_ARGS(set);

	guard(mutex)(&luo_file->mutex);

	args.handler = luo_file->fh;
	args.file = luo_file->file;
	args.serialized_data = luo_file->serialized_data;
	args.retrieve_status = luo_file->retrieve_status;
	luo_file->fh->ops->pre_finish(&args);
}

/**
 * luo_file_pre_finish - Every file has agreed to finish and none has begun
 * @set: the files of a session
 *
 * What must stop using the session's memory stops here, whatever the order of
 * files.
 *
 * Context: The session's mutex is held.
 */
void luo_file_pre_finish(struct luo_file_set *set)
{
	struct luo_file *luo_file;

	list_for_each_entry(luo_file, &set->files_list, list)
		if (luo_file->fh->ops->pre_finish)
			luo_file_pre_finish_one(set, luo_file);
}

/**
 * liveupdate_flb_is_incoming - Did an FLB of some version arrive?
 * @prefix: how its compatible string begins
 *
 * For who finds no FLB of the version it knows: is there none, or one that it
 * can't read?
 *
 * Return: true when the previous kernel handed one over.
 */
bool liveupdate_flb_is_incoming(const char *prefix)
{
	struct luo_flb_header *fh = &luo_flb_global.incoming;

	for (u64 i = 0; fh->active && i < fh->header_ser->count; i++)
		if (!strncmp(fh->ser[i].name, prefix, strlen(prefix)))
			return true;
	return false;
}
