/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memfds whose pages a device writes while the kernel is replaced.
 */
#ifndef _LINUX_MEMFD_LIVEUPDATE_H
#define _LINUX_MEMFD_LIVEUPDATE_H

#include <linux/errno.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/shmem_fs.h>

#ifdef CONFIG_IOMMUFD_LIVEUPDATE
void memfd_liveupdate_freeze(struct inode *inode, bool freeze);
bool memfd_liveupdate_frozen(struct inode *inode);
int memfd_liveupdate_errno(struct inode *inode);
void memfd_liveupdate_hold(struct inode *inode);
void memfd_liveupdate_release(struct inode *inode);

void memfd_liveupdate_uptodate(struct folio **folios, unsigned long n);
bool memfd_liveupdate_stays(struct folio *folio);

struct file *memfd_liveupdate_new(loff_t size);
int memfd_liveupdate_add(struct file *file, struct page *page, pgoff_t index);

void memfd_liveupdate_retrieved(struct file *file);
void memfd_liveupdate_finish(struct file *file);
void memfd_liveupdate_put(struct folio *folio);
void memfd_liveupdate_fput(struct file *file);
#else
static inline void memfd_liveupdate_freeze(struct inode *inode, bool freeze)
{
	shmem_freeze(inode, freeze);
}

static inline bool memfd_liveupdate_frozen(struct inode *inode)
{
	return false;
}

static inline int memfd_liveupdate_errno(struct inode *inode)
{
	return -EPERM;
}

static inline void memfd_liveupdate_uptodate(struct folio **folios,
					     unsigned long n)
{
}

static inline void memfd_liveupdate_retrieved(struct file *file) { }
static inline void memfd_liveupdate_finish(struct file *file) { }

static inline void memfd_liveupdate_put(struct folio *folio)
{
	folio_put(folio);
}

static inline void memfd_liveupdate_fput(struct file *file)
{
	fput(file);
}
#endif
#endif
