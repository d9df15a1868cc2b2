/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memfds whose pages a device writes while the kernel is replaced.
 */
#ifndef _LINUX_MEMFD_LIVEUPDATE_H
#define _LINUX_MEMFD_LIVEUPDATE_H

#include <linux/errno.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/shmem_fs.h>

struct cgroup;
struct liveupdate_file_op_args;

int memfd_liveupdate_retrieve(struct liveupdate_file_op_args *args);
void memfd_liveupdate_finish(struct liveupdate_file_op_args *args);

#ifdef CONFIG_MEMFD_LIVEUPDATE
void memfd_liveupdate_freeze(struct inode *inode, bool freeze);
bool memfd_liveupdate_frozen(struct inode *inode);
int memfd_liveupdate_errno(struct inode *inode);
int memfd_liveupdate_lock(struct inode *inode);
void memfd_liveupdate_hold(struct inode *inode);
void memfd_liveupdate_release(struct inode *inode);

void memfd_liveupdate_uptodate(struct folio **folios, unsigned long n);
const char *memfd_liveupdate_blocker(struct page *page);
int memfd_liveupdate_check(struct folio *folio);
long memfd_liveupdate_pin(struct file *file, pgoff_t index, unsigned long max,
			  unsigned long *pfn);

struct file *memfd_liveupdate_new(loff_t size);
char *memfd_liveupdate_cgroup(struct cgroup *cgroup);
int memfd_liveupdate_room(unsigned long npages);
int memfd_liveupdate_account(struct file *file, unsigned long npages);
void memfd_liveupdate_accounted(struct file *file, unsigned long npages);
int memfd_liveupdate_insert_run(struct file *file, struct folio **folios,
				unsigned int n, pgoff_t index, bool hold);
int memfd_liveupdate_insert(struct file *file, struct folio *folio,
			    pgoff_t index, bool hold);
void memfd_liveupdate_unhold(struct file *file, unsigned long npages);

/* Shared anonymous memory: what an iommufd maps of it is carried by the iommufd. */
static inline bool memfd_liveupdate_anon(const struct inode *inode)
{
	return IS_PRIVATE(inode);
}
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

static inline int memfd_liveupdate_lock(struct inode *inode)
{
	inode_lock(inode);
	return 0;
}

static inline void memfd_liveupdate_uptodate(struct folio **folios,
					     unsigned long n)
{
}

static inline int memfd_liveupdate_check(struct folio *folio)
{
	return 0;
}

static inline bool memfd_liveupdate_anon(const struct inode *inode)
{
	return false;
}
#endif
#endif
