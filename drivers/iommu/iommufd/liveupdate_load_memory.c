// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that no file of the session had in the previous kernel: its pages become
 * a memfd, in the order in which they were mapped, one for each size of pages.
 *
 * The memfds are in no session, so they are held here until the session is
 * finished: by then no device writes to them unasked.
 */
#define pr_fmt(fmt) "iommufd: liveupdate: " fmt

#include <linux/file.h>
#include <linux/hugetlb_liveupdate.h>
#include <linux/kexec_handover.h>
#include <linux/liveupdate_writers.h>
#include <linux/memfd_liveupdate.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "iommufd_private.h"
#include "liveupdate_load.h"

/**
 * struct held_memory - the memfd of a memory of a context
 * @entry:  in held
 * @handle: of the context's blob
 * @unit:   of the memory
 * @hold:   each page has a reference of ours: a device may write to it
 * @file:   the memfd
 * @npages: pages accounted to it that are not in it yet
 * @done:   the first so many pages are in it
 */
struct held_memory {
	struct list_head entry;
	u64 handle;
	unsigned int unit;
	bool hold;
	struct file *file;
	unsigned long npages;
	u64 done;
};

static DEFINE_MUTEX(held_lock);
static LIST_HEAD(held);

static struct held_memory *held_find(u64 handle, unsigned int unit)
{
	struct held_memory *keep;

	lockdep_assert_held(&held_lock);
	list_for_each_entry(keep, &held, entry)
		if (keep->handle == handle && keep->unit == unit)
			return keep;
	return NULL;
}

/* Was the memfd made already, by an attempt that failed later on? */
static bool load_is_held(u64 handle, unsigned int unit)
{
	guard(mutex)(&held_lock);
	return held_find(handle, unit);
}

static void load_copy_run(const struct iommufd_load_memory *m, size_t i,
			  struct iommufd_run_ser *run)
{
	/* FDT values are aligned to 4 bytes only. */
	memcpy(run, m->runs + i, sizeof(*run));
}

/*
 * Pages of the block that was kept at @pfn, or an error: of a huge page, or of what
 * kho_preserve_pages() made there. It makes smaller ones where memory of two nodes
 * meets.
 */
static long load_block(const struct iommufd_load_memory *m, u64 pfn, u64 npages)
{
	int max = min_t(int, pfn ? __ffs64(pfn) : 0, ilog2(npages));
	int order = kho_restorable_order(PFN_PHYS(pfn));

	if (order < 0 || order > max || (m->order && order != m->order))
		return -EBADMSG;
	return 1L << order;
}

static int load_check_run(struct xarray *seen,
			  const struct iommufd_load_memory *m,
			  const struct iommufd_run_ser *run)
{
	u64 pfn = be64_to_cpu(run->pfn), n = be64_to_cpu(run->npages);

	while (n) {
		long block = load_block(m, pfn, n);
		int rc;

		if (block < 0)
			return block;
		rc = xa_insert(seen, pfn, xa_mk_value(0), GFP_KERNEL);
		if (rc)
			return rc == -EBUSY ? -EBADMSG : rc;
		pfn += block;
		n -= block;
	}
	return 0;
}

static int load_check_memory(struct xarray *seen,
			     const struct iommufd_load_memory *m, bool killable)
{
	u64 page = 0;
	int rc = 0;

	for (size_t i = 0; i < m->nr_runs && !rc; i++) {
		struct iommufd_run_ser run;
		u64 pfn_end;

		if (killable && fatal_signal_pending(current))
			return -EINTR;
		load_copy_run(m, i, &run);
		if (!run.npages || be64_to_cpu(run.page) != page ||
		    check_add_overflow(page, be64_to_cpu(run.npages), &page) ||
		    check_add_overflow(be64_to_cpu(run.pfn),
				       be64_to_cpu(run.npages), &pfn_end) ||
		    page > m->size / PAGE_SIZE ||
		    pfn_end > PHYS_PFN(PHYS_ADDR_MAX))
			return -EBADMSG;
		rc = load_check_run(seen, m, &run);
	}
	return rc ?: page == m->size / PAGE_SIZE ? rc : -EBADMSG;
}

/* @unit: of the memory; a number that is missing is found out here. */
static int load_read_node(const struct liveupdate_blob *blob, unsigned int unit,
			  struct iommufd_load_memory *m)
{
	int node = liveupdate_blob_node(blob, "memory", unit);
	u64 page_size;
	size_t len;

	if (node < 0)
		return -EBADMSG;
	m->runs = liveupdate_blob_get(blob, node, "runs", &len);
	if (!m->runs || len % sizeof(*m->runs) ||
	    liveupdate_blob_get_u64(blob, node, "page-size", &page_size) ||
	    !is_power_of_2(page_size) || page_size < PAGE_SIZE ||
	    liveupdate_blob_get_u64(blob, node, "size", &m->size) || !m->size ||
	    !IS_ALIGNED(m->size, page_size) || m->size > MAX_LFS_FILESIZE)
		return -EBADMSG;
	m->unit = unit;
	m->order = ilog2(page_size) - PAGE_SHIFT;
	m->nr_runs = len / sizeof(*m->runs);
	return 0;
}

static int load_read_one(struct iommufd_load *load, unsigned int unit)
{
	struct iommufd_load_memory *m = &load->memories[unit];
	int rc = load_read_node(&load->blob, unit, m);

	if (!rc && !load_is_held(load->handle, unit))
		rc = load_check_memory(&load->seen, m, load->session);
	return rc == -EBADMSG ? iommufd_luo_load_bad("memory", unit) : rc;
}

/**
 * iommufd_luo_load_read_memory - Read the memory nodes
 * @load: the context
 *
 * Return: 0, -EBADMSG after a line in the log, -ENOMEM; -EINTR when it was a
 *         retrieve and the task is being killed.
 */
int iommufd_luo_load_read_memory(struct iommufd_load *load)
{
	unsigned int n = iommufd_luo_load_count(load, "memory");
	int rc = 0;

	/* Each is looked for among all nodes. */
	if (n > IOMMUFD_LOAD_MEMORIES)
		return iommufd_luo_load_bad("number of memories", n);
	load->memories = kvcalloc(n ?: 1, sizeof(*load->memories), GFP_KERNEL);
	if (!load->memories)
		return -ENOMEM;
	for (; load->nr_memories < n && !rc; load->nr_memories++)
		rc = load_read_one(load, load->nr_memories);
	return rc;
}

static int load_add_small(struct file *file, u64 pfn, long block, u64 slot,
			  bool hold)
{
	struct page *page = kho_restore_pages(PFN_PHYS(pfn), block);
	int rc = page ? 0 : -EBADMSG;

	/* What is left of the block after an error stays lost. */
	for (long i = 0; i < block && !rc; i++)
		rc = memfd_liveupdate_insert(file, page_folio(page + i),
					     slot + i, hold);
	return rc;
}

static int load_add_block(const struct iommufd_load_memory *m,
			  const struct held_memory *keep, u64 pfn, long block)
{
	if (m->order)
		return hugetlb_liveupdate_insert(keep->file, pfn, keep->done,
						 keep->hold);
	return load_add_small(keep->file, pfn, block, keep->done, keep->hold);
}

/* What of the run is not in the memfd yet. */
static int load_add_run(const struct iommufd_load_memory *m,
			struct held_memory *keep,
			const struct iommufd_run_ser *run)
{
	u64 skip = keep->done - be64_to_cpu(run->page);
	u64 pfn = be64_to_cpu(run->pfn) + skip;
	u64 n = be64_to_cpu(run->npages) - skip;

	while (n) {
		long block = load_block(m, pfn, n);
		int rc;

		if (block < 0)
			return block;
		rc = load_add_block(m, keep, pfn, block);
		if (rc)
			return rc;
		keep->done += block;
		pfn += block;
		n -= block;
		cond_resched();
	}
	return 0;
}

static int load_add_runs(const struct iommufd_load_memory *m,
			 struct held_memory *keep)
{
	int rc = 0;

	for (size_t i = 0; i < m->nr_runs && !rc; i++) {
		struct iommufd_run_ser run;

		load_copy_run(m, i, &run);
		if (keep->done < be64_to_cpu(run.page) + be64_to_cpu(run.npages))
			rc = load_add_run(m, keep, &run);
	}
	return rc;
}

static void held_free(struct held_memory *keep)
{
	if (keep->npages)
		memfd_liveupdate_accounted(keep->file, keep->npages);
	if (keep->file)
		fput(keep->file);
	kfree(keep);
}

/* All that can be refused: the file, and room for the pages. */
static int load_make_small(struct iommufd_load_memory *m,
			   struct held_memory *keep)
{
	unsigned long npages = m->size / PAGE_SIZE;
	struct file *file = memfd_liveupdate_new(m->size);
	int rc;

	if (IS_ERR(file))
		return PTR_ERR(file);
	keep->file = file;
	rc = memfd_liveupdate_account(file, npages);
	if (!rc)
		keep->npages = npages;
	return rc;
}

static int load_make_huge(struct iommufd_load_memory *m,
			  struct held_memory *keep)
{
	struct file *file = hugetlb_liveupdate_new(m->size,
						   PAGE_SIZE << m->order, false);

	if (IS_ERR(file))
		return PTR_ERR(file);
	keep->file = file;
	return hugetlb_liveupdate_room(file, m->size / PAGE_SIZE);
}

static struct held_memory *load_make_memory(struct iommufd_load *load,
					    struct iommufd_load_memory *m)
{
	struct held_memory *keep = kzalloc_obj(*keep);
	int rc;

	if (!keep)
		return ERR_PTR(-ENOMEM);
	keep->handle = load->handle;
	keep->unit = m->unit;
	keep->hold = liveupdate_has_writers();
	rc = m->order ? load_make_huge(m, keep) : load_make_small(m, keep);
	if (!rc)
		return keep;
	/* A size of pages that this kernel lacks is no reason to lose any. */
	load->again = rc == -ENODEV || rc == -ENOENT;
	held_free(keep);
	return ERR_PTR(rc);
}

static int load_fill_memory(struct iommufd_load_memory *m,
			    struct held_memory *keep)
{
	int rc = load_add_runs(m, keep);

	if (keep->npages)
		memfd_liveupdate_accounted(keep->file, keep->npages);
	keep->npages = 0;
	return rc;
}

static struct held_memory *load_hold_memory(struct iommufd_load *load,
					    struct iommufd_load_memory *m)
{
	struct held_memory *keep = held_find(load->handle, m->unit);

	if (keep)
		return keep;
	keep = load_make_memory(load, m);
	if (IS_ERR(keep))
		return keep;
	if (keep->hold)
		memfd_liveupdate_hold(file_inode(keep->file));
	list_add(&keep->entry, &held);
	return keep;
}

/**
 * iommufd_luo_load_memory - Make memfds of the memory nodes
 * @load: the context, its memory nodes read
 *
 * The memfds stay for later attempts; iommufd_luo_drop_memory() with the handle is
 * due when the session is finished.
 *
 * Return: 0; -ENOMEM, -ENOSPC or -ENFILE, and then it can be called again;
 *         -ENODEV or -ENOENT for a size of pages that this kernel does not
 *         have; -EBADMSG, and then pages may stay lost.
 */
int iommufd_luo_load_memory(struct iommufd_load *load)
{
	int rc = 0;

	guard(mutex)(&held_lock);
	for (unsigned int i = 0; i < load->nr_memories && !rc; i++) {
		struct iommufd_load_memory *m = &load->memories[i];
		struct held_memory *keep = load_hold_memory(load, m);

		if (IS_ERR(keep))
			return PTR_ERR(keep);
		m->file = keep->file;
		rc = load_fill_memory(m, keep);
	}
	return rc;
}

static void held_unhold(struct held_memory *keep)
{
	memfd_liveupdate_unhold(keep->file, keep->done);
	memfd_liveupdate_release(file_inode(keep->file));
}

/**
 * iommufd_luo_drop_memory - No incoming device writes to the memfds any more
 * @handle: of the context they were made for
 */
void iommufd_luo_drop_memory(u64 handle)
{
	struct held_memory *keep, *next;

	guard(mutex)(&held_lock);
	list_for_each_entry_safe(keep, next, &held, entry) {
		if (keep->handle != handle)
			continue;
		list_del(&keep->entry);
		if (keep->hold)
			held_unhold(keep);
		held_free(keep);
	}
}

static void discard_block(const struct iommufd_load_memory *m, u64 pfn,
			  long block)
{
	struct page *page;

	if (m->order) {
		hugetlb_liveupdate_discard(pfn);
		return;
	}
	page = kho_restore_pages(PFN_PHYS(pfn), block);
	for (long i = 0; page && i < block; i++)
		__free_page(page + i);
}

static void discard_run(const struct iommufd_load_memory *m,
			const struct iommufd_run_ser *run, u64 skip)
{
	u64 pfn = be64_to_cpu(run->pfn) + skip;
	u64 n = be64_to_cpu(run->npages) - skip;

	while (n) {
		long block = load_block(m, pfn, n);

		if (block < 0)
			return;
		discard_block(m, pfn, block);
		pfn += block;
		n -= block;
	}
}

/* Pages in the memfd that iommufd_luo_drop_memory() has are left to it. */
static u64 discard_from(u64 handle, unsigned int unit)
{
	struct held_memory *keep;

	guard(mutex)(&held_lock);
	keep = held_find(handle, unit);
	return keep ? keep->done : 0;
}

static void discard_memory(u64 handle, const struct iommufd_load_memory *m)
{
	u64 from = discard_from(handle, m->unit);

	for (size_t i = 0; i < m->nr_runs; i++) {
		struct iommufd_run_ser run;
		u64 first, n;

		load_copy_run(m, i, &run);
		first = be64_to_cpu(run.page);
		n = be64_to_cpu(run.npages);
		if (from < first + n)
			discard_run(m, &run, max(from, first) - first);
	}
}

/**
 * iommufd_luo_discard_memory - Free the memory of a context that is not retrieved
 * @blob:   of the context; pages stay lost where it is not right
 * @handle: of @blob
 *
 * Context: finish, every device that wrote to the memory is stopped.
 * Return: 0, -EBADMSG, or -ENOMEM, and then nothing was done.
 */
int iommufd_luo_discard_memory(const struct liveupdate_blob *blob, u64 handle)
{
	struct iommufd_load load = { .blob = *blob, .handle = handle };
	int rc;

	iommufd_luo_load_init(&load);
	rc = iommufd_luo_load_read_memory(&load);
	xa_destroy(&load.seen);
	for (unsigned int i = 0; i < load.nr_memories && !rc; i++)
		discard_memory(handle, &load.memories[i]);
	kvfree(load.memories);
	return rc;
}
