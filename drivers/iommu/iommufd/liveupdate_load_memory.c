// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that no file had in the previous kernel: its pages become a memfd, in
 * the order in which they were mapped.
 *
 * The memfd is in no session, so it is held here until the session is finished:
 * by then no device writes to it unasked.
 */
#define pr_fmt(fmt) "iommufd: liveupdate: " fmt

#include <linux/file.h>
#include <linux/kexec_handover.h>
#include <linux/memfd_liveupdate.h>
#include <linux/mutex.h>
#include <linux/pci_liveupdate.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "iommufd_private.h"
#include "liveupdate_load.h"

/**
 * struct lu_memory - the memfd of a context that was, or was not, retrieved
 * @entry:  in held
 * @handle: of the context's blob
 * @hold:   each page has a reference of ours: a device may write to it
 * @file:   the memfd
 * @npages: pages accounted to it that are not in it yet
 */
struct lu_memory {
	struct list_head entry;
	u64 handle;
	bool hold;
	struct file *file;
	unsigned long npages;
};

static DEFINE_MUTEX(held_lock);
static LIST_HEAD(held);

static struct lu_memory *held_find(u64 handle)
{
	struct lu_memory *keep;

	lockdep_assert_held(&held_lock);
	list_for_each_entry(keep, &held, entry)
		if (keep->handle == handle)
			return keep;
	return NULL;
}

/* Was the memfd made already, by an attempt that failed later on? */
static bool load_is_held(u64 handle)
{
	guard(mutex)(&held_lock);
	return held_find(handle);
}

static void load_copy_run(const struct iommufd_load_memory *m, size_t i,
			  struct iommufd_run_ser *run)
{
	/* FDT values are aligned to 4 bytes only. */
	memcpy(run, m->runs + i, sizeof(*run));
}

/*
 * Pages of the block that kho_preserve_pages() made at @pfn, or an error. It
 * makes smaller ones where memory of two nodes meets.
 */
static long load_block(u64 pfn, u64 npages)
{
	int max = min_t(int, pfn ? __ffs64(pfn) : 0, ilog2(npages));
	int order = kho_restorable_order(PFN_PHYS(pfn));

	return order < 0 || order > max ? -EBADMSG : 1L << order;
}

static int load_check_run(struct xarray *seen,
			  const struct iommufd_run_ser *run)
{
	u64 pfn = be64_to_cpu(run->pfn), n = be64_to_cpu(run->npages);

	while (n) {
		long block = load_block(pfn, n);
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

static int load_check_runs(struct xarray *seen,
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
		rc = load_check_run(seen, &run);
	}
	return rc ?: page == m->size / PAGE_SIZE ? rc : -EBADMSG;
}

static int load_check_memory(const struct iommufd_load_memory *m, bool killable)
{
	struct xarray seen;
	int rc;

	xa_init(&seen);
	rc = load_check_runs(&seen, m, killable);
	xa_destroy(&seen);
	return rc;
}

static int load_read_node(const struct liveupdate_blob *blob, int node,
			  struct iommufd_load_memory *m)
{
	size_t len;

	m->runs = liveupdate_blob_get(blob, node, "runs", &len);
	if (!m->runs || len % sizeof(*m->runs) ||
	    liveupdate_blob_get_u64(blob, node, "size", &m->size) ||
	    !m->size || !PAGE_ALIGNED(m->size) || m->size > MAX_LFS_FILESIZE)
		return -EBADMSG;
	m->nr_runs = len / sizeof(*m->runs);
	return 0;
}

/**
 * iommufd_load_read_memory - Read the memory node, if there is one
 * @load: the context
 *
 * Return: 0, -EBADMSG after a line in the log, -ENOMEM; -EINTR when it was a
 *         retrieve and the task is being killed.
 */
int iommufd_load_read_memory(struct iommufd_load *load)
{
	int node = liveupdate_blob_next(&load->blob, 0, "memory"), rc;

	if (node <= 0)
		return 0;
	rc = load_read_node(&load->blob, node, &load->memory);
	if (!rc && !load_is_held(load->handle))
		rc = load_check_memory(&load->memory, load->session);
	return rc == -EBADMSG ? load_bad("memory of so many bytes:",
					 load->memory.size) : rc;
}

static int load_add_block(struct file *file, u64 pfn, long block, u64 slot,
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

static int load_add_run(struct file *file, const struct iommufd_run_ser *run,
			bool hold)
{
	u64 pfn = be64_to_cpu(run->pfn), n = be64_to_cpu(run->npages);
	u64 slot = be64_to_cpu(run->page);

	while (n) {
		long block = load_block(pfn, n);
		int rc;

		if (block < 0)
			return block;
		rc = load_add_block(file, pfn, block, slot, hold);
		if (rc)
			return rc;
		pfn += block;
		slot += block;
		n -= block;
		cond_resched();
	}
	return 0;
}

static int load_add_runs(struct iommufd_load_memory *m, bool hold)
{
	int rc = 0;

	for (size_t i = 0; i < m->nr_runs && !rc; i++) {
		struct iommufd_run_ser run;

		load_copy_run(m, i, &run);
		rc = load_add_run(m->file, &run, hold);
	}
	return rc;
}

static void lu_put_memory(struct lu_memory *keep)
{
	if (keep->file) {
		memfd_liveupdate_accounted(keep->file, keep->npages);
		fput(keep->file);
	}
	kfree(keep);
}

/* All that can be refused: the file, and room for the pages. */
static int load_make_file(struct iommufd_load_memory *m,
			  struct lu_memory *keep)
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

static struct lu_memory *load_make_memory(struct iommufd_load *load)
{
	struct lu_memory *keep = kzalloc_obj(*keep);
	int rc;

	if (!keep)
		return ERR_PTR(-ENOMEM);
	keep->handle = load->handle;
	keep->hold = pci_liveupdate_running();
	rc = load_make_file(&load->memory, keep);
	if (!rc)
		return keep;
	lu_put_memory(keep);
	return ERR_PTR(rc);
}

static int load_fill_memory(struct iommufd_load *load, struct lu_memory *keep)
{
	int rc;

	load->memory.file = keep->file;
	rc = load_add_runs(&load->memory, keep->hold);
	memfd_liveupdate_accounted(keep->file, keep->npages);
	keep->npages = 0;
	if (keep->hold)
		memfd_liveupdate_hold(file_inode(keep->file));
	list_add(&keep->entry, &held);
	return rc;
}

/**
 * iommufd_load_memory - Make a memfd of the memory node
 * @load: the context, its memory node read
 *
 * The memfd stays for later attempts; iommufd_drop_memory() with the handle is
 * due when the session is finished.
 *
 * Return: 0; -ENOMEM or -ENOSPC, and then nothing was done; -EBADMSG, and then
 *         pages may stay lost.
 */
int iommufd_load_memory(struct iommufd_load *load)
{
	struct lu_memory *keep;

	if (!load->memory.size)
		return 0;
	guard(mutex)(&held_lock);
	keep = held_find(load->handle);
	if (keep) {
		load->memory.file = keep->file;
		return 0;
	}
	keep = load_make_memory(load);
	if (IS_ERR(keep))
		return PTR_ERR(keep);
	return load_fill_memory(load, keep);
}

static void lu_unhold_memory(struct file *file)
{
	memfd_liveupdate_unhold(file, i_size_read(file_inode(file)) >>
				      PAGE_SHIFT);
	memfd_liveupdate_release(file_inode(file));
}

/**
 * iommufd_drop_memory - No incoming device writes to the memfd any more
 * @handle: of the context it was made for
 */
void iommufd_drop_memory(u64 handle)
{
	struct lu_memory *keep;

	guard(mutex)(&held_lock);
	keep = held_find(handle);
	if (!keep)
		return;
	list_del(&keep->entry);
	if (keep->hold)
		lu_unhold_memory(keep->file);
	lu_put_memory(keep);
}

static void discard_run(const struct iommufd_run_ser *run)
{
	u64 pfn = be64_to_cpu(run->pfn), n = be64_to_cpu(run->npages);

	while (n) {
		long block = load_block(pfn, n);
		struct page *page;

		if (block < 0)
			return;
		page = kho_restore_pages(PFN_PHYS(pfn), block);
		for (long i = 0; page && i < block; i++)
			__free_page(page + i);
		pfn += block;
		n -= block;
	}
}

static void discard_runs(const struct iommufd_load_memory *m)
{
	struct iommufd_run_ser run;

	for (size_t i = 0; i < m->nr_runs; i++) {
		load_copy_run(m, i, &run);
		discard_run(&run);
	}
}

/**
 * iommufd_discard_memory - Free the memory of a context that nobody wants
 * @blob:   of the context; pages stay lost where it is not right
 * @handle: of @blob; what iommufd_drop_memory() has is left to it
 *
 * Context: finish, every device that wrote to the memory is stopped.
 * Return: 0, -EBADMSG, or -ENOMEM, and then nothing was done.
 */
int iommufd_discard_memory(const struct liveupdate_blob *blob, u64 handle)
{
	struct iommufd_load load = { .blob = *blob, .handle = handle };
	int rc;

	if (load_is_held(handle))
		return 0;
	rc = iommufd_load_read_memory(&load);
	if (!rc)
		discard_runs(&load.memory);
	return rc;
}
