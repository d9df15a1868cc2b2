/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __VFIO_LIVEUPDATE_H__
#define __VFIO_LIVEUPDATE_H__

#include <linux/iommufd_liveupdate.h>
#include <linux/vfio.h>

struct file;
struct vfio_device_file;

/**
 * struct vfio_luo_bind - how a device file was bound
 * @devid: ID of the device in its iommufd
 * @pt_id: ID of the HWPT it is attached to, 0 when it is not
 * @sbdf:  PCI segment << 16 | bus << 8 | devfn
 * @restore: called when the device is open and attached, with dev_set->lock
 *           held: gives it its state back
 * @data:  for @restore
 */
struct vfio_luo_bind {
	u32 devid;
	u32 pt_id;
	u64 sbdf;
	int (*restore)(struct vfio_device *device, const void *data);
	const void *data;
};

#ifdef CONFIG_VFIO_PCI_LIVEUPDATE
int vfio_luo_check_open(struct vfio_device *device);
void vfio_luo_register(struct vfio_device *device);
void vfio_luo_unregister(struct vfio_device *device);
void vfio_luo_unblock(struct vfio_device *device);
bool vfio_luo_excluded(struct vfio_device *device);

struct vfio_device_file *vfio_luo_df(struct file *file);
struct file *vfio_luo_open(struct vfio_device *device,
			   struct file *iommufd,
			   const struct vfio_luo_bind *bind);
#else
static inline int vfio_luo_check_open(struct vfio_device *device)
{
	return 0;
}

static inline void vfio_luo_register(struct vfio_device *device) { }
static inline void vfio_luo_unregister(struct vfio_device *device) { }
#endif

#if IS_ENABLED(CONFIG_VFIO_DEVICE_CDEV)
static inline struct vfio_device *
vfio_luo_change_begin(struct vfio_device *device)
{
	struct iommufd_device *gate;

	mutex_lock(&device->dev_set->lock);
	gate = iommufd_luo_gate_device(device->iommufd_device);
	if (!IS_ERR(gate))
		return device;
	mutex_unlock(&device->dev_set->lock);
	return ERR_CAST(gate);
}

static inline void vfio_luo_change_end(struct vfio_device *device)
{
	if (IS_ERR(device))
		return;
	iommufd_luo_gate_device_end(device->iommufd_device);
	mutex_unlock(&device->dev_set->lock);
}

/*
 * CLASS(vfio_luo_change, change)(device): a change of the attachment, with
 * dev_set->lock held until the end of the scope; or an ERR_PTR(-EBUSY) without it.
 */
DEFINE_CLASS(vfio_luo_change, struct vfio_device *, vfio_luo_change_end(_T),
	     vfio_luo_change_begin(device), struct vfio_device *device)
#endif
#endif
