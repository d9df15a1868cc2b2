/* SPDX-License-Identifier: GPL-2.0 */
/* What there is to be handed over, for those who only want to look. */
#ifndef _LINUX_LUO_DUMP_H
#define _LINUX_LUO_DUMP_H

#include <linux/types.h>

struct luo_file_set;

/**
 * struct luo_dump_file - one file of a session
 * @compatible: names its handler
 * @token:      what userspace calls it
 * @data:       the handler's number
 * @status:     of an incoming file: 0 not retrieved yet, 1 retrieved, or the
 *              negative errno of a retrieve that failed
 */
struct luo_dump_file {
	const char *compatible;
	u64 token;
	u64 data;
	int status;
};

/**
 * struct luo_dump - who wants to look
 * @session: called before the files of each session; @retrieved: userspace of
 *           the next kernel has it
 * @file:    called for each file of it; what @data leads to does not change or
 *           go away meanwhile
 * @end:     called after them
 */
struct luo_dump {
	void (*session)(struct luo_dump *dump, const char *name, bool retrieved);
	void (*file)(struct luo_dump *dump, const struct luo_dump_file *file);
	void (*end)(struct luo_dump *dump);
};

int luo_session_dump(struct luo_dump *dump, bool incoming);
void luo_file_dump(struct luo_file_set *set, struct luo_dump *dump);

#endif
