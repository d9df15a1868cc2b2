// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that a live update may leave behind, and contexts with no others.
 */
#include <linux/export.h>
#include <linux/iommufd_liveupdate.h>

#include "iommufd_private.h"

/**
 * iommufd_luo_device_set_optional - May a live update leave the device behind?
 * @idev:     the device
 * @optional: when it can't be carried the live update goes on
 *
 * Context: Any; also while the device is preserved.
 */
void iommufd_luo_device_set_optional(struct iommufd_device *idev, bool optional)
{
	WRITE_ONCE(idev->gate.optional, optional);
}
EXPORT_SYMBOL_NS_GPL(iommufd_luo_device_set_optional, "IOMMUFD");

/**
 * iommufd_luo_device_is_optional - What iommufd_luo_device_set_optional() said last
 * @idev: the device
 *
 * Return: false for a device that was not declared optional.
 */
bool iommufd_luo_device_is_optional(struct iommufd_device *idev)
{
	return READ_ONCE(idev->gate.optional);
}
EXPORT_SYMBOL_NS_GPL(iommufd_luo_device_is_optional, "IOMMUFD");

/**
 * iommufd_luo_ctx_is_optional - May a live update leave the context behind?
 * @ictx: the context
 *
 * Return: true for a context with devices when all of them are optional.
 */
bool iommufd_luo_ctx_is_optional(struct iommufd_ctx *ictx)
{
	struct iommufd_object *obj;
	struct iommufd_device *idev;
	bool optional = false;
	unsigned long id;

	xa_lock(&ictx->objects);
	xa_for_each(&ictx->objects, id, obj) {
		if (obj->type != IOMMUFD_OBJ_DEVICE)
			continue;
		idev = container_of(obj, struct iommufd_device, obj);
		optional = iommufd_luo_device_is_optional(idev);
		if (!optional)
			break;
	}
	xa_unlock(&ictx->objects);
	return optional;
}
