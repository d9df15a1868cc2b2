// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memfds whose pages a device writes while the kernel is replaced.
 *
 * A memfd keeps its pages where they are as long as somebody needs that: its
 * own preservation, every iommufd that is preserved and maps it, and, in the
 * next kernel, devices that still write and are nobody's. Each of them counts.
 *
 * Locking order: inode_lock -> memfd_frozen's own lock
 */
#include <linux/export.h>
#include <linux/memfd_liveupdate.h>
#include <linux/memfd.h>
#include <linux/pagemap.h>
#include <linux/pci_liveupdate.h>
#include <linux/swap.h>
#include <linux/xarray.h>
#include <uapi/linux/memfd.h>

#include "internal.h"

/* Inode -> how many need it frozen. */
static DEFINE_XARRAY(memfd_frozen);
/* One of them is an incoming session. */
#define MEMFD_INCOMING	XA_MARK_1

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
	shmem_freeze(inode, n);
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
 * A page that fallocate() made and nobody touched is zeroed at its first use
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
 * memfd_liveupdate_stays - Can a folio be pinned for long where it is?
 * @folio: the folio, referenced
 *
 * Return: false when pinning would move it, so that a device went on writing
 *         to where it was.
 */
bool memfd_liveupdate_stays(struct folio *folio)
{
	return folio_is_longterm_pinnable(folio);
}
EXPORT_SYMBOL_GPL(memfd_liveupdate_stays);

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

static int memfd_insert(struct inode *inode, struct folio *folio, pgoff_t index)
{
	gfp_t gfp = mapping_gfp_mask(inode->i_mapping);
	int rc;

	rc = mem_cgroup_charge(folio, NULL, gfp);
	rc = rc ?: shmem_add_to_page_cache(folio, inode->i_mapping, index, NULL,
					   gfp);
	if (rc)
		return rc;
	folio_mark_uptodate(folio);
	folio_mark_dirty(folio);
	rc = shmem_inode_acct_blocks(inode, 1);
	if (rc)
		filemap_remove_folio(folio);
	return rc;
}

/**
 * memfd_liveupdate_add - Give a page to a memfd
 * @file:  the memfd
 * @page:  a page of its own, with one reference; the file's after success
 * @index: where there is a hole
 *
 * Return: 0; -EEXIST when there is no hole; -ENOMEM; -ENOSPC. After an error
 *         the page is still the caller's.
 */
int memfd_liveupdate_add(struct file *file, struct page *page, pgoff_t index)
{
	struct folio *folio = page_folio(page);
	struct inode *inode = file_inode(file);
	int rc;

	__folio_set_locked(folio);
	__folio_set_swapbacked(folio);
	rc = memfd_insert(inode, folio, index);
	if (!rc) {
		shmem_recalc_inode(inode, 1, 0);
		folio_add_lru(folio);
	}
	folio_unlock(folio);
	if (!rc)
		folio_put(folio);
	return rc;
}
EXPORT_SYMBOL_GPL(memfd_liveupdate_add);

/**
 * memfd_liveupdate_retrieved - A memfd came out of an incoming session
 * @file: the memfd
 *
 * Until the session is finished nobody may free a page that a device of the
 * previous kernel may still write.
 */
void memfd_liveupdate_retrieved(struct file *file)
{
	struct inode *inode = file_inode(file);

	if (!pci_liveupdate_running())
		return;
	memfd_liveupdate_hold(inode);
	xa_set_mark(&memfd_frozen, (unsigned long)inode, MEMFD_INCOMING);
}

/**
 * memfd_liveupdate_finish - The session of a retrieved memfd is finished
 * @file: the memfd, NULL when it was not retrieved
 */
void memfd_liveupdate_finish(struct file *file)
{
	unsigned long key = file ? (unsigned long)file_inode(file) : 0;

	if (!file || !xa_get_mark(&memfd_frozen, key, MEMFD_INCOMING))
		return;
	xa_clear_mark(&memfd_frozen, key, MEMFD_INCOMING);
	memfd_liveupdate_release(file_inode(file));
}

/**
 * memfd_liveupdate_put - Give up a page of a memfd that could not be retrieved
 * @folio: the page
 *
 * Which device writes to it can't be told here: while there is one that
 * nobody stopped, the page is never used again.
 */
void memfd_liveupdate_put(struct folio *folio)
{
	if (!pci_liveupdate_running())
		folio_put(folio);
}

/**
 * memfd_liveupdate_fput - Give up a memfd that could not be retrieved
 * @file: the file, with the pages it has by then
 */
void memfd_liveupdate_fput(struct file *file)
{
	if (!pci_liveupdate_running())
		fput(file);
}
