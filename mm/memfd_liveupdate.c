// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memfds whose pages a device writes while the kernel is replaced.
 *
 * A memfd keeps its pages where they are as long as somebody needs that: its
 * own preservation, every iommufd that is preserved and maps it, and, in the
 * next kernel, unclaimed devices that still write. Each of them counts.
 * That keeps the file as it is; its folios stay where they are while somebody has
 * a reference or a pin of each.
 *
 * Locking order: inode_lock -> memfd_frozen's own lock
 */
#define pr_fmt(fmt) "memfd: liveupdate: " fmt

#include <linux/export.h>
#include <linux/hugetlb_liveupdate.h>
#include <linux/memfd_liveupdate.h>
#include <linux/memfd.h>
#include <linux/pagemap.h>
#include <linux/sizes.h>
#include <linux/swap.h>
#include <linux/xarray.h>
#include <uapi/linux/memfd.h>

#include "internal.h"

/* Inode -> how many need it frozen. */
static DEFINE_XARRAY(memfd_frozen);

/* Files of hugetlb look here themselves. */
static void memfd_tell(struct inode *inode, bool frozen)
{
	if (shmem_mapping(inode->i_mapping))
		shmem_freeze(inode, frozen);
}

/**
 * memfd_liveupdate_freeze - One more, or one less, needs a memfd's pages kept
 * @inode:  of the memfd, locked
 * @freeze: one more
 *
 * While anybody does, the file's size, holes and seals can't change.
 */
void memfd_liveupdate_freeze(struct inode *inode, bool freeze)
{
	unsigned long key = (unsigned long)inode, n;
	void *entry = xa_load(&memfd_frozen, key);

	n = (entry ? xa_to_value(entry) : 0) + (freeze ? 1 : -1);
	if (n)
		xa_store(&memfd_frozen, key, xa_mk_value(n),
			 GFP_KERNEL | __GFP_NOFAIL);
	else
		xa_erase(&memfd_frozen, key);
	memfd_tell(inode, n);
}

/**
 * memfd_liveupdate_frozen - May the seals of a memfd change?
 * @inode: of the memfd, locked
 */
bool memfd_liveupdate_frozen(struct inode *inode)
{
	return xa_load(&memfd_frozen, (unsigned long)inode);
}

/**
 * memfd_liveupdate_errno - Why a memfd's size and holes can't change
 * @inode: of the memfd, frozen
 *
 * Return: -EBUSY for as long as a live update needs its pages, or the -EPERM of
 *         a file that is frozen for another reason.
 */
int memfd_liveupdate_errno(struct inode *inode)
{
	return memfd_liveupdate_frozen(inode) ? -EBUSY : -EPERM;
}

/**
 * memfd_liveupdate_lock - Lock a file of hugetlb to change its size or holes
 * @inode: of the file
 *
 * Return: 0; -EBUSY, and then it is not locked, for as long as a live update
 *         needs its pages.
 */
int memfd_liveupdate_lock(struct inode *inode)
{
	inode_lock(inode);
	if (!memfd_liveupdate_frozen(inode))
		return 0;
	inode_unlock(inode);
	return -EBUSY;
}

/**
 * memfd_liveupdate_hold - Keep the pages of a memfd where they are
 * @inode: of the memfd; the caller has a reference until the release
 *
 * Waits for a change of the file that is under way.
 */
void memfd_liveupdate_hold(struct inode *inode)
{
	inode_lock(inode);
	memfd_liveupdate_freeze(inode, true);
	inode_unlock(inode);
}
EXPORT_SYMBOL_GPL(memfd_liveupdate_hold);

/**
 * memfd_liveupdate_release - Undo memfd_liveupdate_hold()
 * @inode: of the memfd
 */
void memfd_liveupdate_release(struct inode *inode)
{
	inode_lock(inode);
	memfd_liveupdate_freeze(inode, false);
	inode_unlock(inode);
}
EXPORT_SYMBOL_GPL(memfd_liveupdate_release);

static void memfd_zero_unused(struct folio *folio)
{
	folio_lock(folio);
	if (!folio_test_uptodate(folio)) {
		folio_zero_range(folio, 0, folio_size(folio));
		flush_dcache_folio(folio);
		folio_mark_uptodate(folio);
	}
	folio_unlock(folio);
}

/**
 * memfd_liveupdate_uptodate - Pages that a device may write have been used
 * @folios: pinned folios of memfds, not locked
 * @n:      how many
 *
 * A page that fallocate() made and that was never used is zeroed at its first use
 * by a CPU, or when the memfd is preserved; by then a device may have written
 * to it. So it is zeroed before the device can.
 */
void memfd_liveupdate_uptodate(struct folio **folios, unsigned long n)
{
	for (unsigned long i = 0; i < n; i++)
		if (!folio_test_uptodate(folios[i]))
			memfd_zero_unused(folios[i]);
}
EXPORT_SYMBOL_GPL(memfd_liveupdate_uptodate);

/**
 * memfd_liveupdate_blocker - Why a page can't be in the next kernel
 * @page: a page that is pinned
 *
 * A page that is poisoned would be a good one there. Memory that was added while
 * this kernel ran is not in the memory map the next one is started with.
 *
 * Return: what it is, in words, or NULL.
 */
const char *memfd_liveupdate_blocker(struct page *page)
{
	if (folio_test_hugetlb(page_folio(page)))
		return hugetlb_liveupdate_blocker(page_folio(page));
	if (PageHWPoison(page))
		return "a poisoned page";
#ifdef CONFIG_MEMORY_HOTPLUG
	if (!early_section(__pfn_to_section(page_to_pfn(page))))
		return "memory that was added while the kernel ran";
#endif
	return NULL;
}
EXPORT_SYMBOL_GPL(memfd_liveupdate_blocker);

/**
 * memfd_liveupdate_check - memfd_liveupdate_blocker() of a whole folio
 * @folio: the folio, pinned
 *
 * Return: 0, or -EOPNOTSUPP after a line in the log.
 */
int memfd_liveupdate_check(struct folio *folio)
{
	for (long i = 0; i < folio_nr_pages(folio); i++) {
		const char *what =
			memfd_liveupdate_blocker(folio_page(folio, i));

		if (!what)
			continue;
		pr_warn_ratelimited("memfd (inode %llu) byte %#llx: %s can't be preserved\n",
				    (u64)folio->mapping->host->i_ino,
				    folio_pos(folio) + (u64)i * PAGE_SIZE, what);
		return -EOPNOTSUPP;
	}
	return 0;
}

/* No folio begins after so many pages that are pinned at a time. */
#define MEMFD_PINS	512UL

/* What try_grab_folio() does, but for the statistics. */
static void memfd_grab(struct folio *folio, unsigned long n)
{
	if (folio_has_pincount(folio)) {
		folio_ref_add(folio, n);
		atomic_add(n, &folio->_pincount);
	} else {
		folio_ref_add(folio, n * GUP_PIN_COUNTING_BIAS);
	}
}

/* The statistics are those of a node. */
static bool memfd_follows(struct folio *folio, struct folio *first,
			  unsigned long pfn)
{
	return folio_pfn(folio) == pfn && folio_pgdat(folio) == folio_pgdat(first);
}

/* Pins the pages of a folio, if it still is where it was found. */
static unsigned long memfd_pin_found(struct xa_state *xas, struct folio *folio,
				     unsigned long max)
{
	unsigned long n = 0;

	if (!folio_try_get(folio))
		return 0;
	if (folio == xas_reload(xas)) {
		n = min(max, folio_next_index(folio) - xas->xa_index);
		memfd_grab(folio, n);
	}
	folio_put(folio);
	return n;
}

/* Pins folios as long as they follow each other, in the file and in memory. */
static unsigned long memfd_pin_run(struct xa_state *xas, unsigned long max,
				   unsigned long *pfn)
{
	unsigned long done = 0, n;
	struct folio *folio, *first = NULL;

	for (folio = xas_load(xas); folio && done < min(max, MEMFD_PINS);
	     folio = xas_next(xas)) {
		if (xas_retry(xas, folio))
			continue;
		if (xa_is_value(folio) || xa_is_sibling(folio) ||
		    (done && !memfd_follows(folio, first, *pfn + done)))
			break;
		n = memfd_pin_found(xas, folio, max - done);
		if (!n) {
			xas_reset(xas);
			continue;
		}
		if (!done) {
			first = folio;
			*pfn = page_to_pfn(folio_file_page(folio, xas->xa_index));
		}
		done += n;
		xas_advance(xas, folio_next_index(folio) - 1);
	}
	if (done)
		node_stat_mod_folio(first, NR_FOLL_PIN_ACQUIRED, done);
	return done;
}

/**
 * memfd_liveupdate_pin - Pin pages of a memfd where they are
 * @file:  the memfd
 * @index: first page
 * @max:   no more than so many pages, at least one
 * @pfn:   [OUT] frame of the first one; the others follow it
 *
 * Unlike memfd_pin_folios() it never moves a page, wherever it is: a device is
 * writing to it. unpin_user_page_range_dirty_lock() takes it back.
 *
 * Return: pages pinned, of one folio or of several; -ENODATA for a hole.
 */
long memfd_liveupdate_pin(struct file *file, pgoff_t index, unsigned long max,
			  unsigned long *pfn)
{
	XA_STATE(xas, &file->f_mapping->i_pages, index);
	unsigned long n;

	rcu_read_lock();
	n = memfd_pin_run(&xas, max, pfn);
	rcu_read_unlock();
	return n ?: -ENODATA;
}
EXPORT_SYMBOL_GPL(memfd_liveupdate_pin);

/**
 * memfd_liveupdate_new - A memfd that is one big hole
 * @size: bytes
 *
 * Return: the file, owned by the caller, or an ERR_PTR.
 */
struct file *memfd_liveupdate_new(loff_t size)
{
	struct file *file = memfd_alloc_file("", MFD_ALLOW_SEALING);

	if (!IS_ERR(file))
		i_size_write(file_inode(file), size);
	return file;
}
EXPORT_SYMBOL_GPL(memfd_liveupdate_new);

/*
 * Not all at once: more than the memory that the kernel has so far is refused,
 * and pages that were kept are no part of that before they are restored.
 */
static int account_blocks(struct inode *inode, unsigned long npages)
{
	unsigned long done = 0;

	while (done < npages) {
		unsigned long n = min_t(unsigned long, npages - done,
					SZ_64M >> PAGE_SHIFT);
		int rc = shmem_inode_acct_blocks(inode, n);

		if (rc) {
			shmem_recalc_inode(inode, done, 0);
			return rc;
		}
		done += n;
	}
	return 0;
}

/**
 * memfd_liveupdate_account - Account pages that will be given to a memfd
 * @file:   the memfd
 * @npages: how many
 *
 * Return: 0, -ENOMEM or -ENOSPC after a line in the log: it can be tried again
 *         when there is more room.
 */
int memfd_liveupdate_account(struct file *file, unsigned long npages)
{
	/* And the nodes of the page cache. */
	int rc = memfd_liveupdate_room(npages + npages / XA_CHUNK_SIZE + 1);

	if (rc)
		return rc;
	rc = account_blocks(file_inode(file), npages);
	if (rc)
		pr_warn("no room for the %lu KiB of a memfd: error %d, see vm.overcommit_memory\n",
			npages << (PAGE_SHIFT - 10), rc);
	return rc;
}
EXPORT_SYMBOL_GPL(memfd_liveupdate_account);

/**
 * memfd_liveupdate_accounted - Accounted pages are in the memfd now
 * @file:   the memfd
 * @npages: how many; those that are not are given back
 */
void memfd_liveupdate_accounted(struct file *file, unsigned long npages)
{
	shmem_recalc_inode(file_inode(file), npages, 0);
}
EXPORT_SYMBOL_GPL(memfd_liveupdate_accounted);

/**
 * memfd_liveupdate_unhold - Let folios go that memfd_liveupdate_insert() held
 * @file:   the memfd, frozen since
 * @npages: of the first so many, without a hole
 */
void memfd_liveupdate_unhold(struct file *file, unsigned long npages)
{
	pgoff_t index = 0;

	while (index < npages) {
		struct folio *folio = filemap_get_folio(file->f_mapping, index);

		if (IS_ERR(folio))
			return;
		index = folio_next_index(folio);
		folio_put_refs(folio, 2);
	}
}
EXPORT_SYMBOL_GPL(memfd_liveupdate_unhold);
