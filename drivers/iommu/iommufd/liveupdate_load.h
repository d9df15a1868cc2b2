/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __IOMMUFD_LIVEUPDATE_LOAD_H
#define __IOMMUFD_LIVEUPDATE_LOAD_H

#include <linux/generic_pt/liveupdate.h>
#include <linux/interval_tree.h>
#include <linux/kho/abi/iommufd.h>
#include <linux/liveupdate_blob.h>
#include <linux/types.h>
#include <linux/xarray.h>

struct file;
struct iommufd_ctx;
struct iommufd_hwpt_paging;
struct iommufd_ioas;
struct iopt_area;
struct iopt_pages;
struct liveupdate_session;

/* There is one memory for each size of pages, a power of two. */
#define IOMMUFD_LOAD_MEMORIES	(BITS_PER_LONG_LONG - PAGE_SHIFT)

/**
 * struct iommufd_load_pin - adjacent pages that were pinned
 * @index: of the first one in its pages object
 * @pfn:   of the first one
 * @n:     how many
 */
struct iommufd_load_pin {
	unsigned long index;
	unsigned long pfn;
	unsigned long n;
};

/**
 * struct iommufd_load_file - a memfd that the session has
 * @token: under which
 * @huge:  it has huge pages
 * @file:  the memfd, referenced, or NULL
 */
struct iommufd_load_file {
	u64 token;
	bool huge;
	struct file *file;
};

/**
 * struct iommufd_load_pages - what areas show
 * @start:  byte of the file or memory
 * @npages: length
 * @from:   index of the file, or of the memory
 * @flags:  IOMMUFD_PAGES_SER_*
 * @file:   the memfd, referenced, or NULL
 * @areas:  1 + index of the first area that shows them, 0 for none
 * @pages:  what is built from it, one reference until areas have theirs
 * @pins:   what was pinned, in order
 * @nr_pins: how many
 * @max_pins: room in @pins
 * @npinned: pages pinned and accounted
 */
struct iommufd_load_pages {
	u64 start;
	u64 npages;
	u32 from;
	u32 flags;
	struct file *file;
	unsigned int areas;
	struct iopt_pages *pages;
	struct iommufd_load_pin *pins;
	size_t nr_pins;
	size_t max_pins;
	size_t npinned;
};

/**
 * struct iommufd_load_memory - a memory node
 * @unit:    its unit address
 * @order:   of its pages
 * @size:    bytes of the memfd to make
 * @runs:    in the blob, not aligned
 * @nr_runs: how many
 * @file:    the memfd; iommufd_luo_drop_memory() puts it
 */
struct iommufd_load_memory {
	unsigned int unit;
	unsigned int order;
	u64 size;
	const struct iommufd_run_ser *runs;
	size_t nr_runs;
	struct file *file;
};

/**
 * struct iommufd_load_area - an area on its way into its IOAS
 * @area:  the area, owned here until it is inserted
 * @pages: index of what it shows
 * @next:  1 + index of the next area that shows the same, 0 for none
 */
struct iommufd_load_area {
	struct iopt_area *area;
	unsigned int pages;
	unsigned int next;
};

/**
 * struct iommufd_load_ioas - an IOAS
 * @id:     its ID
 * @small:  large pages are off
 * @allowed: ranges that are allowed, until the IOAS has them
 * @ioas:   what is made from it
 * @first:  index of its first area
 * @nr:     how many areas, ascending and apart
 * @mapped: bytes they show, modulo 2^64
 */
struct iommufd_load_ioas {
	u32 id;
	bool small;
	struct rb_root_cached allowed;
	struct iommufd_ioas *ioas;
	unsigned int first;
	unsigned int nr;
	u64 mapped;
};

/**
 * struct iommufd_load_table - an HWPT
 * @id:   its ID
 * @auto_domain: its IOAS has made it
 * @hwpt: what is made from it, its table not in it yet
 * @ioas: index of its IOAS
 * @ser:  the table, checked for form
 */
struct iommufd_load_table {
	u32 id;
	bool auto_domain;
	struct iommufd_hwpt_paging *hwpt;
	unsigned int ioas;
	struct pt_amdv1_ser ser;
};

/**
 * struct iommufd_load_device - a device whose own file brings it
 * @id:   its ID
 * @sbdf: PCI segment << 16 | bus << 8 | devfn
 */
struct iommufd_load_device {
	u32 id;
	u64 sbdf;
};

/**
 * struct iommufd_load - a context that is being rebuilt
 * @blob:      its handover blob, checked for form
 * @session:   where the memfds are
 * @ictx:      the new context; not there while the blob is read
 * @handle:    of @blob
 * @account_mode: enum iopt_pages_account_mode, of the context
 * @ids:       ID -> whether it is an HWPT's
 * @seen:      frames of pages that were met, while the blob is read
 * @memories:  pages that had no file
 * @nr_memories: how many
 * @pages:     what areas show
 * @nr_pages:  how many
 * @areas:     the areas of all IOAS, not in their IOAS yet
 * @nr_areas:  how many
 * @ioas:      the IOAS
 * @nr_ioas:   how many
 * @ioas_of:   ID -> index into @ioas
 * @tables:    the HWPTs
 * @nr_tables: how many
 * @devices:   those whose files are in the session
 * @nr_devices: how many
 * @again:     what failed may go well later
 * @committed: the tables are being taken over: there is no way back
 */
struct iommufd_load {
	struct liveupdate_blob blob;
	struct liveupdate_session *session;
	struct iommufd_ctx *ictx;
	u64 handle;
	u32 account_mode;
	struct xarray ids;
	struct xarray seen;
	struct iommufd_load_memory *memories;
	unsigned int nr_memories;
	struct iommufd_load_file *files;
	unsigned int nr_files;
	struct iommufd_load_pages *pages;
	unsigned int nr_pages;
	struct iommufd_load_area *areas;
	unsigned int nr_areas;
	struct iommufd_load_ioas *ioas;
	unsigned int nr_ioas;
	struct xarray ioas_of;
	struct iommufd_load_table *tables;
	unsigned int nr_tables;
	struct iommufd_load_device *devices;
	unsigned int nr_devices;
	bool again;
	bool committed;
};

void iommufd_luo_load_init(struct iommufd_load *load);
int iommufd_luo_load_bad(const char *what, u64 which);

const void *iommufd_luo_load_array(const struct liveupdate_blob *blob, int node,
				   const char *name, size_t size,
				   unsigned int *n);

unsigned int iommufd_luo_load_count(struct iommufd_load *load,
				    const char *type);

int iommufd_luo_load_read_memory(struct iommufd_load *load);
int iommufd_luo_load_memory(struct iommufd_load *load);
int iommufd_luo_discard_memory(const struct liveupdate_blob *blob, u64 handle);
void iommufd_luo_drop_memory(u64 handle);

int iommufd_luo_load_read_files(struct iommufd_load *load);
int iommufd_luo_load_read_pages(struct iommufd_load *load);
int iommufd_luo_load_read_areas(struct iommufd_load *load, int node,
				struct iommufd_load_ioas *li);
int iommufd_luo_load_files(struct iommufd_load *load);

int iommufd_luo_load_pin(struct iommufd_load *load);
void iommufd_luo_load_unpin(struct iommufd_load *load);
int iommufd_luo_load_compare(struct iommufd_load *load);
int iommufd_luo_load_account(struct iommufd_load *load);
int iommufd_luo_load_commit(struct iommufd_load *load);

int iommufd_luo_load_table(const struct liveupdate_blob *blob, int node,
			   struct pt_amdv1_ser *ser);

struct file *iommufd_luo_new_file(void);
int iommufd_luo_load_objects(struct iommufd_load *load);
int iommufd_luo_load_read(struct iommufd_load *load);
int iommufd_luo_load_context(struct iommufd_load *load);
void iommufd_luo_load_free(struct iommufd_load *load);

#endif
