/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __IOMMUFD_LIVEUPDATE_SAVE_MEMORY_H
#define __IOMMUFD_LIVEUPDATE_SAVE_MEMORY_H

#include <linux/kho/abi/iommufd.h>
#include <linux/list.h>
#include <linux/types.h>
#include <linux/xarray.h>

struct iommufd_save;
struct iommufd_save_run;

/**
 * struct save_memory - the pages of one size of a context that no file has
 * @entry:   in iommufd_save::memories
 * @unit:    its number, from 0 on
 * @order:   of its pages
 * @pages:   huge page, or page, of the memory -> PFN of its first page
 * @npages:  how many pages of PAGE_SIZE, without holes
 * @regions: which addresses went where, struct memory_region; the last one ends
 *           where the memory does
 * @runs:    the pages as they go into the blob
 * @nr_runs: entries in @runs
 * @kept:    of the first so many runs the pages are preserved
 */
struct save_memory {
	struct list_head entry;
	unsigned int unit;
	unsigned int order;
	struct xarray pages;
	unsigned long npages;
	struct list_head regions;
	struct iommufd_run_ser *runs;
	size_t nr_runs;
	size_t kept;
};

const void *iommufd_luo_run_space(const struct iommufd_save_run *run);
unsigned long iommufd_luo_run_address(const struct iommufd_save_run *run);

struct save_memory *iommufd_luo_memory_new(unsigned int order);
void iommufd_luo_memory_free(struct save_memory *memory);
int iommufd_luo_memory_of(struct iommufd_save *save,
			  struct iommufd_save_run *run, unsigned int order);
int iommufd_luo_memory_place(struct iommufd_save_run *run);
int iommufd_luo_memory_keep(struct iommufd_save *save);
void iommufd_luo_memory_write(struct iommufd_save *save);
void iommufd_luo_memory_undo(struct iommufd_save *save);

#endif
