// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that was mapped by its address and is no file's: anonymous pages, and
 * pages a file has given up since. They are pinned, so they stay what and where
 * they are, also after the process that had them is gone. KHO keeps them, and
 * in the next kernel they are pages of a memfd, one for the whole context.
 *
 * It has no holes. Runs come in the order of processes and addresses, and what
 * is adjacent there is adjacent in the memfd. A page can be in one place only:
 * runs of one process that overlap share their pages. Where an address has stood
 * for different pages in turn, the later ones come behind all others.
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

/**
 * struct memory_region - addresses of a process that have a place
 * @entry: in save_memory::regions
 * @mm:    of the process
 * @first: first page address
 * @last:  last page address
 * @page:  page of the memory where @first is
 */
struct memory_region {
	struct list_head entry;
	struct mm_struct *mm;
	unsigned long first;
	unsigned long last;
	unsigned long page;
};

static unsigned long run_address(const struct iommufd_save_run *run)
{
	return ((uintptr_t)run->area->pages->uptr >> PAGE_SHIFT) + run->first;
}

struct place {
	struct save_memory *memory;
	unsigned long base;
};

static int place_check(void *ctx, unsigned long index, unsigned long pfn)
{
	struct place *place = ctx;
	void *page = xa_load(&place->memory->pages, place->base + index);

	if (page)
		return xa_to_value(page) == pfn ? 0 : -EBUSY;
	return xa_load(&carried, pfn) ? -EBUSY : 0;
}

static int place_page(void *ctx, unsigned long index, unsigned long pfn)
{
	struct place *place = ctx;
	struct save_memory *memory = place->memory;
	unsigned long page = place->base + index;
	int rc;

	if (xa_load(&memory->pages, page))
		return 0;
	rc = xa_insert(&carried, pfn, memory, GFP_KERNEL);
	if (rc)
		return rc;
	rc = xa_err(xa_store(&memory->pages, page, xa_mk_value(pfn),
			     GFP_KERNEL));
	if (rc)
		xa_erase(&carried, pfn);
	return rc;
}

/* Is there, from a page of the memory on, a place for the run? */
static int memory_try(struct save_memory *memory, struct iommufd_save_run *run,
		      unsigned long page)
{
	struct place place = { memory, page - run->first };
	int rc;

	rc = save_each_page(run, place_check, &place);
	rc = rc ?: save_each_page(run, place_page, &place);
	if (rc)
		return rc;
	memory->npages = max(memory->npages, page + run->last - run->first + 1);
	run->start = (u64)page * PAGE_SIZE;
	run->in_memory = true;
	return 0;
}

static bool region_is_last(struct save_memory *memory,
			   const struct memory_region *region)
{
	return region->page + (region->last - region->first) + 1 ==
	       memory->npages;
}

/* Next to, or over, what has a place already. */
static int region_try(struct save_memory *memory, struct memory_region *region,
		      struct iommufd_save_run *run)
{
	unsigned long first = run_address(run);
	unsigned long last = first + (run->last - run->first);
	int rc;

	if (last > region->last && !region_is_last(memory, region))
		return -EBUSY;
	rc = memory_try(memory, run, region->page + (first - region->first));
	if (!rc)
		region->last = max(region->last, last);
	return rc;
}

static int region_new(struct save_memory *memory, struct iommufd_save_run *run)
{
	struct memory_region *region = kzalloc_obj(*region);
	int rc;

	if (!region)
		return -ENOMEM;
	region->mm = run->area->pages->source_mm;
	region->first = run_address(run);
	region->last = region->first + (run->last - run->first);
	region->page = memory->npages;
	rc = memory_try(memory, run, region->page);
	if (rc)
		kfree(region);
	else
		list_add(&region->entry, &memory->regions);
	return rc;
}

static bool region_touches(const struct memory_region *region,
			   const struct iommufd_save_run *run)
{
	return region->mm == run->area->pages->source_mm &&
	       run_address(run) - 1 <= region->last;
}

static void region_drop(struct memory_region *region)
{
	list_del(&region->entry);
	kfree(region);
}

/**
 * save_memory_place - Find a place for the pages of a run
 * @memory: of the context
 * @run:    the run; they come sorted by process and address
 *
 * Context: The mutex of the pages object is held.
 * Return: 0, -EINTR, -ENOMEM, or -EOPNOTSUPP after a line in the log when a page
 *         would have to be in two places.
 */
int save_memory_place(struct save_memory *memory, struct iommufd_save_run *run)
{
	struct memory_region *region, *next;
	int rc = -EBUSY;

	list_for_each_entry_safe(region, next, &memory->regions, entry) {
		/* Later runs do not touch it either. */
		if (!region_touches(region, run))
			region_drop(region);
		else if (rc == -EBUSY)
			rc = region_try(memory, region, run);
	}
	if (rc == -EBUSY)
		rc = region_new(memory, run);
	if (rc == -EBUSY)
		return save_refuse_page(run, run->first,
					"memory that is mapped under two addresses, or by two contexts,");
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

static int memory_make_runs(struct save_memory *memory)
{
	unsigned long page;
	void *pfn;
	int rc = 0;

	xa_for_each(&memory->pages, page, pfn) {
		rc = memory_add_page(memory, page, xa_to_value(pfn));
		if (rc)
			break;
	}
	return rc;
}

/**
 * save_memory_keep - Have KHO keep the pages
 * @memory: of the context, all runs placed
 *
 * Return: 0 or -ENOMEM; save_memory_undo() is due then as well.
 */
int save_memory_keep(struct save_memory *memory)
{
	int rc = memory_make_runs(memory);

	for (; !rc && memory->kept < memory->nr_runs; memory->kept++) {
		struct iommufd_run_ser *run = &memory->runs[memory->kept];

		rc = kho_preserve_pages(pfn_to_page(be64_to_cpu(run->pfn)),
					be64_to_cpu(run->npages));
		if (rc)
			break;
	}
	return rc;
}

/**
 * save_memory_put - Write the node of the memory, if there is any
 * @save: the context
 */
void save_memory_put(struct iommufd_save *save)
{
	struct save_memory *memory = &save->memory;
	struct liveupdate_blob *blob = &save->blob;

	if (!memory->npages)
		return;
	liveupdate_blob_begin(blob, "memory", 0);
	liveupdate_blob_put_u64(blob, "size", (u64)memory->npages * PAGE_SIZE);
	liveupdate_blob_put(blob, "runs", memory->runs,
			    memory->nr_runs * sizeof(*memory->runs));
	liveupdate_blob_end(blob);
}

void save_memory_init(struct save_memory *memory)
{
	*memory = (struct save_memory) {};
	xa_init(&memory->pages);
	INIT_LIST_HEAD(&memory->regions);
}

/**
 * save_memory_undo - Let all pages go
 * @memory: of a context
 */
void save_memory_undo(struct save_memory *memory)
{
	struct memory_region *region, *next;
	unsigned long page;
	void *pfn;

	while (memory->kept) {
		struct iommufd_run_ser *run = &memory->runs[--memory->kept];

		kho_unpreserve_pages(pfn_to_page(be64_to_cpu(run->pfn)),
				     be64_to_cpu(run->npages));
	}
	xa_for_each(&memory->pages, page, pfn)
		xa_erase(&carried, xa_to_value(pfn));
	xa_destroy(&memory->pages);
	list_for_each_entry_safe(region, next, &memory->regions, entry)
		region_drop(region);
	kvfree(memory->runs);
	save_memory_init(memory);
}
