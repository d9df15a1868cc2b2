// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memfds of huge pages that arrive.
 *
 * A device of the previous kernel may be writing to them. Each huge page gets a
 * reference before it can be found, which it keeps until the session is
 * finished: it can't be moved or freed before that.
 *
 * What needs no page is checked before the first one is taken over. A retrieve
 * that ends early goes on there when it is called again.
 */
#define pr_fmt(fmt) "hugetlb: liveupdate: " fmt

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/hugetlb_liveupdate.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/hugetlb.h>
#include <linux/kho/abi/memfd.h>
#include <linux/list.h>
#include <linux/liveupdate.h>
#include <linux/liveupdate_blob.h>
#include <linux/liveupdate_files.h>
#include <linux/liveupdate_writers.h>
#include <linux/memfd.h>
#include <linux/memfd_liveupdate.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <uapi/linux/memfd.h>

#include "hugetlb_liveupdate.h"

static DEFINE_MUTEX(incoming_lock);
static LIST_HEAD(incoming);

static int huge_bad(const char *what, u64 which)
{
	pr_warn("handover refused: %s %#llx\n", what, which);
	return -EBADMSG;
}

/* A run in units of the CPU. */
struct huge_run {
	u64 page;
	u64 pfn;
	u64 npages;
};

static struct huge_run huge_get_run(const struct huge_incoming *in, size_t i)
{
	struct hugetlb_run_ser ser;

	/* FDT values are aligned to 4 bytes only. */
	memcpy(&ser, in->runs + i, sizeof(ser));
	return (struct huge_run) {
		.page = be64_to_cpu(ser.page),
		.pfn = be64_to_cpu(ser.pfn),
		.npages = be64_to_cpu(ser.npages),
	};
}

/* Calls @fn for each huge page from the @first page of PAGE_SIZE on. */
static int huge_each(struct huge_incoming *in, u64 first,
		     int (*fn)(struct huge_incoming *in, u64 page, u64 pfn))
{
	u64 step = 1ULL << in->order, before = 0;
	int rc = 0;

	for (size_t i = 0; i < in->nr_runs; i++) {
		struct huge_run run = huge_get_run(in, i);
		u64 at = first > before ? min(first - before, run.npages) : 0;

		for (; at < run.npages && !rc; at += step) {
			rc = fn(in, run.page + at, run.pfn + at);
			cond_resched();
		}
		if (rc)
			break;
		before += run.npages;
	}
	return rc;
}

static int huge_check_page(struct huge_incoming *in, u64 page, u64 pfn)
{
	if (kho_restorable_order(PFN_PHYS(pfn)) != in->order)
		return huge_bad("huge page at page frame", pfn);
	return 0;
}

static int huge_check_runs(struct huge_incoming *in)
{
	u64 step = 1ULL << in->order, next = 0, pfn_end;

	for (size_t i = 0; i < in->nr_runs; i++) {
		struct huge_run run = huge_get_run(in, i);

		if (!run.npages || run.page < next ||
		    (run.page | run.pfn | run.npages) & (step - 1) ||
		    check_add_overflow(run.page, run.npages, &next) ||
		    check_add_overflow(run.pfn, run.npages, &pfn_end) ||
		    next > MAX_LFS_FILESIZE >> PAGE_SHIFT ||
		    pfn_end > PHYS_PFN(PHYS_ADDR_MAX))
			return huge_bad("run of huge pages", i);
		in->npages += run.npages;
	}
	return huge_each(in, 0, huge_check_page);
}

/**
 * hugetlb_liveupdate_read - Read what a blob says, changing nothing
 * @in: with the blob; the rest is filled in
 *
 * Return: 0, or -EBADMSG after a line in the log.
 */
int hugetlb_liveupdate_read(struct huge_incoming *in)
{
	const struct liveupdate_blob *blob = &in->blob;
	u64 page_size;
	size_t len;

	if (liveupdate_blob_get_u64(blob, 0, "page-size", &page_size) ||
	    liveupdate_blob_get_u64(blob, 0, "size", &in->size) ||
	    liveupdate_blob_get_u64(blob, 0, "pos", &in->pos) ||
	    liveupdate_blob_get_u32(blob, 0, "seals", &in->seals) ||
	    liveupdate_blob_get_u32(blob, 0, "noexec", &in->noexec) ||
	    in->size > MAX_LFS_FILESIZE || in->noexec > 1)
		return huge_bad("memfd at", in->handle);
	if (!is_power_of_2(page_size) || page_size <= PAGE_SIZE)
		return huge_bad("page size", page_size);
	if (in->seals & ~MEMFD_LUO_ALL_SEALS)
		return huge_bad("seals", in->seals);
	in->order = ilog2(page_size) - PAGE_SHIFT;
	in->runs = liveupdate_blob_get(blob, 0, "runs", &len);
	if (!in->runs || len % sizeof(*in->runs))
		return huge_bad("runs of memfd at", in->handle);
	in->nr_runs = len / sizeof(*in->runs);
	return huge_check_runs(in);
}

static struct huge_incoming *huge_find(u64 handle)
{
	struct huge_incoming *in;

	lockdep_assert_held(&incoming_lock);
	list_for_each_entry(in, &incoming, entry)
		if (in->handle == handle)
			return in;
	return NULL;
}

static int huge_new(u64 handle, struct huge_incoming **out)
{
	struct huge_incoming *in = kzalloc_obj(*in);
	int rc;

	if (!in)
		return -ENOMEM;
	in->handle = handle;
	rc = liveupdate_blob_restore(&in->blob, handle,
				     HUGETLB_LUO_FH_COMPATIBLE);
	if (rc) {
		kfree(in);
		return rc;
	}
	rc = hugetlb_liveupdate_read(in);
	if (rc) {
		liveupdate_blob_return(&in->blob, handle);
		kfree(in);
		return rc;
	}
	list_add(&in->entry, &incoming);
	*out = in;
	return 0;
}

/* A memfd has one token: the file is handed out, or given back, once. */
static int huge_get(u64 handle, struct huge_incoming **out)
{
	*out = huge_find(handle);
	if (!*out)
		return huge_new(handle, out);
	return (*out)->out ? huge_bad("second token of memfd at", handle) : 0;
}

static void huge_free(struct huge_incoming *in)
{
	list_del(&in->entry);
	liveupdate_blob_free(&in->blob, in->handle);
	kfree(in);
}

static int huge_open(struct huge_incoming *in)
{
	struct file *file;
	int rc;

	file = hugetlb_liveupdate_new(in->size, PAGE_SIZE << in->order,
				      in->noexec);
	if (IS_ERR(file))
		return PTR_ERR(file);
	rc = hugetlb_liveupdate_room(file, in->npages);
	if (!rc)
		rc = memfd_add_seals(file, in->seals);
	if (rc) {
		fput(file);
		return rc;
	}
	vfs_setpos(file, in->pos, MAX_LFS_FILESIZE);
	in->hold = liveupdate_has_writers();
	in->file = file;
	return 0;
}

static int huge_add_page(struct huge_incoming *in, u64 page, u64 pfn)
{
	int rc;

	if (fatal_signal_pending(current))
		return -EINTR;
	rc = hugetlb_liveupdate_insert(in->file, pfn, page, in->hold);
	if (rc == -EBADMSG)
		return huge_bad("huge page at page frame", pfn);
	if (!rc)
		in->done += 1ULL << in->order;
	return rc;
}

static int huge_complete(struct huge_incoming *in)
{
	int rc = in->file ? 0 : huge_open(in);

	return rc ?: huge_each(in, in->done, huge_add_page);
}

/* Until the session is finished what a device may write can't be changed. */
static void huge_hand_out(struct huge_incoming *in, struct file **file)
{
	*file = in->file;
	if (!in->hold) {
		huge_free(in);
		return;
	}
	/* Also when all others close it: pages may have to stay for good. */
	get_file(in->file);
	in->out = true;
	memfd_liveupdate_hold(file_inode(in->file));
}

/* Kernels differ in what they have: a size of pages is no reason to lose any. */
static bool huge_may_try_again(int rc)
{
	return liveupdate_is_passing(rc) || rc == -ENODEV || rc == -ENOENT;
}

/**
 * hugetlb_liveupdate_retrieve - The retrieve callback of memfds of huge pages
 * @args: of the file
 *
 * Return: 0; -ENOMEM, -ENFILE, -EINTR, or -ENODEV and -ENOENT for a size of pages that
 *         this kernel does not have, and then it can be called again; -EBADMSG
 *         or -EPROTO for data that is wrong.
 */
int hugetlb_liveupdate_retrieve(struct liveupdate_file_op_args *args)
{
	struct huge_incoming *in;
	int rc;

	guard(mutex)(&incoming_lock);
	rc = huge_get(args->serialized_data, &in);
	if (!rc)
		rc = huge_complete(in);
	args->again = huge_may_try_again(rc);
	if (!rc)
		huge_hand_out(in, &args->file);
	return rc;
}

static int huge_unhold_page(struct huge_incoming *in, u64 page, u64 pfn)
{
	if (!in->done)
		return 1;
	in->done -= 1ULL << in->order;
	folio_put(pfn_folio(pfn));
	return 0;
}

static int huge_discard_page(struct huge_incoming *in, u64 page, u64 pfn)
{
	hugetlb_liveupdate_discard(pfn);
	return 0;
}

static void huge_unhold(struct huge_incoming *in)
{
	if (in->hold)
		huge_each(in, 0, huge_unhold_page);
}

/* Nobody wants it, and no device writes to it. */
static void huge_discard(struct huge_incoming *in)
{
	u64 rest = in->done;

	if (in->file) {
		huge_unhold(in);
		fput(in->file);
	}
	huge_each(in, rest, huge_discard_page);
	huge_free(in);
}

/**
 * hugetlb_liveupdate_finish - The finish callback of memfds of huge pages
 * @args: of the file
 *
 * A device that was not found may still write: nothing is given back then.
 */
void hugetlb_liveupdate_finish(struct liveupdate_file_op_args *args)
{
	struct huge_incoming *in;

	guard(mutex)(&incoming_lock);
	if (liveupdate_lost_writers())
		return;
	if (args->retrieve_status > 0) {
		in = huge_find(args->serialized_data);
		if (!in)
			return;
		huge_unhold(in);
		memfd_liveupdate_release(file_inode(in->file));
		fput(in->file);
		huge_free(in);
		return;
	}
	if (!liveupdate_insist(huge_get(args->serialized_data, &in)))
		huge_discard(in);
	else
		pr_warn("a memfd of huge pages that nobody retrieved stays reserved\n");
}
