// SPDX-License-Identifier: GPL-2.0
/*
 * Files that a live update may leave behind.
 *
 * A file that can't be frozen makes reboot() fail, for all sessions. Whose owner
 * would rather lose it than have the live update fail says so to its handler,
 * which tells us when it refuses to freeze. The session is frozen again
 * without the file, so that the files that need it are asked again.
 *
 * Nothing is given up before all sessions are frozen. Then a dropped file is
 * unpreserved as if its session had been closed, and a device is stopped as one
 * that was never preserved. The next kernel is told of its token only.
 */
#define pr_fmt(fmt) "luo: " fmt

#include <linux/errno.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kho/abi/liveupdate_note.h>
#include <linux/kho/abi/luo_dropped.h>
#include <linux/list.h>
#include <linux/liveupdate.h>
#include <linux/liveupdate_files.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "luo_internal.h"

/**
 * struct luo_dropped - a file that is left behind
 * @entry:   in luo_dropped_files
 * @set:     of its session
 * @file:    the file, which has luo_dropped_handler and no data meanwhile
 * @handler: its own
 * @data:    its own
 */
struct luo_dropped {
	struct list_head entry;
	struct luo_file_set *set;
	struct luo_file *file;
	struct liveupdate_file_handler *handler;
	u64 data;
};

/* One session is frozen at a time, in reboot(), and one file of it. */
static LIST_HEAD(luo_dropped_files);
static struct luo_file *luo_refused;

static bool dropped_can_preserve(struct liveupdate_file_handler *handler,
				 struct file *file)
{
	return false;
}

static int dropped_preserve(struct liveupdate_file_op_args *args)
{
	return -EOPNOTSUPP;
}

static void dropped_unpreserve(struct liveupdate_file_op_args *args)
{
}

static int dropped_retrieve(struct liveupdate_file_op_args *args)
{
	pr_warn("session %s: a file was dropped by the previous kernel, whose log says why\n",
		luo_session_name(args->session));
	return -ENODATA;
}

static void dropped_finish(struct liveupdate_file_op_args *args)
{
}

static const struct liveupdate_file_ops luo_dropped_ops = {
	.can_preserve = dropped_can_preserve,
	.preserve = dropped_preserve,
	.unpreserve = dropped_unpreserve,
	.retrieve = dropped_retrieve,
	.finish = dropped_finish,
	.owner = THIS_MODULE,
};

static struct liveupdate_file_handler luo_dropped_handler = {
	.ops = &luo_dropped_ops,
	.compatible = LUO_DROPPED_COMPATIBLE,
};

LIVEUPDATE_NOTE(LUO_DROPPED_COMPATIBLE);

static int __init luo_dropped_init(void)
{
	int err = liveupdate_register_file_handler(&luo_dropped_handler);

	if (err && err != -EOPNOTSUPP)
		pr_warn("nothing can be dropped: error %d\n", err);
	return 0;
}
late_initcall(luo_dropped_init);

/**
 * liveupdate_drop_file - A file that is refused at freeze is optional
 * @session: the session of the calling handler, from its arguments
 * @file:    the file, from there as well
 *
 * Context: A handler's freeze callback, which fails after this.
 */
void liveupdate_drop_file(struct liveupdate_session *session, struct file *file)
{
	struct luo_file_set *set = luo_session_file_set(session);
	struct luo_file *luo_file;

	luo_refused = NULL;
	list_for_each_entry(luo_file, &set->files_list, list)
		if (luo_file->file == file)
			luo_refused = luo_file;
}
EXPORT_SYMBOL_GPL(liveupdate_drop_file);

/* Exchanges who looks after the file, and what is handed over of it. */
static void dropped_swap(struct luo_dropped *dropped)
{
	swap(dropped->file->fh, dropped->handler);
	swap(dropped->file->serialized_data, dropped->data);
}

/* The file stays on the list, for its token. */
static void dropped_give_up(struct luo_dropped *dropped)
{
	struct liveupdate_file_op_args args = LUO_FILE_ARGS(dropped->set);

	args.handler = dropped->handler;
	args.file = dropped->file->file;
	args.serialized_data = dropped->data;
	args.private_data = dropped->file->private_data;
	dropped->handler->ops->unpreserve(&args);
	luo_flb_file_unpreserve(dropped->handler);
}

/* Returns whether there is a file less that can fail. */
static bool drop_refused(struct luo_file_set *set)
{
	struct luo_dropped *dropped;

	if (!luo_refused)
		return false;
	dropped = kmalloc_obj(*dropped);
	if (!dropped)
		return false;
	dropped->set = set;
	dropped->file = luo_refused;
	dropped->handler = &luo_dropped_handler;
	dropped->data = 0;
	dropped_swap(dropped);
	list_add(&dropped->entry, &luo_dropped_files);
	pr_warn("session %s: token[%#0llx] is optional, the live update goes on without it\n",
		luo_session_name(luo_file_set_session(set)),
		luo_refused->token);
	return true;
}

/**
 * luo_freeze_optional - Freeze the files of a session, or those that are not optional
 * @set: its files
 * @ser: what is handed over of them
 *
 * Context: reboot(), with the session's mutex held. luo_give_up_dropped() follows, or
 *          luo_restore_dropped().
 * Return: 0, or the error of a file that is not optional; then none is frozen.
 */
int luo_freeze_optional(struct luo_file_set *set, struct luo_file_set_ser *ser)
{
	int err;

	do {
		luo_refused = NULL;
		err = luo_file_freeze(set, ser);
	} while (err && drop_refused(set));
	return err;
}

static void each_dropped(void (*call)(struct luo_dropped *dropped))
{
	struct luo_dropped *dropped, *next;

	list_for_each_entry_safe(dropped, next, &luo_dropped_files, entry) {
		scoped_guard(mutex, &luo_file_set_owner(dropped->set)->mutex)
			call(dropped);
		list_del(&dropped->entry);
		kfree(dropped);
	}
}

/**
 * luo_give_up_dropped - All sessions are frozen: unpreserve what was dropped
 *
 * Context: reboot().
 */
void luo_give_up_dropped(void)
{
	each_dropped(dropped_give_up);
}

/**
 * luo_restore_dropped - A session can't be frozen: nothing was dropped
 *
 * Context: reboot(), with luo_session_serialize_rwsem held: whoever closes a session
 *          of a dropped file would free the file without unpreserving it.
 */
void luo_restore_dropped(void)
{
	each_dropped(dropped_swap);
}
