// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading what the areas of a preserved context show, and getting the files
 * behind it. Nothing is taken over here.
 */
#define pr_fmt(fmt) "iommufd: liveupdate: " fmt

#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kho/abi/hugetlb.h>
#include <linux/kho/abi/memfd.h>
#include <linux/liveupdate_files.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "io_pagetable.h"
#include "liveupdate_load.h"

#define LOAD_PAGES_FLAGS						\
	(IOMMUFD_PAGES_SER_MEMORY | IOMMUFD_PAGES_SER_WRITABLE |	\
	 IOMMUFD_PAGES_SER_FILE_RDONLY)

static int load_read_file(struct iommufd_load_file *file,
			  const struct iommufd_file_ser *ser)
{
	u32 flags = be32_to_cpu(ser->flags);

	if ((flags & ~IOMMUFD_FILE_SER_HUGETLB) != IOMMUFD_FILE_SER_KNOWN ||
	    ser->reserved)
		return -EBADMSG;
	file->token = be64_to_cpu(ser->token);
	file->huge = flags & IOMMUFD_FILE_SER_HUGETLB;
	return 0;
}

/**
 * iommufd_luo_load_read_files - Read which memfds there have to be
 * @load: the context
 *
 * Return: 0, -EBADMSG after a line in the log, -ENOMEM.
 */
int iommufd_luo_load_read_files(struct iommufd_load *load)
{
	const struct iommufd_file_ser *ser;
	unsigned int n;

	ser = iommufd_luo_load_array(&load->blob, 0, "files", sizeof(*ser), &n);
	if (!ser)
		return iommufd_luo_load_bad("list of files, entries", 0);
	load->files = kvcalloc(n ?: 1, sizeof(*load->files), GFP_KERNEL);
	if (!load->files)
		return -ENOMEM;
	for (; load->nr_files < n; load->nr_files++) {
		struct iommufd_file_ser copy;

		memcpy(&copy, ser + load->nr_files, sizeof(copy));
		if (load_read_file(&load->files[load->nr_files], &copy))
			return iommufd_luo_load_bad("file", load->nr_files);
	}
	return 0;
}

/* Behind the last byte that the file or the memory can have. */
static u64 load_pages_limit(const struct iommufd_load *load,
			    const struct iommufd_load_pages *p)
{
	if (p->flags & IOMMUFD_PAGES_SER_MEMORY)
		return p->from < load->nr_memories ?
		       load->memories[p->from].size : 0;
	return p->from < load->nr_files ? MAX_LFS_FILESIZE : 0;
}

static int load_read_one_pages(struct iommufd_load *load,
			       const struct iommufd_pages_ser *ser,
			       struct iommufd_load_pages *p)
{
	u64 bytes, end;

	p->start = be64_to_cpu(ser->start);
	p->npages = be64_to_cpu(ser->npages);
	p->from = be32_to_cpu(ser->file);
	p->flags = be32_to_cpu(ser->flags);
	if (!PAGE_ALIGNED(p->start) || !p->npages ||
	    (p->flags & ~LOAD_PAGES_FLAGS) ||
	    check_mul_overflow(p->npages, (u64)PAGE_SIZE, &bytes) ||
	    check_add_overflow(p->start, bytes, &end))
		return -EBADMSG;
	return end > load_pages_limit(load, p) ? -EBADMSG : 0;
}

/**
 * iommufd_luo_load_read_pages - Read what areas show, changing nothing
 * @load: the context, its files and its memories read
 *
 * Return: 0, -EBADMSG after a line in the log, -EINTR, -ENOMEM.
 */
int iommufd_luo_load_read_pages(struct iommufd_load *load)
{
	const struct iommufd_pages_ser *ser;
	unsigned int n;

	ser = iommufd_luo_load_array(&load->blob, 0, "pages", sizeof(*ser), &n);
	if (!ser)
		return iommufd_luo_load_bad("list of pages, entries", 0);
	load->pages = kvcalloc(n ?: 1, sizeof(*load->pages), GFP_KERNEL);
	if (!load->pages)
		return -ENOMEM;
	for (; load->nr_pages < n; load->nr_pages++) {
		struct iommufd_pages_ser copy;

		if (fatal_signal_pending(current))
			return -EINTR;
		memcpy(&copy, ser + load->nr_pages, sizeof(copy));
		if (load_read_one_pages(load, &copy,
					&load->pages[load->nr_pages]))
			return iommufd_luo_load_bad("pages", load->nr_pages);
	}
	return 0;
}

static int load_get_memfd(struct iommufd_load *load,
			  struct iommufd_load_file *file)
{
	int rc;

	rc = liveupdate_check_token(load->session, file->token,
				    file->huge ? HUGETLB_LUO_FH_COMPATIBLE :
						 MEMFD_LUO_FH_COMPATIBLE);
	if (rc)
		return iommufd_luo_load_bad("no memfd in the session, token", file->token);
	rc = liveupdate_get_file_incoming(load->session, file->token,
					  &file->file);
	if (!rc)
		return 0;
	pr_warn("memfd with token %#llx: error %d\n", file->token, rc);
	load->again = liveupdate_can_retry(load->session, file->token);
	return rc;
}

static int load_get_file(struct iommufd_load *load,
			 struct iommufd_load_pages *p)
{
	struct file *file = p->flags & IOMMUFD_PAGES_SER_MEMORY ?
			    load->memories[p->from].file : load->files[p->from].file;

	if (p->flags & IOMMUFD_PAGES_SER_FILE_RDONLY)
		file = dentry_open(&file->f_path, O_RDONLY, current_cred());
	else
		get_file(file);
	if (IS_ERR(file))
		return PTR_ERR(file);
	p->file = file;
	return 0;
}

static int load_build_pages(struct iommufd_load *load,
			    struct iommufd_load_pages *p)
{
	struct iopt_pages *pages;

	pages = iopt_alloc_file_pages(p->file, 0, p->start,
				      p->npages * PAGE_SIZE,
				      p->flags & IOMMUFD_PAGES_SER_WRITABLE);
	if (IS_ERR(pages))
		return PTR_ERR(pages);
	/* As iopt_map_common() decides for a fresh mapping. */
	if (load->ictx->account_mode == IOPT_PAGES_ACCOUNT_MM &&
	    pages->account_mode == IOPT_PAGES_ACCOUNT_USER)
		pages->account_mode = IOPT_PAGES_ACCOUNT_MM;
	p->pages = pages;
	return 0;
}

/**
 * iommufd_luo_load_files - Get the memfds, retrieving them if need be
 * @load: the context, its memories there
 *
 * Return: 0, -EBADMSG, -ENOMEM or the error of a memfd's retrieve.
 */
int iommufd_luo_load_files(struct iommufd_load *load)
{
	int rc = 0;

	for (unsigned int i = 0; i < load->nr_files && !rc; i++)
		rc = load_get_memfd(load, &load->files[i]);
	for (unsigned int i = 0; i < load->nr_pages && !rc; i++)
		rc = load_get_file(load, &load->pages[i]) ?:
		     load_build_pages(load, &load->pages[i]);
	return rc;
}
