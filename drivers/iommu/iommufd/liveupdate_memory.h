/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __IOMMUFD_LIVEUPDATE_MEMORY_H
#define __IOMMUFD_LIVEUPDATE_MEMORY_H

#include <linux/kho/abi/iommufd.h>
#include <linux/list.h>
#include <linux/types.h>
#include <linux/xarray.h>

struct inode;
struct iommufd_save;
struct iommufd_save_pages;
struct iopt_area;
struct iopt_pages;
struct mm_struct;

/**
 * struct save_memory - pinned pages that no file has, carried in place
 * @entry:  in iommufd_save::memories
 * @nr:     number of its node
 * @mm:     whose addresses, to tell apart only, no reference
 * @slots:  PFN by page of the address space
 * @first:  page of the address space that is page 0 of the file to come
 * @last:   last page of the address space
 * @runs:   what the blob says, page numbers from @first
 * @nr_runs: entries in @runs
 * @kept:   of the first so many @runs KHO keeps the pages
 */
struct save_memory {
	struct list_head entry;
	unsigned int nr;
	struct mm_struct *mm;
	struct xarray slots;
	unsigned long first;
	unsigned long last;
	struct iommufd_run_ser *runs;
	unsigned int nr_runs;
	unsigned int kept;
};

int save_memory_place(struct iommufd_save *save, struct iommufd_save_pages *sp);
int save_memory_keep(struct iommufd_save *save);
void save_memory_undo(struct iommufd_save *save);

/**
 * save_each_page - Call a function for every page that is pinned for a table
 * @pages: of areas that do not change
 * @fn:    gets an index into @pages, and the page's frame number; a value other
 *         than 0 ends the walk
 * @ctx:   for @fn
 *
 * Return: the last value of @fn.
 */
int save_each_page(struct iopt_pages *pages,
		   int (*fn)(void *ctx, unsigned long index, unsigned long pfn),
		   void *ctx);

unsigned long save_area_pfn(struct iopt_area *area, unsigned long index);
int save_refuse_pages(struct iopt_pages *pages, const char *what);

int iommufd_save_backing(struct iommufd_save *save);
void iommufd_save_undo_backing(struct iommufd_save *save);

#endif
