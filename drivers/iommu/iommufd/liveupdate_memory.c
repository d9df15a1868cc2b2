// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that was mapped by its address and is no file's: anonymous pages, and
 * pages a file has given up since. They are pinned, so they stay what and where
 * they are, also after the process that had them is gone. KHO keeps them, and
 * in the next kernel they are pages of a memfd.
 *
 * A page can be in one place of one file. Pages objects of one process that
 * overlap share a memory, laid out as the addresses were. Where an address has
 * stood for different pages in turn there are several memories.
 */
#define pr_fmt(fmt) "iommufd: liveupdate: " fmt

#include <linux/kexec_handover.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "io_pagetable.h"
#include "liveupdate_memory.h"
#include "liveupdate_save.h"

/* PFN -> save_memory, of all contexts that are preserved. */
static DEFINE_XARRAY(carried);

static unsigned long user_page(const struct iopt_pages *pages)
{
	return (uintptr_t)pages->uptr >> PAGE_SHIFT;
}

struct place {
	struct save_memory *memory;
	unsigned long base;
};

static int place_check(void *ctx, unsigned long index, unsigned long pfn)
{
	struct place *place = ctx;
	struct save_memory *owner = xa_load(&carried, pfn);
	void *slot = xa_load(&place->memory->slots, place->base + index);

	if (slot)
		return xa_to_value(slot) == pfn ? 0 : -EBUSY;
	return owner ? -EBUSY : 0;
}

static int place_page(void *ctx, unsigned long index, unsigned long pfn)
{
	struct place *place = ctx;
	struct save_memory *memory = place->memory;
	unsigned long slot = place->base + index;
	int rc;

	if (xa_load(&memory->slots, slot))
		return 0;
	rc = xa_insert(&carried, pfn, memory, GFP_KERNEL);
	if (rc)
		return rc;
	rc = xa_err(xa_store(&memory->slots, slot, xa_mk_value(pfn),
			     GFP_KERNEL));
	if (rc)
		xa_erase(&carried, pfn);
	return rc;
}

static int memory_try(struct save_memory *memory, struct iopt_pages *pages)
{
	struct place place = { memory, user_page(pages) };
	int rc;

	rc = save_each_page(pages, place_check, &place);
	rc = rc ?: save_each_page(pages, place_page, &place);
	if (!rc)
		memory->last = max(memory->last,
				   place.base + pages->npages - 1);
	return rc;
}

static struct save_memory *memory_new(struct iommufd_save *save,
				      struct iopt_pages *pages)
{
	struct save_memory *memory = kzalloc_obj(*memory);

	if (!memory)
		return NULL;
	memory->nr = save->nr_memories++;
	memory->mm = pages->source_mm;
	memory->first = user_page(pages);
	memory->last = memory->first;
	xa_init(&memory->slots);
	list_add_tail(&memory->entry, &save->memories);
	return memory;
}

static bool memory_overlaps(const struct save_memory *memory,
			    const struct iopt_pages *pages)
{
	return memory->mm == pages->source_mm &&
	       user_page(pages) >= memory->first &&
	       user_page(pages) <= memory->last;
}

/**
 * save_memory_place - Find a memory for the pages of a pages object
 * @save: the context
 * @sp:   the pages object; they come sorted by process and address
 *
 * Return: 0, -ENOMEM, or -EOPNOTSUPP after a line in the log when a page would
 *         have to be in two places.
 */
int save_memory_place(struct iommufd_save *save, struct iommufd_save_pages *sp)
{
	struct save_memory *memory;
	int rc = -EBUSY;

	list_for_each_entry(memory, &save->memories, entry) {
		if (!memory_overlaps(memory, sp->pages))
			continue;
		rc = memory_try(memory, sp->pages);
		if (rc != -EBUSY)
			break;
	}
	if (rc == -EBUSY) {
		memory = memory_new(save, sp->pages);
		if (!memory)
			return -ENOMEM;
		rc = memory_try(memory, sp->pages);
	}
	if (rc == -EBUSY)
		return save_refuse_pages(sp->pages,
					 "memory that is mapped under two addresses, or by two contexts,");
	sp->memory = memory;
	sp->start = (user_page(sp->pages) - memory->first) * PAGE_SIZE;
	return rc;
}

static bool run_goes_on(const struct iommufd_run_ser *run, unsigned long page,
			unsigned long pfn)
{
	u64 n = be64_to_cpu(run->npages);

	return be64_to_cpu(run->page) + n == page &&
	       be64_to_cpu(run->pfn) + n == pfn;
}

static int memory_add_page(struct save_memory *memory, unsigned long page,
			   unsigned long pfn)
{
	struct iommufd_run_ser *run = memory->runs + memory->nr_runs;

	if (memory->nr_runs && run_goes_on(run - 1, page, pfn)) {
		be64_add_cpu(&run[-1].npages, 1);
		return 0;
	}
	/* Room for powers of two. */
	if (!(memory->nr_runs & (memory->nr_runs - 1))) {
		size_t n = memory->nr_runs * 2 ?: 1;

		run = kvrealloc(memory->runs, array_size(n, sizeof(*run)),
				GFP_KERNEL);
		if (!run)
			return -ENOMEM;
		memory->runs = run;
	}
	memory->runs[memory->nr_runs++] = (struct iommufd_run_ser) {
		.page = cpu_to_be64(page),
		.pfn = cpu_to_be64(pfn),
		.npages = cpu_to_be64(1),
	};
	return 0;
}

static int memory_collect(struct save_memory *memory)
{
	unsigned long page;
	void *pfn;
	int rc;

	xa_for_each(&memory->slots, page, pfn) {
		rc = memory_add_page(memory, page - memory->first,
				     xa_to_value(pfn));
		if (rc)
			return rc;
	}
	return 0;
}

static int memory_keep(struct save_memory *memory)
{
	int rc = memory_collect(memory);

	for (; !rc && memory->kept < memory->nr_runs; memory->kept++) {
		struct iommufd_run_ser *run = &memory->runs[memory->kept];

		rc = kho_preserve_pages(pfn_to_page(be64_to_cpu(run->pfn)),
					be64_to_cpu(run->npages));
		if (rc)
			break;
	}
	return rc;
}

static void memory_put(struct liveupdate_blob *blob, struct save_memory *memory)
{
	liveupdate_blob_begin(blob, "memory", memory->nr);
	liveupdate_blob_put_u64(blob, "size",
				(memory->last - memory->first + 1) * PAGE_SIZE);
	liveupdate_blob_put(blob, "runs", memory->runs,
			    memory->nr_runs * sizeof(*memory->runs));
	liveupdate_blob_end(blob);
}

/**
 * save_memory_keep - Have KHO keep the memories, and write their nodes
 * @save: the context, all pages placed
 *
 * Return: 0 or -ENOMEM; save_memory_undo() is due then as well.
 */
int save_memory_keep(struct iommufd_save *save)
{
	struct save_memory *memory;

	list_for_each_entry(memory, &save->memories, entry) {
		int rc = memory_keep(memory);

		if (rc)
			return rc;
		memory_put(&save->blob, memory);
	}
	return 0;
}

static void memory_undo(struct save_memory *memory)
{
	unsigned long page;
	void *pfn;

	while (memory->kept) {
		struct iommufd_run_ser *run = &memory->runs[--memory->kept];

		kho_unpreserve_pages(pfn_to_page(be64_to_cpu(run->pfn)),
				     be64_to_cpu(run->npages));
	}
	xa_for_each(&memory->slots, page, pfn)
		xa_erase(&carried, xa_to_value(pfn));
	xa_destroy(&memory->slots);
	kvfree(memory->runs);
	list_del(&memory->entry);
	kfree(memory);
}

/**
 * save_memory_undo - Forget all memories
 * @save: the context
 */
void save_memory_undo(struct iommufd_save *save)
{
	struct save_memory *memory, *next;

	list_for_each_entry_safe(memory, next, &save->memories, entry)
		memory_undo(memory);
}
