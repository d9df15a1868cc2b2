// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that no memfd of the session has: anonymous pages, pages a file has given
 * up since, huge pages of hugetlbfs. They are pinned, so they stay what and where
 * they are, also after the process that had them is gone. KHO keeps them, and in
 * the next kernel they are pages of a memfd, one for each size of pages that a
 * context has.
 *
 * It has no holes. Runs come in the order of processes and addresses, or of files
 * and offsets, and what is adjacent there is adjacent in the memfd. A page can be
 * in one place only: runs of one process that overlap share their pages. Where an
 * address has stood for different pages in turn, the later ones come behind all
 * others. A huge page is carried whole, however little of it is mapped.
 */
#define pr_fmt(fmt) "iommufd: liveupdate: " fmt

#include <linux/fs.h>
#include <linux/kexec_handover.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "io_pagetable.h"
#include "liveupdate_save_memory.h"
#include "liveupdate_save.h"

/* PFN -> save_memory, of all contexts that are preserved. */
static DEFINE_XARRAY(carried);

/**
 * struct memory_region - addresses that have a place
 * @entry: in save_memory::regions
 * @space: whose addresses
 * @first: first page address, of a whole huge page
 * @last:  last page address, of a whole huge page
 * @page:  page of the memory where @first is
 */
struct memory_region {
	struct list_head entry;
	const void *space;
	unsigned long first;
	unsigned long last;
	unsigned long page;
};

/* What addresses of a run are compared within: a process, or a file. */
const void *iommufd_luo_run_space(const struct iommufd_save_run *run)
{
	struct iopt_pages *pages = run->area->pages;

	return pages->type == IOPT_ADDRESS_FILE ?
	       (void *)file_inode(pages->file) : pages->source_mm;
}

/* In pages. */
unsigned long iommufd_luo_run_address(const struct iommufd_save_run *run)
{
	struct iopt_pages *pages = run->area->pages;

	return ((pages->type == IOPT_ADDRESS_FILE ?
		 pages->start : (uintptr_t)pages->uptr) >> PAGE_SHIFT) +
	       run->first;
}

static unsigned long unit_pages(const struct save_memory *memory)
{
	return 1UL << memory->order;
}

/* The addresses of a run, and of what else is in its huge pages. */
static unsigned long run_first(const struct iommufd_save_run *run)
{
	return ALIGN_DOWN(iommufd_luo_run_address(run),
			  unit_pages(run->memory));
}

static unsigned long run_last(const struct iommufd_save_run *run)
{
	return ALIGN(iommufd_luo_run_address(run) + run->last - run->first + 1,
		     unit_pages(run->memory)) - 1;
}

struct place {
	struct save_memory *memory;
	unsigned long base;
	int (*fn)(struct save_memory *memory, unsigned long unit,
		  unsigned long pfn);
};

static int place_check(struct save_memory *memory, unsigned long unit,
		       unsigned long pfn)
{
	void *page = xa_load(&memory->pages, unit);

	if (page)
		return xa_to_value(page) == pfn ? 0 : -EBUSY;
	return xa_load(&carried, pfn) ? -EBUSY : 0;
}

static int place_page(struct save_memory *memory, unsigned long unit,
		      unsigned long pfn)
{
	int rc;

	if (xa_load(&memory->pages, unit))
		return 0;
	rc = xa_insert(&carried, pfn, memory, GFP_KERNEL);
	if (rc)
		return rc;
	rc = xa_err(xa_store(&memory->pages, unit, xa_mk_value(pfn),
			     GFP_KERNEL));
	if (rc)
		xa_erase(&carried, pfn);
	return rc;
}

/* One page after the other, or one huge page. */
static int place_extent(void *ctx, unsigned long index, unsigned long pfn,
			unsigned long n)
{
	struct place *place = ctx;
	unsigned long step = unit_pages(place->memory);
	unsigned long page = place->base + index, end = page + n;
	int rc = 0;

	/* Addresses and frames of huge pages are aligned alike. */
	if ((page ^ pfn) & (step - 1))
		return -EBADMSG;
	pfn = ALIGN_DOWN(pfn, step);
	for (page = ALIGN_DOWN(page, step); page < end && !rc; page += step) {
		rc = place->fn(place->memory, page >> place->memory->order, pfn);
		pfn += step;
	}
	return rc;
}

/* Is there, from a page of the memory on, a place for the run? */
static int memory_try(struct iommufd_save_run *run, unsigned long page)
{
	struct save_memory *memory = run->memory;
	unsigned long inside = iommufd_luo_run_address(run) - run_first(run);
	struct place place = {
		.memory = memory,
		.base = page + inside - run->first,
		.fn = place_check,
	};
	int rc;

	rc = iommufd_luo_each_extent(run, place_extent, &place);
	place.fn = place_page;
	rc = rc ?: iommufd_luo_each_extent(run, place_extent, &place);
	if (rc)
		return rc;
	memory->npages = max(memory->npages,
			     page + run_last(run) - run_first(run) + 1);
	run->start = (u64)(page + inside) * PAGE_SIZE;
	return 0;
}

static bool region_is_last(struct save_memory *memory,
			   const struct memory_region *region)
{
	return region->page + (region->last - region->first) + 1 ==
	       memory->npages;
}

/* Next to, or over, what has a place already. */
static int region_try(struct memory_region *region, struct iommufd_save_run *run)
{
	unsigned long last = run_last(run);
	int rc;

	if (last > region->last && !region_is_last(run->memory, region))
		return -EBUSY;
	rc = memory_try(run, region->page + (run_first(run) - region->first));
	if (!rc)
		region->last = max(region->last, last);
	return rc;
}

static int region_new(struct iommufd_save_run *run)
{
	struct memory_region *region = kzalloc_obj(*region);
	int rc;

	if (!region)
		return -ENOMEM;
	region->space = iommufd_luo_run_space(run);
	region->first = run_first(run);
	region->last = run_last(run);
	region->page = run->memory->npages;
	rc = memory_try(run, region->page);
	if (rc)
		kfree(region);
	else
		list_add(&region->entry, &run->memory->regions);
	return rc;
}

static bool region_touches(const struct memory_region *region,
			   const struct iommufd_save_run *run)
{
	unsigned long first = run_first(run);

	return region->space == iommufd_luo_run_space(run) &&
	       (!first || first - 1 <= region->last);
}

static void region_drop(struct memory_region *region)
{
	list_del(&region->entry);
	kfree(region);
}

/**
 * iommufd_luo_memory_place - Find a place for the pages of a run in its memory
 * @run: the run; they come sorted by space and address
 *
 * Context: The mutex of the pages object is held.
 * Return: 0, -EINTR, -ENOMEM, or -EOPNOTSUPP after a line in the log when a page
 *         would have to be in two places.
 */
int iommufd_luo_memory_place(struct iommufd_save_run *run)
{
	struct memory_region *region, *next;
	int rc = -EBUSY;

	list_for_each_entry_safe(region, next, &run->memory->regions, entry) {
		/* Later runs do not touch it either. */
		if (!region_touches(region, run))
			region_drop(region);
		else if (rc == -EBUSY)
			rc = region_try(region, run);
	}
	if (rc == -EBUSY)
		rc = region_new(run);
	if (rc == -EBUSY)
		return iommufd_luo_refuse_page(run, run->first,
					       "memory that is mapped under two addresses, or by two contexts,");
	if (rc == -EBADMSG)
		return iommufd_luo_refuse_page(run, run->first,
					       "a huge page that is not where its address says");
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
		be64_add_cpu(&run[-1].npages, unit_pages(memory));
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
		.npages = cpu_to_be64(unit_pages(memory)),
	};
	return 0;
}

static int memory_make_runs(struct save_memory *memory)
{
	unsigned long unit;
	void *pfn;
	int rc = 0;

	xa_for_each(&memory->pages, unit, pfn) {
		rc = memory_add_page(memory, unit << memory->order,
				     xa_to_value(pfn));
		if (rc)
			break;
	}
	return rc;
}

/* Huge pages are kept one by one, as they are restored. */
static void unkeep_huge(unsigned long pfn, unsigned long end, unsigned long step)
{
	for (; pfn < end; pfn += step)
		kho_unpreserve_folio(pfn_folio(pfn));
}

static int keep_huge(unsigned long first, unsigned long end, unsigned long step)
{
	for (unsigned long pfn = first; pfn < end; pfn += step) {
		int rc = kho_preserve_folio(pfn_folio(pfn));

		if (rc) {
			unkeep_huge(first, pfn, step);
			return rc;
		}
	}
	return 0;
}

static int keep_run(const struct save_memory *memory,
		    const struct iommufd_run_ser *run)
{
	unsigned long pfn = be64_to_cpu(run->pfn), n = be64_to_cpu(run->npages);

	if (memory->order)
		return keep_huge(pfn, pfn + n, unit_pages(memory));
	return kho_preserve_pages(pfn_to_page(pfn), n);
}

static void unkeep_run(const struct save_memory *memory,
		       const struct iommufd_run_ser *run)
{
	unsigned long pfn = be64_to_cpu(run->pfn), n = be64_to_cpu(run->npages);

	if (memory->order)
		unkeep_huge(pfn, pfn + n, unit_pages(memory));
	else
		kho_unpreserve_pages(pfn_to_page(pfn), n);
}

static int memory_keep(struct save_memory *memory)
{
	int rc = memory_make_runs(memory);

	for (; !rc && memory->kept < memory->nr_runs; memory->kept++) {
		rc = keep_run(memory, &memory->runs[memory->kept]);
		if (rc)
			break;
	}
	return rc;
}

/**
 * iommufd_luo_memory_keep - Have KHO keep the pages
 * @save: the context, all runs placed
 *
 * Return: 0 or -ENOMEM; iommufd_luo_memory_undo() is due then as well.
 */
int iommufd_luo_memory_keep(struct iommufd_save *save)
{
	struct save_memory *memory;
	int rc;

	list_for_each_entry(memory, &save->memories, entry) {
		rc = memory_keep(memory);
		if (rc)
			return rc;
	}
	return 0;
}

/**
 * iommufd_luo_memory_write - Write the nodes of the memories, if there are any
 * @save: the context
 */
void iommufd_luo_memory_write(struct iommufd_save *save)
{
	struct liveupdate_blob *blob = &save->blob;
	struct save_memory *memory;

	list_for_each_entry(memory, &save->memories, entry) {
		liveupdate_blob_begin(blob, "memory", memory->unit);
		liveupdate_blob_add_u64(blob, "page-size",
					PAGE_SIZE << memory->order);
		liveupdate_blob_add_u64(blob, "size",
					(u64)memory->npages * PAGE_SIZE);
		liveupdate_blob_add(blob, "runs", memory->runs,
				    memory->nr_runs * sizeof(*memory->runs));
		liveupdate_blob_end(blob);
	}
}

/**
 * iommufd_luo_memory_new - A memory without pages
 * @order: of the pages it will have
 *
 * Return: the memory, or NULL; iommufd_luo_memory_free() frees it.
 */
struct save_memory *iommufd_luo_memory_new(unsigned int order)
{
	struct save_memory *memory = kzalloc_obj(*memory);

	if (!memory)
		return NULL;
	memory->order = order;
	xa_init(&memory->pages);
	INIT_LIST_HEAD(&memory->entry);
	INIT_LIST_HEAD(&memory->regions);
	return memory;
}

/**
 * iommufd_luo_memory_of - Say in which memory the pages of a run will be
 * @save:  the context
 * @run:   the run
 * @order: of its pages
 *
 * Return: 0 or -ENOMEM.
 */
int iommufd_luo_memory_of(struct iommufd_save *save,
			  struct iommufd_save_run *run, unsigned int order)
{
	struct save_memory *memory;
	unsigned int unit = 0;

	list_for_each_entry(memory, &save->memories, entry) {
		if (memory->order == order) {
			run->memory = memory;
			return 0;
		}
		unit++;
	}
	run->memory = iommufd_luo_memory_new(order);
	if (!run->memory)
		return -ENOMEM;
	run->memory->unit = unit;
	list_add_tail(&run->memory->entry, &save->memories);
	return 0;
}

/**
 * iommufd_luo_memory_free - Let the pages of a memory go, and free it
 * @memory: the memory
 */
void iommufd_luo_memory_free(struct save_memory *memory)
{
	struct memory_region *region, *next;
	unsigned long unit;
	void *pfn;

	while (memory->kept)
		unkeep_run(memory, &memory->runs[--memory->kept]);
	xa_for_each(&memory->pages, unit, pfn)
		xa_erase(&carried, xa_to_value(pfn));
	xa_destroy(&memory->pages);
	list_for_each_entry_safe(region, next, &memory->regions, entry)
		region_drop(region);
	kvfree(memory->runs);
	list_del(&memory->entry);
	kfree(memory);
}

/**
 * iommufd_luo_memory_undo - Let all pages go
 * @save: the context
 */
void iommufd_luo_memory_undo(struct iommufd_save *save)
{
	struct save_memory *memory, *next;

	list_for_each_entry_safe(memory, next, &save->memories, entry)
		iommufd_luo_memory_free(memory);
}
