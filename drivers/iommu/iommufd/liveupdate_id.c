// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which ID an object gets. In a context that was retrieved each has the one it
 * had; those of devices are reserved until the devices are bound again.
 */
#define pr_fmt(fmt) "iommufd: liveupdate: " fmt

#include <linux/export.h>
#include <linux/iommufd_liveupdate.h>
#include <linux/printk.h>

#include "iommufd_private.h"

void iommufd_luo_init(struct iommufd_ctx *ictx)
{
	xa_init(&ictx->lu.pending);
}

void iommufd_luo_destroy(struct iommufd_ctx *ictx)
{
	xa_destroy(&ictx->lu.pending);
}

/* The ID is reserved, or was, until it was given to an object that is gone. */
static int restored_id(struct iommufd_ctx *ictx, struct iommufd_object *obj)
{
	int rc;

	obj->id = ictx->lu.restore_id;
	rc = xa_insert(&ictx->objects, obj->id, XA_ZERO_ENTRY,
		       GFP_KERNEL_ACCOUNT);
	return rc == -EBUSY ? 0 : rc;
}

/*
 * An ID for a new object: the one that is being restored, or any that no device
 * waits for. One that was taken and is waited for is thereby reserved again.
 */
int iommufd_luo_alloc_id(struct iommufd_ctx *ictx, struct iommufd_object *obj)
{
	int rc;

	if (READ_ONCE(ictx->lu.restorer) == current)
		return restored_id(ictx, obj);
	/* Not between the two may the device come, or be given up. */
	xa_lock(&ictx->objects);
	do {
		rc = __xa_alloc(&ictx->objects, &obj->id, XA_ZERO_ENTRY,
				xa_limit_31b, GFP_KERNEL_ACCOUNT);
	} while (!rc && xa_load(&ictx->lu.pending, obj->id));
	xa_unlock(&ictx->objects);
	return rc;
}

/* The next object that this task makes gets the ID, which is reserved. */
void iommufd_luo_next_id(struct iommufd_ctx *ictx, u32 id)
{
	ictx->lu.restore_id = id;
	WRITE_ONCE(ictx->lu.restorer, current);
}

/* IDs are given out as usual again. */
void iommufd_luo_any_id(struct iommufd_ctx *ictx)
{
	WRITE_ONCE(ictx->lu.restorer, NULL);
}

/*
 * IDs of devices that were not retrieved are free again. Who gets one before it is
 * free leaves it reserved, who gets it later has it.
 */
void iommufd_luo_drop_pending(struct iommufd_ctx *ictx)
{
	unsigned long id;
	void *entry;

	xa_for_each(&ictx->lu.pending, id, entry) {
		xa_lock(&ictx->objects);
		xa_erase(&ictx->lu.pending, id);
		__xa_cmpxchg(&ictx->objects, id, XA_ZERO_ENTRY, NULL, 0);
		xa_unlock(&ictx->objects);
	}
}

/**
 * iommufd_luo_device_hwpt_id - What a device is attached to
 * @idev: the device
 *
 * Return: the ID of its HWPT, 0 when it is not attached.
 */
u32 iommufd_luo_device_hwpt_id(struct iommufd_device *idev)
{
	struct iommufd_attach *attach;

	guard(mutex)(&idev->igroup->lock);
	attach = xa_load(&idev->igroup->pasid_attach, IOMMU_NO_PASID);
	return attach && attach->hwpt ? attach->hwpt->obj.id : 0;
}
EXPORT_SYMBOL_NS_GPL(iommufd_luo_device_hwpt_id, "IOMMUFD");

/*
 * A table that an IOAS got by itself goes with the last device: it is there for
 * the next try, too, when the retrieve of the device fails.
 */
static int restore_hold(struct iommufd_ctx *ictx, u32 pt_id)
{
	struct iommufd_object *hwpt;

	ictx->lu.restore_hwpt = NULL;
	if (!pt_id)
		return 0;
	xa_lock(&ictx->objects);
	hwpt = xa_load(&ictx->objects, pt_id);
	if (hwpt && hwpt->type == IOMMUFD_OBJ_HWPT_PAGING) {
		refcount_inc(&hwpt->users);
		ictx->lu.restore_hwpt = hwpt;
	}
	xa_unlock(&ictx->objects);
	if (ictx->lu.restore_hwpt)
		return 0;
	pr_warn("the context has no page table %u\n", pt_id);
	return -EBADMSG;
}

/**
 * iommufd_luo_restore_begin - Bind the next device under the ID it had
 * @ictx:  a retrieved context
 * @id:    the device's ID
 * @sbdf:  PCI segment << 16 | bus << 8 | devfn of the device
 * @pt_id: ID of the HWPT that it will be attached to, 0 for none
 *
 * The next iommufd_device_bind() of this task gets the ID. When it is through,
 * iommufd_luo_restore_bound() must follow, and iommufd_luo_restore_end() in any case.
 *
 * Context: One device at a time: a file of the session is being retrieved.
 * Return: 0, or -EBADMSG when the context has no such device waiting, or no such
 *         HWPT.
 */
int iommufd_luo_restore_begin(struct iommufd_ctx *ictx, u32 id, u64 sbdf,
			      u32 pt_id)
{
	void *entry = xa_load(&ictx->lu.pending, id);
	int rc;

	if (!entry || xa_to_value(entry) != sbdf) {
		pr_warn("%04llx:%02x:%02x.%llu is not bound to the context as device %u\n",
			sbdf >> 16, (u8)(sbdf >> 8), (u8)sbdf >> 3, sbdf & 7,
			id);
		return -EBADMSG;
	}
	rc = restore_hold(ictx, pt_id);
	if (rc)
		return rc;
	iommufd_luo_next_id(ictx, id);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(iommufd_luo_restore_begin, "IOMMUFD");

/**
 * iommufd_luo_restore_bound - IDs are given out as usual again
 * @ictx: the context
 */
void iommufd_luo_restore_bound(struct iommufd_ctx *ictx)
{
	iommufd_luo_any_id(ictx);
}
EXPORT_SYMBOL_NS_GPL(iommufd_luo_restore_bound, "IOMMUFD");

/**
 * iommufd_luo_restore_end - Nobody waits for the device any more
 * @ictx: the context
 * @id:   the device's ID
 * @done: whether the device has it for good; otherwise it is unbound by now and
 *        the ID and the HWPT are kept for the next iommufd_luo_restore_begin()
 */
void iommufd_luo_restore_end(struct iommufd_ctx *ictx, u32 id, bool done)
{
	if (done)
		xa_erase(&ictx->lu.pending, id);
	/* Without a device it stays unclaimed, as it arrived. */
	if (ictx->lu.restore_hwpt)
		refcount_dec(&ictx->lu.restore_hwpt->users);
	ictx->lu.restore_hwpt = NULL;
}
EXPORT_SYMBOL_NS_GPL(iommufd_luo_restore_end, "IOMMUFD");
