// SPDX-License-Identifier: GPL-2.0
/*
 * File handlers that are modules.
 *
 * A session of the previous kernel is read once, and a file without a handler
 * then is lost for good. Therefore sessions are read only when the handlers of
 * all their files are there, and those that are missing are asked for by
 * MODULE_ALIAS_LIVEUPDATE().
 *
 * That can't be done while /dev/liveupdate is being opened: the misc layer's
 * lock is held then, and a module that registers a misc device waits for it.
 * So it is done by the first call on the opened file.
 */
#define pr_fmt(fmt) "luo: " fmt

#include <linux/export.h>
#include <linux/kmod.h>
#include <linux/liveupdate.h>
#include <linux/liveupdate_files.h>

#include "luo_internal.h"
#include "luo_missing.h"

EXPORT_SYMBOL_GPL(liveupdate_enabled);
EXPORT_SYMBOL_GPL(liveupdate_register_file_handler);
EXPORT_SYMBOL_GPL(liveupdate_unregister_file_handler);

/* No lock that a module takes when it is loaded may be held. */
static int luo_load_handlers(void)
{
	char name[LIVEUPDATE_HNDL_COMPAT_LENGTH];

	while (luo_session_missing(name)) {
		if (luo_is_compatible(name))
			request_module(LIVEUPDATE_MODULE_PREFIX "%s", name);
		if (!luo_file_has_handler(name)) {
			pr_warn("no handler for '%.*s' yet, sessions have to wait\n",
				(int)sizeof(name), name);
			return -ENOPKG;
		}
	}
	return 0;
}

/**
 * luo_open_sessions - Read the previous kernel's sessions if that is possible
 *
 * Context: /dev/liveupdate is being opened.
 * Return: 0, or the error of luo_session_deserialize().
 */
int luo_open_sessions(void)
{
	char name[LIVEUPDATE_HNDL_COMPAT_LENGTH];

	return luo_session_missing(name) ? 0 : luo_session_deserialize();
}

/**
 * luo_load_sessions - Read them, whatever has to be loaded for it
 *
 * Context: A call on /dev/liveupdate or a read of debugfs; sleeps for as long as
 *          modprobe takes. No lock that a module takes may be held.
 * Return: 0; -ENOPKG when a handler is missing, and nothing is lost then: it can
 *         be loaded by hand, or asked for again; -EIO when sessions are damaged.
 */
int luo_load_sessions(void)
{
	int err = luo_load_handlers();

	if (err)
		return err;
	return luo_session_deserialize() ? -EIO : 0;
}
