/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a handler that has no handover blob shows in the dump of a handover, see
 * <linux/kho/abi/liveupdate_dump.h>.
 */
#ifndef _LINUX_LIVEUPDATE_DUMP_H
#define _LINUX_LIVEUPDATE_DUMP_H

#include <linux/init.h>
#include <linux/list.h>
#include <linux/types.h>

struct kho_vmalloc;
struct liveupdate_blob;
struct liveupdate_dump;

/**
 * struct liveupdate_dumper - who knows what a handler's number leads to
 * @list:       of all such
 * @compatible: of the handler
 * @dump:       called for each file that was not retrieved, with the preserved
 *              page that the number leads to, not trusted: adds properties to
 *              the file's node. Returns 0 or a negative errno.
 */
struct liveupdate_dumper {
	struct list_head list;
	const char *compatible;
	int (*dump)(const struct liveupdate_dump *dump,
		    struct liveupdate_blob *out, const void *page);
};

void __init liveupdate_register_dumper(struct liveupdate_dumper *dumper);

void *liveupdate_dump_copy(const struct liveupdate_dump *dump,
			   const struct kho_vmalloc *memory, u64 size);

#endif
