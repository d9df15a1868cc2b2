/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __IOMMUFD_LIVEUPDATE_MEMORY_H
#define __IOMMUFD_LIVEUPDATE_MEMORY_H

#include <linux/kho/abi/iommufd.h>
#include <linux/list.h>
#include <linux/types.h>
#include <linux/xarray.h>

struct iommufd_save;
struct iommufd_save_run;

/**
 * struct save_memory - the pages of a context that no file has
 * @pages:   page of the memory -> PFN
 * @npages:  how many, without holes
 * @regions: which addresses went where, struct memory_region; the last one ends
 *           where the memory does
 * @runs:    the pages as they go into the blob
 * @nr_runs: entries in @runs
 * @kept:    of the first so many runs the pages are preserved
 */
struct save_memory {
	struct xarray pages;
	unsigned long npages;
	struct list_head regions;
	struct iommufd_run_ser *runs;
	size_t nr_runs;
	size_t kept;
};

void save_memory_init(struct save_memory *memory);
int save_memory_place(struct save_memory *memory, struct iommufd_save_run *run);
int save_memory_keep(struct save_memory *memory);
void save_memory_put(struct iommufd_save *save);
void save_memory_undo(struct save_memory *memory);

#endif
