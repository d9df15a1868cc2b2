// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: iommufd across a live update
 *
 * A context of noiommu devices is preserved whole: options, IOAS with their
 * areas, HWPTs with their page tables, and which device is attached to what.
 * After the kexec it is an ordinary context again, with the same IDs and the
 * same physical address behind every IOVA.
 *
 * From PRESERVE_FD until the session is closed or the kernel is gone, whatever
 * would change the context answers -EBUSY; reading goes on.
 *
 * Preserved
 *	RLIMIT mode; IOAS: ID, large pages option, allowed IOVA ranges, areas;
 *	HWPTs: ID, IOAS, table; IDs and attachment of devices whose own files
 *	are in the same session. Memory of a memfd, also when it was mapped by
 *	its address, needs the memfd in the same session. Other memory that was
 *	mapped by its address, and files of hugetlbfs, stay where they are, and
 *	are memfds afterwards, one for each size of pages: IOMMU_IOAS_GET_FILE
 *	gives them.
 *
 * Not preserved
 *	Devices whose files are not in the session. Whom the memory was
 *	accounted to: that is the retrieving task.
 *
 * Refused with -EOPNOTSUPP
 *	dma-bufs; files with a name but for those of hugetlbfs; memory without
 *	a memfd that no HWPT maps, that is of several kinds within one mapping,
 *	or that is mapped under two addresses; the compatibility IOAS of VFIO;
 *	devices with an IOMMU, and objects that only these have.
 */
#define pr_fmt(fmt) "iommufd: liveupdate: " fmt

#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/generic_pt/liveupdate.h>
#include <linux/liveupdate.h>
#include <linux/liveupdate_files.h>
#include <linux/liveupdate_writers.h>
#include <linux/slab.h>

#include "io_pagetable.h"
#include "liveupdate_load.h"
#include "liveupdate_save.h"

/* Whose file is it? No reference is taken. */
static struct iommufd_ctx *iommufd_luo_file_ctx(struct file *file)
{
	return file->private_data;
}

static bool iommufd_luo_can_preserve(struct liveupdate_file_handler *handler,
				     struct file *file)
{
	return file->f_op == &iommufd_fops;
}

static int iommufd_luo_check_hwpt(struct iommufd_hwpt_paging *hwpt)
{
	if (hwpt->common.domain->owner == &iommufd_noiommu_ops &&
	    !hwpt->common.fault && !hwpt->nest_parent)
		return 0;
	pr_warn_ratelimited("HWPT %u is of a kind that can't be preserved\n",
			    hwpt->common.obj.id);
	return -EOPNOTSUPP;
}

static int iommufd_luo_check_obj(struct iommufd_object *obj)
{
	struct iommufd_hwpt_paging *hwpt =
		container_of(obj, struct iommufd_hwpt_paging, common.obj);

	switch (obj->type) {
	case IOMMUFD_OBJ_DEVICE:
	case IOMMUFD_OBJ_IOAS:
		return 0;
	case IOMMUFD_OBJ_HWPT_PAGING:
		return iommufd_luo_check_hwpt(hwpt);
	default:
		pr_warn_ratelimited("object %u of type %u can't be preserved\n",
				    obj->id, obj->type);
		return -EOPNOTSUPP;
	}
}

static void iommufd_luo_collect_type(struct iommufd_save *save,
				     enum iommufd_object_type type)
{
	struct iommufd_object *obj;
	unsigned long id;

	xa_for_each(&save->ictx->objects, id, obj) {
		if (obj->type != type)
			continue;
		refcount_inc(&obj->users);
		save->objs[save->nr_objs++] = obj;
	}
}

static unsigned int iommufd_luo_count_objs(struct iommufd_ctx *ictx)
{
	struct iommufd_object *obj;
	unsigned int n = 0;
	unsigned long id;

	xa_for_each(&ictx->objects, id, obj)
		n++;
	return n;
}

/* Nothing is added while the gate is shut, so the count can only shrink. */
static int iommufd_luo_collect(struct iommufd_save *save)
{
	struct iommufd_ctx *ictx = save->ictx;
	struct iommufd_object *obj;
	unsigned long id;
	int rc = 0;

	if (ictx->vfio_ioas || ictx->no_iommu_mode) {
		pr_warn_ratelimited("a VFIO container can't be preserved\n");
		return -EOPNOTSUPP;
	}
	save->objs = kvcalloc(iommufd_luo_count_objs(ictx) ?: 1,
			      sizeof(*save->objs), GFP_KERNEL);
	if (!save->objs)
		return -ENOMEM;
	xa_lock(&ictx->objects);
	xa_for_each(&ictx->objects, id, obj) {
		rc = iommufd_luo_check_obj(obj);
		if (rc)
			break;
	}
	if (!rc) {
		iommufd_luo_collect_type(save, IOMMUFD_OBJ_IOAS);
		iommufd_luo_collect_type(save, IOMMUFD_OBJ_HWPT_PAGING);
	}
	xa_unlock(&ictx->objects);
	return rc;
}

static void iommufd_luo_put_obj(struct iommufd_ctx *ictx,
				struct iommufd_object *obj)
{
	struct iommufd_hwpt_paging *hwpt =
		container_of(obj, struct iommufd_hwpt_paging, common.obj);

	/* As a detach that was the last one would have done meanwhile. */
	if (obj->type == IOMMUFD_OBJ_HWPT_PAGING && hwpt->auto_domain)
		iommufd_object_put_and_try_destroy(ictx, obj);
	else
		refcount_dec(&obj->users);
}

static void iommufd_luo_free_save(struct iommufd_save *save)
{
	while (save->nr_objs)
		iommufd_luo_put_obj(save->ictx, save->objs[--save->nr_objs]);
	kvfree(save->objs);
	iommufd_luo_save_put_areas(save);
	xa_destroy(&save->kept);
	kfree(save);
}

static int iommufd_luo_preserve(struct liveupdate_file_op_args *args)
{
	struct iommufd_save *save = kzalloc_obj(*save);
	int rc;

	if (!save)
		return -ENOMEM;
	xa_init(&save->file_of);
	xa_init(&save->kept);
	INIT_LIST_HEAD(&save->memories);
	save->ictx = iommufd_luo_file_ctx(args->file);
	rc = iommufd_luo_gate_shut(&save->ictx->lu.gate);
	if (rc) {
		kfree(save);
		return rc;
	}
	rc = iommufd_luo_collect(save);
	if (!rc)
		rc = iommufd_luo_save_write(save, args->session);
	if (rc) {
		struct iommufd_ctx *ictx = save->ictx;

		iommufd_luo_free_save(save);
		iommufd_luo_gate_open(&ictx->lu.gate);
		return rc;
	}
	args->private_data = save;
	args->serialized_data = save->handle;
	return 0;
}

static void iommufd_luo_unpreserve(struct liveupdate_file_op_args *args)
{
	struct iommufd_save *save = args->private_data;
	struct iommufd_ctx *ictx = save->ictx;

	iommufd_luo_save_undo_pages(save);
	iommufd_luo_save_undo_tables(save);
	liveupdate_blob_unpreserve(&save->blob);
	iommufd_luo_free_save(save);
	iommufd_luo_gate_open(&ictx->lu.gate);
}

static int iommufd_luo_freeze(struct liveupdate_file_op_args *args)
{
	struct iommufd_save *save = args->private_data;
	int rc = iommufd_luo_save_resolve(save, args->session);

	if (rc && iommufd_luo_ctx_is_optional(save->ictx))
		liveupdate_drop_file(args->session, args->file);
	return rc;
}

/* A context with a file of its own, as iommufd_fops_open() makes it. */
struct file *iommufd_luo_new_file(void)
{
	struct file tmp = {};
	struct iommufd_ctx *ictx;
	struct file *file;
	int rc;

	rc = iommufd_fops.open(NULL, &tmp);
	if (rc)
		return ERR_PTR(rc);
	ictx = tmp.private_data;
	file = anon_inode_getfile("[iommufd]", &iommufd_fops, ictx, O_RDWR);
	if (IS_ERR(file)) {
		iommufd_fops.release(NULL, &tmp);
		return file;
	}
	ictx->file = file;
	return file;
}

/* A new context, or an error after which the blob is as it was. */
static struct file *iommufd_luo_build(struct iommufd_load *load)
{
	struct file *file = iommufd_luo_new_file();
	int rc;

	if (IS_ERR(file))
		return file;
	load->ictx = iommufd_luo_file_ctx(file);
	rc = iommufd_luo_load_context(load);
	iommufd_luo_load_free(load);
	if (!rc)
		return file;
	pr_warn("context not retrieved: error %d\n", rc);
	__fput_sync(file);
	return ERR_PTR(rc);
}

static bool iommufd_luo_may_try_again(const struct iommufd_load *load, int rc)
{
	return !load->committed && (load->again || liveupdate_is_passing(rc));
}

static int iommufd_luo_retrieve(struct liveupdate_file_op_args *args)
{
	u64 handle = args->serialized_data;
	struct iommufd_load load = { .session = args->session,
				     .handle = handle };
	struct file *file;
	int rc;

	rc = liveupdate_blob_restore(&load.blob, handle,
				     IOMMUFD_LUO_FH_COMPATIBLE);
	if (rc) {
		args->again = rc == -ENOMEM;
		return rc;
	}
	file = iommufd_luo_build(&load);
	if (IS_ERR(file)) {
		args->again = iommufd_luo_may_try_again(&load, PTR_ERR(file));
		liveupdate_blob_return(&load.blob, handle);
		return PTR_ERR(file);
	}
	liveupdate_blob_free(&load.blob, handle);
	args->file = file;
	return 0;
}

static void iommufd_luo_discard(u64 handle)
{
	struct liveupdate_blob blob;
	struct pt_amdv1_ser ser;
	int node = 0, rc;

	rc = liveupdate_insist(liveupdate_blob_restore(&blob, handle,
						       IOMMUFD_LUO_FH_COMPATIBLE));
	if (rc) {
		pr_warn("a context that nobody retrieved stays reserved: error %d\n",
			rc);
		return;
	}
	while ((node = liveupdate_blob_next(&blob, node, "hwpt")) > 0)
		if (!iommufd_luo_load_table(&blob, node, &ser))
			liveupdate_insist(pt_amdv1_discard(&ser));
	liveupdate_insist(iommufd_luo_discard_memory(&blob, handle));
	liveupdate_blob_free(&blob, handle);
}

/* A device that was not found may still write: nothing is given back then. */
static void iommufd_luo_finish(struct liveupdate_file_op_args *args)
{
	if (args->retrieve_status > 0)
		iommufd_luo_drop_pending(iommufd_luo_file_ctx(args->file));
	if (liveupdate_lost_writers())
		return;
	if (args->retrieve_status <= 0)
		iommufd_luo_discard(args->serialized_data);
	iommufd_luo_drop_memory(args->serialized_data);
}

static const struct liveupdate_file_ops iommufd_luo_ops = {
	.can_preserve = iommufd_luo_can_preserve,
	.preserve = iommufd_luo_preserve,
	.unpreserve = iommufd_luo_unpreserve,
	.freeze = iommufd_luo_freeze,
	.retrieve = iommufd_luo_retrieve,
	.finish = iommufd_luo_finish,
	.owner = THIS_MODULE,
};

static struct liveupdate_file_handler iommufd_luo_handler = {
	.ops = &iommufd_luo_ops,
	.compatible = IOMMUFD_LUO_FH_COMPATIBLE,
};

/**
 * iommufd_luo_ctx_file - The file of a context
 * @ictx: the context
 *
 * Return: the file, without a reference of its own.
 */
struct file *iommufd_luo_ctx_file(struct iommufd_ctx *ictx)
{
	return ictx->file;
}
EXPORT_SYMBOL_NS_GPL(iommufd_luo_ctx_file, "IOMMUFD");

static bool iommufd_luo_registered;

/* Called when iommufd is loaded, or at boot. */
void iommufd_luo_register(void)
{
	int rc = liveupdate_register_file_handler(&iommufd_luo_handler);

	iommufd_luo_registered = !rc;
	if (rc && rc != -EOPNOTSUPP)
		pr_warn("contexts can't be preserved: error %d\n", rc);
}

/* Called when iommufd is unloaded: no context is there, so none preserved. */
void iommufd_luo_unregister(void)
{
	if (iommufd_luo_registered)
		liveupdate_unregister_file_handler(&iommufd_luo_handler);
}

MODULE_ALIAS_LIVEUPDATE(IOMMUFD_LUO_FH_COMPATIBLE);
