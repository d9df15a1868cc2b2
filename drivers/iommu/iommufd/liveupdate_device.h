/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of device.c that a live update needs. Included there once: struct
 * iommufd_attach is private to that file.
 */
#ifdef CONFIG_IOMMUFD_LIVEUPDATE
/**
 * iommufd_device_hwpt_id - What a device is attached to
 * @idev: the device
 *
 * Return: the ID of its HWPT, 0 when it is not attached.
 */
u32 iommufd_device_hwpt_id(struct iommufd_device *idev)
{
	struct iommufd_attach *attach;

	guard(mutex)(&idev->igroup->lock);
	attach = xa_load(&idev->igroup->pasid_attach, IOMMU_NO_PASID);
	return attach && attach->hwpt ? attach->hwpt->obj.id : 0;
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_hwpt_id, "IOMMUFD");

#endif
