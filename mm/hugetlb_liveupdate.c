// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Memfds of huge pages across a live update
 *
 * A memfd made with MFD_HUGETLB is preserved with its pages in place. In the next
 * kernel it is one again, of the same size, page size, seals and position.
 *
 * Preserved
 *	Size, contents, seals, position, whether it can be executed. Huge pages
 *	that were reserved, or just holes, are allocated when it is preserved.
 *
 * Not preserved
 *	Its name. Whom the pages are charged to: that is the retrieving task.
 *
 * From PRESERVE_FD until the session is closed or the kernel is gone, its size,
 * holes and seals can't change.
 *
 * Locking order: inode_lock -> hugetlb_lock
 */
#define pr_fmt(fmt) "hugetlb: liveupdate: " fmt

#include <linux/fs.h>
#include <linux/falloc.h>
#include <linux/hugetlb.h>
#include <linux/hugetlb_liveupdate.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/hugetlb.h>
#include <linux/kho/abi/liveupdate_note.h>
#include <linux/liveupdate.h>
#include <linux/liveupdate_blob.h>
#include <linux/memfd.h>
#include <linux/memfd_liveupdate.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "hugetlb_liveupdate.h"

/**
 * struct huge_save - a memfd that is preserved
 * @file:    the memfd
 * @blob:    its handover blob
 * @handle:  where the next kernel finds @blob
 * @pos:     inside @blob, where it says where the description is
 * @folios:  its huge pages in order, pinned
 * @nr:      how many
 * @nr_kept: the first so many are kept by KHO
 */
struct huge_save {
	struct file *file;
	struct liveupdate_blob blob;
	u64 handle;
	__be64 *pos;
	struct folio **folios;
	unsigned int nr;
	unsigned int nr_kept;
};

static bool huge_can_preserve(struct liveupdate_file_handler *handler,
			      struct file *file)
{
	return is_file_hugepages(file) &&
	       hugetlb_liveupdate_is_memfd(file_inode(file));
}

/*
 * What was reserved is taken from its reservation, and holes from the pool. After
 * this the next kernel owes no page that it may not have. In a file that an iommufd
 * holds already no hole can be filled by its owner: pinning does it then.
 */
static int huge_fill(struct file *file)
{
	loff_t size = i_size_read(file_inode(file));
	int rc;

	if (!size)
		return 0;
	rc = file->f_op->fallocate(file, FALLOC_FL_KEEP_SIZE, 0, size);
	if (rc == -EBUSY)
		return 0;
	if (rc && rc != -EINTR)
		pr_warn_ratelimited("memfd (inode %llu): no huge page for each of its holes: error %d\n",
				    (u64)file_inode(file)->i_ino, rc);
	return rc;
}

/* Pages of CMA, or of a zone that has to stay movable, are moved by this. */
static int huge_pin_some(struct huge_save *save, unsigned int nr)
{
	struct inode *inode = file_inode(save->file);
	loff_t start = (loff_t)save->nr * huge_page_size(hstate_inode(inode));
	pgoff_t offset;
	long got;

	got = memfd_pin_folios(save->file, start, i_size_read(inode) - 1,
			       save->folios + save->nr, nr - save->nr, &offset);
	if (got > 0) {
		save->nr += got;
		return 0;
	}
	pr_warn_ratelimited("memfd (inode %llu): huge pages from byte %#llx on can't be pinned: error %ld\n",
			    (u64)inode->i_ino, start, got);
	return got ?: -EIO;
}

static int huge_pin(struct huge_save *save)
{
	loff_t size = i_size_read(file_inode(save->file));
	u64 nr = DIV_ROUND_UP_ULL(size, huge_page_size(hstate_file(save->file)));
	int rc = 0;

	if (nr > UINT_MAX)
		return -EFBIG;
	save->folios = kvcalloc(nr ?: 1, sizeof(*save->folios), GFP_KERNEL);
	if (!save->folios)
		return -ENOMEM;
	while (!rc && save->nr < nr)
		rc = huge_pin_some(save, nr);
	return rc;
}

static int huge_keep_one(struct huge_save *save, struct folio *folio)
{
	const char *what = hugetlb_liveupdate_blocker(folio);

	if (!what)
		return kho_preserve_folio(folio);
	pr_warn_ratelimited("memfd (inode %llu) byte %#llx: %s can't be preserved\n",
			    (u64)file_inode(save->file)->i_ino,
			    folio_pos(folio), what);
	return -EOPNOTSUPP;
}

static int huge_keep(struct huge_save *save)
{
	int rc = 0;

	for (; save->nr_kept < save->nr; save->nr_kept++) {
		rc = huge_keep_one(save, save->folios[save->nr_kept]);
		if (rc)
			break;
	}
	return rc;
}

static bool huge_follows(const struct hugetlb_run_ser *run, struct folio *folio)
{
	u64 n = be64_to_cpu(run->npages);

	return folio->index == be64_to_cpu(run->page) + n &&
	       folio_pfn(folio) == be64_to_cpu(run->pfn) + n;
}

static unsigned int huge_make_runs(const struct huge_save *save,
				   struct hugetlb_run_ser *runs)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < save->nr; i++) {
		struct folio *folio = save->folios[i];

		if (n && huge_follows(&runs[n - 1], folio)) {
			be64_add_cpu(&runs[n - 1].npages, folio_nr_pages(folio));
			continue;
		}
		runs[n++] = (struct hugetlb_run_ser) {
			.page = cpu_to_be64(folio->index),
			.pfn = cpu_to_be64(folio_pfn(folio)),
			.npages = cpu_to_be64(folio_nr_pages(folio)),
		};
	}
	return n;
}

static int huge_add_runs(struct huge_save *save)
{
	struct hugetlb_run_ser *runs;
	unsigned int n;

	runs = kvcalloc(save->nr ?: 1, sizeof(*runs), GFP_KERNEL);
	if (!runs)
		return -ENOMEM;
	n = huge_make_runs(save, runs);
	liveupdate_blob_add(&save->blob, "runs", runs, n * sizeof(*runs));
	kvfree(runs);
	return 0;
}

static int huge_add_all(struct huge_save *save)
{
	struct inode *inode = file_inode(save->file);
	struct liveupdate_blob *blob = &save->blob;
	int seals = memfd_get_seals(save->file);

	if (seals < 0)
		return seals;
	liveupdate_blob_add_u64(blob, "page-size", huge_page_size(hstate_inode(inode)));
	liveupdate_blob_add_u64(blob, "size", i_size_read(inode));
	liveupdate_blob_add_u64(blob, "pos", save->file->f_pos);
	liveupdate_blob_add_u32(blob, "seals", seals);
	liveupdate_blob_add_u32(blob, "noexec", !(inode->i_mode & 0111));
	return huge_add_runs(save);
}

static int huge_write(struct huge_save *save)
{
	int rc = liveupdate_blob_new(&save->blob, HUGETLB_LUO_FH_COMPATIBLE);

	if (rc)
		return rc;
	rc = huge_add_all(save);
	if (rc) {
		liveupdate_blob_unpreserve(&save->blob);
		return rc;
	}
	rc = liveupdate_blob_finish(&save->blob);
	if (rc)
		return rc;
	save->pos = liveupdate_blob_cell(&save->blob, 0, "pos",
					 sizeof(*save->pos));
	liveupdate_blob_seal(&save->blob);
	return liveupdate_blob_preserve(&save->blob, &save->handle);
}

static void huge_undo(struct huge_save *save)
{
	while (save->nr_kept)
		kho_unpreserve_folio(save->folios[--save->nr_kept]);
	if (save->nr)
		unpin_folios(save->folios, save->nr);
	kvfree(save->folios);
	memfd_liveupdate_release(file_inode(save->file));
	kfree(save);
}

static int huge_preserve(struct liveupdate_file_op_args *args)
{
	struct huge_save *save;
	int rc;

	rc = huge_fill(args->file);
	if (rc)
		return rc;
	save = kzalloc_obj(*save);
	if (!save)
		return -ENOMEM;
	save->file = args->file;
	memfd_liveupdate_hold(file_inode(args->file));
	rc = huge_pin(save);
	rc = rc ?: huge_keep(save);
	rc = rc ?: huge_write(save);
	if (rc) {
		huge_undo(save);
		return rc;
	}
	args->private_data = save;
	args->serialized_data = save->handle;
	return 0;
}

static void huge_unpreserve(struct liveupdate_file_op_args *args)
{
	struct huge_save *save = args->private_data;

	liveupdate_blob_unpreserve(&save->blob);
	huge_undo(save);
}

/* The position may have changed since. */
static int huge_freeze(struct liveupdate_file_op_args *args)
{
	struct huge_save *save = args->private_data;
	__be64 pos = cpu_to_be64(args->file->f_pos);

	if (memcmp(save->pos, &pos, sizeof(pos)))
		liveupdate_blob_patch(&save->blob, save->pos, &pos, sizeof(pos));
	return 0;
}

static unsigned long huge_get_id(struct file *file)
{
	return (unsigned long)file_inode(file);
}

static const struct liveupdate_file_ops huge_liveupdate_ops = {
	.can_preserve = huge_can_preserve,
	.preserve = huge_preserve,
	.unpreserve = huge_unpreserve,
	.freeze = huge_freeze,
	.retrieve = hugetlb_liveupdate_retrieve,
	.finish = hugetlb_liveupdate_finish,
	.get_id = huge_get_id,
	.owner = THIS_MODULE,
};

static struct liveupdate_file_handler huge_liveupdate_handler = {
	.ops = &huge_liveupdate_ops,
	.compatible = HUGETLB_LUO_FH_COMPATIBLE,
};

LIVEUPDATE_NOTE(HUGETLB_LUO_FH_COMPATIBLE);

static int __init huge_liveupdate_init(void)
{
	int rc;

	if (!hugepages_supported())
		return 0;
	rc = liveupdate_register_file_handler(&huge_liveupdate_handler);
	if (rc && rc != -EOPNOTSUPP)
		pr_err("can't preserve memfds of huge pages: error %d\n", rc);
	return 0;
}
late_initcall(huge_liveupdate_init);
