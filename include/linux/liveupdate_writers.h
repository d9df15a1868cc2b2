/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the previous kernel left running may still write to memory. Handlers of
 * memory ask; who looks after such devices answers.
 */
#ifndef _LINUX_LIVEUPDATE_WRITERS_H
#define _LINUX_LIVEUPDATE_WRITERS_H

#include <linux/init.h>
#include <linux/list.h>
#include <linux/types.h>

/**
 * struct liveupdate_writers - those of one bus
 * @list:    of all such
 * @running: is there one whose live update is not over?
 * @lost:    is there one, running or not, that will never be stopped?
 */
struct liveupdate_writers {
	struct list_head list;
	bool (*running)(void);
	bool (*lost)(void);
};

void __init liveupdate_register_writers(struct liveupdate_writers *writers);

bool liveupdate_has_writers(void);
bool liveupdate_lost_writers(void);

#endif
