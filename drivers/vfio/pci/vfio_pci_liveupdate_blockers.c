// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether a device file can be carried over a live update, and why not.
 */
#include <linux/export.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pci_liveupdate.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>

#include "../vfio.h"
#include "../liveupdate.h"
#include "vfio_pci_liveupdate.h"

static const char * const reasons[] = {
	[VFIO_LIVEUPDATE_GROUP]    = "it was opened by its group",
	[VFIO_LIVEUPDATE_UNBOUND]  = "it is not bound to an iommufd",
	[VFIO_LIVEUPDATE_DRIVER]   = "its driver is not vfio-pci",
	[VFIO_LIVEUPDATE_IOMMU]    = "it has an IOMMU",
	[VFIO_LIVEUPDATE_PASID]    = "it has PASIDs attached",
	[VFIO_LIVEUPDATE_VF]       = "it is a virtual function",
	[VFIO_LIVEUPDATE_HAS_VFS]  = "it has virtual functions",
	[VFIO_LIVEUPDATE_POWER]    = "it is in a low power state",
	[VFIO_LIVEUPDATE_DMABUF]   = "its memory is exported as a dma-buf",
	[VFIO_LIVEUPDATE_REGIONS]  = "it has regions of its own kind",
	[VFIO_LIVEUPDATE_ZPCI]     = "it is a zPCI device",
	[VFIO_LIVEUPDATE_INTX]     = "its INTx can't be masked in the device",
	[VFIO_LIVEUPDATE_EXCLUDED] = "it is excluded in sysfs",
	[VFIO_LIVEUPDATE_GOING]    = "its driver is being unbound",
	[VFIO_LIVEUPDATE_BEHIND]   = "it is behind a device that is stopped, as Intel's VMD",
	[VFIO_LIVEUPDATE_HOST]     = "the driver of its host bridge does not leave the bus running",
};

/**
 * vfio_pci_luo_reason - A blocker in words
 * @blocker: not VFIO_LIVEUPDATE_OK
 *
 * Return: the predicate of a sentence about the device.
 */
const char *vfio_pci_luo_reason(enum vfio_liveupdate_blocker blocker)
{
	return reasons[blocker];
}
EXPORT_SYMBOL_GPL(vfio_pci_luo_reason);

static enum vfio_liveupdate_blocker bus_blocker(struct pci_dev *pdev)
{
	switch (pci_liveupdate_blocker(pdev)) {
	case PCI_LIVEUPDATE_BEHIND_DEVICE:
		return VFIO_LIVEUPDATE_BEHIND;
	case PCI_LIVEUPDATE_HOST_STOPS:
		return VFIO_LIVEUPDATE_HOST;
	default:
		return VFIO_LIVEUPDATE_OK;
	}
}

static enum vfio_liveupdate_blocker
function_blocker(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;

	if (pdev->is_virtfn)
		return VFIO_LIVEUPDATE_VF;
	if (pci_num_vf(pdev))
		return VFIO_LIVEUPDATE_HAS_VFS;
	if (pdev->current_state != PCI_D0 || vdev->pm_runtime_engaged)
		return VFIO_LIVEUPDATE_POWER;
	if (!list_empty(&vdev->dmabufs))
		return VFIO_LIVEUPDATE_DMABUF;
	if (IS_ENABLED(CONFIG_S390))
		return VFIO_LIVEUPDATE_ZPCI;
	if (vdev->num_regions)
		return VFIO_LIVEUPDATE_REGIONS;
	/* It would fall back to INTx when enumeration turns its MSI off. */
	if (pdev->pin && !vdev->pci_2_3 && !vdev->nointx)
		return VFIO_LIVEUPDATE_INTX;
	return bus_blocker(pdev);
}

static enum vfio_liveupdate_blocker device_blocker(struct vfio_device *device)
{
	if (!dev_is_pci(device->dev) || strcmp(device->ops->name, "vfio-pci"))
		return VFIO_LIVEUPDATE_DRIVER;
	if (!vfio_device_is_noiommu(device))
		return VFIO_LIVEUPDATE_IOMMU;
	if (!ida_is_empty(&device->pasids))
		return VFIO_LIVEUPDATE_PASID;
	/*
	 * Who removes it holds its lock and waits for the file to be closed. The
	 * session keeps the file, and reboot() waits for the lock.
	 */
	if (!device_is_registered(&device->device))
		return VFIO_LIVEUPDATE_GOING;
	return function_blocker(vfio_pci_luo_vdev(device));
}

/**
 * vfio_pci_luo_blocker - What keeps a file from being preserved
 * @df: the file's
 *
 * Context: dev_set->lock is held.
 * Return: the first blocker; VFIO_LIVEUPDATE_OK when there is none. Whether
 *         the device is excluded is not looked at.
 */
enum vfio_liveupdate_blocker
vfio_pci_luo_blocker(struct vfio_device_file *df)
{
	lockdep_assert_held(&df->device->dev_set->lock);

	if (df->group)
		return VFIO_LIVEUPDATE_GROUP;
	if (!df->access_granted || !df->device->iommufd_device)
		return VFIO_LIVEUPDATE_UNBOUND;
	return device_blocker(df->device);
}
EXPORT_SYMBOL_GPL(vfio_pci_luo_blocker);

/*
 * Asked through a file that is in use; one opened by its group has no
 * iommufd_device of a cdev.
 */
static enum vfio_liveupdate_blocker
feature_blocker(struct vfio_pci_core_device *vdev)
{
	struct vfio_device *device = &vdev->vdev;

	guard(mutex)(&device->dev_set->lock);
	if (!device->cdev_opened)
		return VFIO_LIVEUPDATE_GROUP;
	if (vfio_luo_excluded(device))
		return VFIO_LIVEUPDATE_EXCLUDED;
	return device_blocker(device);
}

static bool is_optional(struct vfio_device *device)
{
	guard(mutex)(&device->dev_set->lock);
	return device->iommufd_device &&
	       iommufd_luo_device_is_optional(device->iommufd_device);
}

static int get_feature(struct vfio_pci_core_device *vdev, void __user *arg)
{
	struct vfio_device_feature_liveupdate lu = {};

	lu.blocker = feature_blocker(vdev);
	if (lu.blocker == VFIO_LIVEUPDATE_OK)
		lu.flags = VFIO_LIVEUPDATE_PRESERVABLE |
			   VFIO_LIVEUPDATE_NO_RESET |
			   VFIO_LIVEUPDATE_RUNNING_DMA |
			   VFIO_LIVEUPDATE_ATTACHED;
	if (is_optional(&vdev->vdev))
		lu.flags |= VFIO_LIVEUPDATE_OPTIONAL;
	return copy_to_user(arg, &lu, sizeof(lu)) ? -EFAULT : 0;
}

static int set_feature(struct vfio_device *device, void __user *arg)
{
	struct vfio_device_feature_liveupdate lu;

	if (copy_from_user(&lu, arg, sizeof(lu)))
		return -EFAULT;
	if (lu.flags & ~VFIO_LIVEUPDATE_OPTIONAL || lu.blocker)
		return -EINVAL;
	guard(mutex)(&device->dev_set->lock);
	if (!device->cdev_opened || !device->iommufd_device)
		return -EOPNOTSUPP;
	iommufd_luo_device_set_optional(device->iommufd_device,
					lu.flags & VFIO_LIVEUPDATE_OPTIONAL);
	return 0;
}

static int liveupdate_feature(struct vfio_pci_core_device *vdev, u32 flags,
			      void __user *arg, size_t argsz)
{
	int ret;

	ret = vfio_check_feature(flags, argsz, VFIO_DEVICE_FEATURE_GET |
				 VFIO_DEVICE_FEATURE_SET,
				 sizeof(struct vfio_device_feature_liveupdate));
	if (ret != 1)
		return ret;
	if (flags & VFIO_DEVICE_FEATURE_SET)
		return set_feature(&vdev->vdev, arg);
	return get_feature(vdev, arg);
}

static bool is_frozen(struct vfio_pci_core_device *vdev)
{
	guard(rwsem_read)(&vdev->memory_lock);
	return vfio_pci_luo_shut(vdev);
}

/**
 * vfio_pci_luo_ioctl_feature - VFIO_DEVICE_FEATURE of vfio-pci
 * @device: the device
 * @flags:  of struct vfio_device_feature
 * @arg:    its data
 * @argsz:  bytes at @arg
 *
 * Return: 0 or an errno, as vfio_pci_core_ioctl_feature() gives for all features
 *         but VFIO_DEVICE_FEATURE_LIVEUPDATE.
 */
int vfio_pci_luo_ioctl_feature(struct vfio_device *device, u32 flags,
			       void __user *arg, size_t argsz)
{
	int ret;

	if ((flags & VFIO_DEVICE_FEATURE_MASK) == VFIO_DEVICE_FEATURE_LIVEUPDATE)
		return liveupdate_feature(vfio_pci_luo_vdev(device), flags, arg,
					  argsz);
	ret = vfio_pci_core_ioctl_feature(device, flags, arg, argsz);
	/* The base has one error for all that keeps a device from sleeping. */
	return ret == -EINVAL && is_frozen(vfio_pci_luo_vdev(device)) ? -EBUSY :
									ret;
}
EXPORT_SYMBOL_GPL(vfio_pci_luo_ioctl_feature);

MODULE_IMPORT_NS("IOMMUFD");
