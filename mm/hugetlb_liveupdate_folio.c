// SPDX-License-Identifier: GPL-2.0-only
/*
 * Huge pages from the previous kernel that a hugetlb file gets.
 *
 * They were never free here, and are no part of the pool that the command line or
 * the administrator asked for: they come as surplus pages, however many the
 * overcommit limit allows. What frees surplus pages gives them to the buddy
 * allocator, and a pool that is made larger takes them in.
 *
 * Who retrieves them pays: they are charged to its cgroups as if it had taken
 * them from the pool, with the reservation that a page of a file always has.
 */
#define pr_fmt(fmt) "hugetlb: liveupdate: " fmt

#include <linux/cgroup.h>
#include <linux/dcache.h>
#include <linux/export.h>
#include <linux/hugetlb_liveupdate.h>
#include <linux/kexec_handover.h>
#include <linux/memcontrol.h>
#include <linux/memfd.h>
#include <linux/memfd_liveupdate.h>
#include <linux/pagemap.h>
#include <linux/sizes.h>
#include <linux/vmstat.h>
#include <uapi/linux/memfd.h>

#include "hugetlb_internal.h"
#include "hugetlb_vmemmap.h"
#include "internal.h"

/* The page is there, so a limit can't refuse it; see memfd_liveupdate_room(). */
#define HUGE_CHARGE	(GFP_NOWAIT | __GFP_HIGH | __GFP_NOWARN)

#define MEMFD_PREFIX	"memfd:"

/**
 * hugetlb_liveupdate_is_memfd - Was a hugetlb file made by memfd_create()?
 * @inode: of a hugetlb file
 *
 * Files with a name, those of System V shared memory and of MAP_ANONYMOUS are
 * not.
 */
bool hugetlb_liveupdate_is_memfd(struct inode *inode)
{
	struct dentry *dentry;
	struct name_snapshot name;
	bool is;

	if (!(inode->i_sb->s_flags & SB_KERNMOUNT) || IS_PRIVATE(inode))
		return false;
	dentry = d_find_any_alias(inode);
	if (!dentry)
		return false;
	take_dentry_name_snapshot(&name, dentry);
	is = strstarts(name.name.name, MEMFD_PREFIX);
	release_dentry_name_snapshot(&name);
	dput(dentry);
	return is;
}
EXPORT_SYMBOL_GPL(hugetlb_liveupdate_is_memfd);

static bool huge_was_hot_added(struct folio *folio)
{
#ifdef CONFIG_MEMORY_HOTPLUG
	unsigned long pfn = folio_pfn(folio), end = pfn + folio_nr_pages(folio);

	for (; pfn < end; pfn = ALIGN_DOWN(pfn, PAGES_PER_SECTION) +
				PAGES_PER_SECTION)
		if (!early_section(__pfn_to_section(pfn)))
			return true;
#endif
	return false;
}

/**
 * hugetlb_liveupdate_blocker - Why a huge page can't be in the next kernel
 * @folio: of hugetlb, pinned
 *
 * Its tail pages may have no struct page of their own. Which of them are poisoned
 * does not matter: the next kernel does not know of any.
 *
 * Return: what it is, in words, or NULL.
 */
const char *hugetlb_liveupdate_blocker(struct folio *folio)
{
	unsigned long last = folio_pfn(folio) + folio_nr_pages(folio) - 1;

	if (folio_test_hwpoison(folio))
		return "a huge page with poisoned memory";
	if (kho_scratch_overlap(PFN_PHYS(folio_pfn(folio)), folio_size(folio)))
		return "a huge page in the memory that kernels start in";
	if (pfn_to_nid(last) != folio_nid(folio))
		return "a huge page on two NUMA nodes";
	if (huge_was_hot_added(folio))
		return "memory that was added while the kernel ran";
	return NULL;
}
EXPORT_SYMBOL_GPL(hugetlb_liveupdate_blocker);

/**
 * hugetlb_liveupdate_new - A memfd of huge pages that is one big hole
 * @size:      bytes
 * @page_size: bytes of a huge page
 * @noexec:    as made with MFD_NOEXEC_SEAL
 *
 * Return: the file, owned by the caller; -ENOENT or -ENODEV after a line in the
 *         log when this kernel has no such pages, or another ERR_PTR.
 */
struct file *hugetlb_liveupdate_new(u64 size, u64 page_size, bool noexec)
{
	unsigned int flags = noexec ? MFD_NOEXEC_SEAL : MFD_ALLOW_SEALING;
	struct file *file;

	file = memfd_alloc_file(MEMFD_PREFIX, flags | MFD_HUGETLB |
				ilog2(page_size) << MFD_HUGE_SHIFT);
	if (!IS_ERR(file))
		i_size_write(file_inode(file), size);
	else if (PTR_ERR(file) == -ENODEV || PTR_ERR(file) == -ENOENT)
		pr_warn("this kernel has no huge pages of %llu KiB\n",
			page_size >> 10);
	return file;
}
EXPORT_SYMBOL_GPL(hugetlb_liveupdate_new);

#ifdef CONFIG_CGROUP_HUGETLB
static void huge_say_limit(struct hstate *h, struct hugetlb_cgroup *cg,
			   unsigned long npages, const char *limit)
{
	char *path = memfd_liveupdate_cgroup(cg->css.cgroup);
	bool giga = huge_page_size(h) >= SZ_1G;

	pr_warn("%lu KiB to retrieve, hugetlb.%lu%s.%s leaves less: raise it, cgroup %s\n",
		npages << (PAGE_SHIFT - 10),
		huge_page_size(h) >> (giga ? 30 : 20), giga ? "GB" : "MB", limit,
		path ?: "");
	kfree(path);
}

static int huge_cgroup_room(struct hstate *h, unsigned long npages)
{
	int idx = hstate_index(h), rc;
	struct hugetlb_cgroup *cg;

	rc = hugetlb_cgroup_charge_cgroup(idx, npages, &cg);
	if (rc) {
		huge_say_limit(h, cg, npages, "max");
		return rc;
	}
	hugetlb_cgroup_uncharge_cgroup(idx, npages, cg);
	rc = hugetlb_cgroup_charge_cgroup_rsvd(idx, npages, &cg);
	if (rc)
		huge_say_limit(h, cg, npages, "rsvd.max");
	else
		hugetlb_cgroup_uncharge_cgroup_rsvd(idx, npages, cg);
	return rc;
}
#else
static int huge_cgroup_room(struct hstate *h, unsigned long npages)
{
	return 0;
}
#endif

static bool huge_memcg_pays(void)
{
#ifdef CONFIG_MEMCG
	return cgrp_dfl_root.flags & CGRP_ROOT_MEMORY_HUGETLB_ACCOUNTING;
#else
	return false;
#endif
}

/**
 * hugetlb_liveupdate_room - Have the task's cgroups room for so many pages?
 * @file:   a hugetlb file
 * @npages: pages of PAGE_SIZE
 *
 * Others may take the room before it is used; the pages are not charged then.
 *
 * Return: 0, or -ENOMEM after a line in the log that names cgroup and limit: it
 *         can be tried again when the limit was raised.
 */
int hugetlb_liveupdate_room(struct file *file, unsigned long npages)
{
	int rc = huge_cgroup_room(hstate_file(file), npages);

	if (!rc && huge_memcg_pays())
		rc = memfd_liveupdate_room(npages);
	return rc;
}
EXPORT_SYMBOL_GPL(hugetlb_liveupdate_room);

/* What the cgroups pay for a folio; NULL for one that has no room. */
struct huge_charge {
	struct hugetlb_cgroup *used;
	struct hugetlb_cgroup *rsvd;
};

static struct huge_charge huge_charge(struct hstate *h)
{
	struct huge_charge charge;
	int idx = hstate_index(h);

	if (hugetlb_cgroup_charge_cgroup(idx, pages_per_huge_page(h),
					 &charge.used))
		charge.used = NULL;
	if (hugetlb_cgroup_charge_cgroup_rsvd(idx, pages_per_huge_page(h),
					      &charge.rsvd))
		charge.rsvd = NULL;
	return charge;
}

/* Without runtime support for gigantic pages none is ever freed. */
static void huge_count(struct hstate *h, int nid)
{
	h->nr_huge_pages++;
	h->nr_huge_pages_node[nid]++;
	if (hstate_is_gigantic_no_runtime(h))
		return;
	h->surplus_huge_pages++;
	h->surplus_huge_pages_node[nid]++;
}

/* A folio in use, with one reference, as alloc_hugetlb_folio() gives it. */
static struct folio *huge_restore(struct hstate *h, u64 pfn)
{
	struct folio *folio = kho_restore_folio(PFN_PHYS(pfn));
	struct huge_charge charge = huge_charge(h);
	long n = pages_per_huge_page(h);
	int idx = hstate_index(h);

	set_page_count(&folio->page, 0);
	init_new_hugetlb_folio(folio);
	hugetlb_vmemmap_optimize_folio(h, folio);

	spin_lock_irq(&hugetlb_lock);
	huge_count(h, folio_nid(folio));
	list_add(&folio->lru, &h->hugepage_activelist);
	folio_ref_unfreeze(folio, 1);
	hugetlb_cgroup_commit_charge(idx, n, charge.used, folio);
	hugetlb_cgroup_commit_charge_rsvd(idx, n, charge.rsvd, folio);
	spin_unlock_irq(&hugetlb_lock);

	mem_cgroup_charge_hugetlb(folio, current->mm, HUGE_CHARGE);
	lruvec_stat_mod_folio(folio, NR_HUGETLB, n);
	return folio;
}

/* As hugetlb_add_to_page_cache() does, but that it waits for memory. */
static int huge_add_to_page_cache(struct address_space *mapping,
				  struct folio *folio, pgoff_t page)
{
	struct inode *inode = mapping->host;
	int rc;

	__folio_set_locked(folio);
	rc = __filemap_add_folio(mapping, folio, page,
				 GFP_KERNEL | __GFP_NOFAIL, NULL);
	if (rc) {
		__folio_clear_locked(folio);
		return rc;
	}
	folio_mark_dirty(folio);
	spin_lock(&inode->i_lock);
	inode->i_blocks += blocks_per_huge_page(hstate_inode(inode));
	spin_unlock(&inode->i_lock);
	return 0;
}

/* After an error the folio stays lost: a device may write to it. */
static int huge_add(struct file *file, struct folio *folio, pgoff_t page,
		    bool hold)
{
	int rc;

	hugetlb_set_folio_subpool(folio, subpool_inode(file_inode(file)));
	__folio_mark_uptodate(folio);
	rc = huge_add_to_page_cache(file->f_mapping, folio, page);
	if (rc)
		return rc;
	folio_set_hugetlb_migratable(folio);
	folio_unlock(folio);
	if (!hold)
		folio_put(folio);
	return 0;
}

/**
 * hugetlb_liveupdate_insert - Give a huge page from the previous kernel to a file
 * @file: a hugetlb file that is not yet visible to others
 * @pfn:  of the page, kept by kho_preserve_folio(); anything
 * @page: of PAGE_SIZE, where in the file it belongs
 * @hold: keep a reference, so that it stays where it is
 *
 * Return: 0; -ENOMEM, and then nothing was done; -EBADMSG for what is no such
 *         page or has no place there.
 */
int hugetlb_liveupdate_insert(struct file *file, u64 pfn, u64 page, bool hold)
{
	struct hstate *h = hstate_file(file);
	pgoff_t index = page >> huge_page_order(h);

	if (kho_restorable_order(PFN_PHYS(pfn)) != huge_page_order(h) ||
	    page & (pages_per_huge_page(h) - 1) ||
	    filemap_range_has_page(file->f_mapping, (loff_t)page << PAGE_SHIFT,
				   (loff_t)page << PAGE_SHIFT))
		return -EBADMSG;
	if (hugetlb_add_region(file_inode(file), index, index + 1) < 0)
		return -ENOMEM;
	return huge_add(file, huge_restore(h, pfn), page, hold) ? -EBADMSG : 0;
}
EXPORT_SYMBOL_GPL(hugetlb_liveupdate_insert);

/**
 * hugetlb_liveupdate_discard - Free a huge page that no file got
 * @pfn: of the page; what is none is left alone
 *
 * Context: nothing writes to it any more.
 */
void hugetlb_liveupdate_discard(u64 pfn)
{
	if (kho_restorable_order(PFN_PHYS(pfn)) > 0)
		folio_put(kho_restore_folio(PFN_PHYS(pfn)));
}
EXPORT_SYMBOL_GPL(hugetlb_liveupdate_discard);
