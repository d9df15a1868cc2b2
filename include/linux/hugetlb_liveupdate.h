/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Huge pages of hugetlb across a live update.
 */
#ifndef _LINUX_HUGETLB_LIVEUPDATE_H
#define _LINUX_HUGETLB_LIVEUPDATE_H

#include <linux/err.h>
#include <linux/types.h>

struct file;
struct folio;
struct inode;

#ifdef CONFIG_HUGETLB_LIVEUPDATE
bool hugetlb_liveupdate_is_memfd(struct inode *inode);
const char *hugetlb_liveupdate_blocker(struct folio *folio);

struct file *hugetlb_liveupdate_new(u64 size, u64 page_size, bool noexec);
int hugetlb_liveupdate_room(struct file *file, unsigned long npages);
int hugetlb_liveupdate_insert(struct file *file, u64 pfn, u64 page, bool hold);
void hugetlb_liveupdate_discard(u64 pfn);
#else
static inline bool hugetlb_liveupdate_is_memfd(struct inode *inode)
{
	return false;
}

static inline const char *hugetlb_liveupdate_blocker(struct folio *folio)
{
	return "a huge page of hugetlbfs";
}

static inline struct file *hugetlb_liveupdate_new(u64 size, u64 page_size,
						  bool noexec)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static inline int hugetlb_liveupdate_room(struct file *file,
					  unsigned long npages)
{
	return -EOPNOTSUPP;
}

static inline int hugetlb_liveupdate_insert(struct file *file, u64 pfn,
					    u64 page, bool hold)
{
	return -EOPNOTSUPP;
}

static inline void hugetlb_liveupdate_discard(u64 pfn)
{
}
#endif
#endif
