// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate of a context: whatever changes it passes here, and nothing passes
 * while the context is preserved.
 *
 * The ioctl dispatcher and the calls of drivers that bind devices hold the gate
 * for reading while they work. Shutting it takes it for writing, and so waits
 * for those that are inside; later ones get -EBUSY. Operations are taken to
 * change the context unless they are listed here as only reading.
 */
#include <linux/export.h>

#include "iommufd_private.h"
#include "iommufd_test.h"

void iommufd_liveupdate_init(struct iommufd_ctx *ictx)
{
	init_rwsem(&ictx->lu.gate);
	xa_init(&ictx->lu.kept);
	xa_init(&ictx->lu.pending);
}

void iommufd_liveupdate_destroy(struct iommufd_ctx *ictx)
{
	xa_destroy(&ictx->lu.kept);
	xa_destroy(&ictx->lu.pending);
}

/**
 * iommufd_gate_enter - Begin a change of the context
 * @ictx: the context
 *
 * Return: 0, then iommufd_gate_leave() must follow in the same task; -EBUSY
 *         when the context is preserved for a live update.
 */
int iommufd_gate_enter(struct iommufd_ctx *ictx)
{
	down_read(&ictx->lu.gate);
	if (!ictx->lu.shut)
		return 0;
	up_read(&ictx->lu.gate);
	return -EBUSY;
}
EXPORT_SYMBOL_NS_GPL(iommufd_gate_enter, "IOMMUFD");

/**
 * iommufd_gate_leave - End a change of the context
 * @ictx: the context
 */
void iommufd_gate_leave(struct iommufd_ctx *ictx)
{
	up_read(&ictx->lu.gate);
}
EXPORT_SYMBOL_NS_GPL(iommufd_gate_leave, "IOMMUFD");

/**
 * iommufd_device_gate_enter - Begin a change of a device's attachment
 * @idev: the device
 *
 * Return: 0, then iommufd_device_gate_leave() must follow in the same task;
 *         -EBUSY when the device or its context is preserved.
 */
int iommufd_device_gate_enter(struct iommufd_device *idev)
{
	int rc = iommufd_gate_enter(idev->ictx);

	if (!rc && xa_load(&idev->ictx->lu.kept, idev->obj.id)) {
		iommufd_gate_leave(idev->ictx);
		rc = -EBUSY;
	}
	return rc;
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_gate_enter, "IOMMUFD");

/**
 * iommufd_device_gate_leave - End a change of a device's attachment
 * @idev: the device
 */
void iommufd_device_gate_leave(struct iommufd_device *idev)
{
	iommufd_gate_leave(idev->ictx);
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_gate_leave, "IOMMUFD");

static bool iommufd_ioctl_passes(struct iommufd_ucmd *ucmd, unsigned int cmd)
{
	switch (cmd) {
#ifdef CONFIG_IOMMUFD_TEST
	/* Does as drivers do, and what they call has the gate. */
	case IOMMU_TEST_CMD:
#endif
	case IOMMU_GET_HW_INFO:
	case IOMMU_IOAS_GET_FILE:
	case IOMMU_IOAS_IOVA_RANGES:
	case IOMMU_IOAS_NOIOMMU_GET_PA:
		return true;
	case IOMMU_OPTION:
		return ((struct iommu_option *)ucmd->cmd)->op ==
		       IOMMU_OPTION_OP_GET;
	default:
		return false;
	}
}

/* The context whose gate a call has to go through; NULL for none. */
struct iommufd_ctx *iommufd_gate_ioctl(struct iommufd_ucmd *ucmd,
				       unsigned int cmd)
{
	return iommufd_ioctl_passes(ucmd, cmd) ? NULL : ucmd->ictx;
}

/*
 * An ID for a new object: the one that is being restored, which is reserved in
 * the xarray already, or any.
 */
int iommufd_alloc_id(struct iommufd_ctx *ictx, struct iommufd_object *obj)
{
	if (READ_ONCE(ictx->lu.restorer) == current) {
		obj->id = ictx->lu.restore_id;
		return 0;
	}
	return xa_alloc(&ictx->objects, &obj->id, XA_ZERO_ENTRY, xa_limit_31b,
			GFP_KERNEL_ACCOUNT);
}
