/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __MM_HUGETLB_LIVEUPDATE_H
#define __MM_HUGETLB_LIVEUPDATE_H

#include <linux/kho/abi/hugetlb.h>
#include <linux/list.h>
#include <linux/liveupdate_blob.h>
#include <linux/types.h>

struct file;
struct liveupdate_file_op_args;

/**
 * struct huge_incoming - a memfd of huge pages whose blob was taken over
 * @entry:   in incoming
 * @handle:  of @blob
 * @blob:    what the previous kernel said of it
 * @size:    bytes of the file
 * @pos:     of its description
 * @order:   of its pages
 * @seals:   F_SEAL_*
 * @noexec:  0 or 1
 * @runs:    in @blob, checked, not aligned
 * @nr_runs: how many
 * @npages:  of PAGE_SIZE in all runs
 * @done:    the first so many of them are in the file
 * @file:    the memfd, not visible to others before all are; with a reference
 * @hold:    each page in the file has a reference of ours
 * @out:     the file was handed out, and is held until the session is finished
 */
struct huge_incoming {
	struct list_head entry;
	u64 handle;
	struct liveupdate_blob blob;
	u64 size;
	u64 pos;
	unsigned int order;
	u32 seals;
	u32 noexec;
	const struct hugetlb_run_ser *runs;
	size_t nr_runs;
	u64 npages;
	u64 done;
	struct file *file;
	bool hold;
	bool out;
};

int hugetlb_liveupdate_read(struct huge_incoming *in);
int hugetlb_liveupdate_retrieve(struct liveupdate_file_op_args *args);
void hugetlb_liveupdate_finish(struct liveupdate_file_op_args *args);

#endif
