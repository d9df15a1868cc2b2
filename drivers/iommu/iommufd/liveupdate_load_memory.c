// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that no file had in the previous kernel: its pages become a memfd, in
 * the order in which they were mapped.
 *
 * These memfds are in no session, so they are held here until the session is
 * finished: by then no device writes to them unasked.
 */
#define pr_fmt(fmt) "iommufd: liveupdate: " fmt

#include <linux/file.h>
#include <linux/kexec_handover.h>
#include <linux/memfd_liveupdate.h>
#include <linux/mutex.h>
#include <linux/pci_liveupdate.h>
#include <linux/slab.h>

#include "iommufd_private.h"
#include "liveupdate_load.h"

/**
 * struct lu_memory - a memfd that was made of a memory node
 * @file:   the memfd
 * @npages: pages accounted to it
 */
struct lu_memory {
	struct file *file;
	unsigned long npages;
};

/**
 * struct lu_memories - memfds of a context that was, or was not, retrieved
 * @entry:  in held
 * @handle: of the context's blob
 * @hold:   each page has a reference of ours: a device may write to it
 * @nr:     entries in @memory
 * @memory: the memfds
 */
struct lu_memories {
	struct list_head entry;
	u64 handle;
	bool hold;
	unsigned int nr;
	struct lu_memory memory[] __counted_by(nr);
};

static DEFINE_MUTEX(held_lock);
static LIST_HEAD(held);

static struct lu_memories *held_find(u64 handle)
{
	struct lu_memories *keep;

	lockdep_assert_held(&held_lock);
	list_for_each_entry(keep, &held, entry)
		if (keep->handle == handle)
			return keep;
	return NULL;
}

/* Were the memfds made already, by an attempt that failed later on? */
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

static int load_check_memory(struct xarray *seen,
			     const struct iommufd_load_memory *m)
{
	u64 page = 0, end;
	int rc = 0;

	for (size_t i = 0; i < m->nr_runs && !rc; i++) {
		struct iommufd_run_ser run;
		u64 pfn_end;

		load_copy_run(m, i, &run);
		if (!run.npages || be64_to_cpu(run.page) < page ||
		    check_add_overflow(be64_to_cpu(run.page),
				       be64_to_cpu(run.npages), &end) ||
		    check_add_overflow(be64_to_cpu(run.pfn),
				       be64_to_cpu(run.npages), &pfn_end) ||
		    end > m->size / PAGE_SIZE || pfn_end > PHYS_PFN(PHYS_ADDR_MAX))
			return -EBADMSG;
		page = end;
		rc = load_check_run(seen, &run);
	}
	return rc;
}

static int load_read_one_memory(const struct liveupdate_blob *blob, int node,
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

static unsigned int load_count_memories(const struct liveupdate_blob *blob)
{
	unsigned int n = 0;
	int node = 0;

	while ((node = liveupdate_blob_next(blob, node, "memory")) > 0)
		n++;
	return n;
}

/**
 * iommufd_load_read_memories - Read the memory nodes, changing nothing
 * @load: the context
 *
 * Return: 0, -EBADMSG after a line in the log, -ENOMEM.
 */
int iommufd_load_read_memories(struct iommufd_load *load)
{
	unsigned int n = load_count_memories(&load->blob);
	struct xarray seen;
	int rc = 0;

	load->memories = kvcalloc(n ?: 1, sizeof(*load->memories), GFP_KERNEL);
	if (!load->memories)
		return -ENOMEM;
	xa_init(&seen);
	for (; load->nr_memories < n && !rc; load->nr_memories++) {
		struct iommufd_load_memory *m =
			&load->memories[load->nr_memories];

		rc = load_read_one_memory(&load->blob,
					  liveupdate_blob_node(&load->blob,
							       "memory",
							       load->nr_memories),
					  m);
		if (!rc && !load_is_held(load->handle))
			rc = load_check_memory(&seen, m);
	}
	xa_destroy(&seen);
	if (rc == -EBADMSG)
		load_bad("memory", load->nr_memories - 1);
	return rc;
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

static int load_fill_memory(struct iommufd_load_memory *m, bool hold)
{
	int rc = 0;

	for (size_t i = 0; i < m->nr_runs && !rc; i++) {
		struct iommufd_run_ser run;

		load_copy_run(m, i, &run);
		rc = load_add_run(m->file, &run, hold);
	}
	return rc;
}

static unsigned long load_count_pages(const struct iommufd_load_memory *m)
{
	unsigned long npages = 0;

	for (size_t i = 0; i < m->nr_runs; i++) {
		struct iommufd_run_ser run;

		load_copy_run(m, i, &run);
		npages += be64_to_cpu(run.npages);
	}
	return npages;
}

static void lu_put_memories(struct lu_memories *keep)
{
	for (unsigned int i = 0; i < keep->nr; i++) {
		struct lu_memory *memory = &keep->memory[i];

		if (!memory->file)
			continue;
		memfd_liveupdate_accounted(memory->file, memory->npages);
		fput(memory->file);
	}
	kfree(keep);
}

/* All that can be refused: the files, and room for the pages. */
static int load_make_memory(struct iommufd_load_memory *m,
			    struct lu_memory *memory)
{
	unsigned long npages = load_count_pages(m);
	struct file *file = memfd_liveupdate_new(m->size);
	int rc;

	if (IS_ERR(file))
		return PTR_ERR(file);
	memory->file = file;
	m->file = file;
	rc = memfd_liveupdate_account(file, npages);
	if (!rc)
		memory->npages = npages;
	return rc;
}

static struct lu_memories *load_make_memories(struct iommufd_load *load)
{
	struct lu_memories *keep = kzalloc_flex(*keep, memory,
						load->nr_memories);
	int rc = 0;

	if (!keep)
		return ERR_PTR(-ENOMEM);
	keep->nr = load->nr_memories;
	keep->handle = load->handle;
	keep->hold = pci_liveupdate_running();
	for (unsigned int i = 0; i < keep->nr && !rc; i++)
		rc = load_make_memory(&load->memories[i], &keep->memory[i]);
	if (!rc)
		return keep;
	lu_put_memories(keep);
	return ERR_PTR(rc);
}

static int load_fill_memories(struct iommufd_load *load,
			      struct lu_memories *keep)
{
	int rc = 0;

	for (unsigned int i = 0; i < keep->nr; i++) {
		struct lu_memory *memory = &keep->memory[i];

		if (!rc)
			rc = load_fill_memory(&load->memories[i], keep->hold);
		memfd_liveupdate_accounted(memory->file, memory->npages);
		memory->npages = 0;
		if (keep->hold)
			memfd_liveupdate_hold(file_inode(memory->file));
	}
	list_add(&keep->entry, &held);
	return rc;
}

/**
 * iommufd_load_memories - Make memfds of the memory nodes
 * @load: the context, its memory nodes read
 *
 * The memfds stay for later attempts; iommufd_drop_memories() with the handle is
 * due when the session is finished.
 *
 * Return: 0; -ENOMEM or -ENOSPC, and then nothing was done; -EBADMSG, and then
 *         pages may stay lost.
 */
int iommufd_load_memories(struct iommufd_load *load)
{
	struct lu_memories *keep;

	if (!load->nr_memories)
		return 0;
	guard(mutex)(&held_lock);
	keep = held_find(load->handle);
	if (keep) {
		for (unsigned int i = 0; i < keep->nr; i++)
			load->memories[i].file = keep->memory[i].file;
		return 0;
	}
	keep = load_make_memories(load);
	if (IS_ERR(keep))
		return PTR_ERR(keep);
	return load_fill_memories(load, keep);
}

static void lu_unhold_memories(struct lu_memories *keep)
{
	for (unsigned int i = 0; i < keep->nr; i++) {
		struct file *file = keep->memory[i].file;

		memfd_liveupdate_unhold(file, i_size_read(file_inode(file)) >>
					      PAGE_SHIFT);
		memfd_liveupdate_release(file_inode(file));
	}
}

/**
 * iommufd_drop_memories - No incoming device writes to the memfds any more
 * @handle: of the context they were made for
 */
void iommufd_drop_memories(u64 handle)
{
	struct lu_memories *keep;

	guard(mutex)(&held_lock);
	keep = held_find(handle);
	if (!keep)
		return;
	list_del(&keep->entry);
	if (keep->hold)
		lu_unhold_memories(keep);
	lu_put_memories(keep);
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

static void discard_memory(const struct iommufd_load_memory *m)
{
	struct iommufd_run_ser run;

	for (size_t i = 0; i < m->nr_runs; i++) {
		load_copy_run(m, i, &run);
		discard_run(&run);
	}
}

/**
 * iommufd_discard_memories - Free the memory of a context that nobody wants
 * @blob:   of the context; pages stay lost where it is not right
 * @handle: of @blob; what iommufd_drop_memories() has is left to it
 *
 * Context: finish, every device that wrote to the memory is stopped.
 * Return: 0, -EBADMSG, or -ENOMEM, and then nothing was done.
 */
int iommufd_discard_memories(const struct liveupdate_blob *blob, u64 handle)
{
	struct iommufd_load load = { .blob = *blob, .handle = handle };
	int rc;

	if (load_is_held(handle))
		return 0;
	rc = iommufd_load_read_memories(&load);
	if (!rc)
		for (unsigned int i = 0; i < load.nr_memories; i++)
			discard_memory(&load.memories[i]);
	kvfree(load.memories);
	return rc;
}
