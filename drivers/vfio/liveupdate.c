// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device files that come back from a live update.
 *
 * A device that the previous kernel left running is unclaimed until its file is
 * retrieved: opening it, by its own file or by its group, gives -EBUSY. The
 * retrieved file is bound and attached as it was, without the steps that would
 * disturb the device.
 *
 * Locking order: a session's mutex -> device lock -> dev_set->lock -> the gate
 * of the iommufd
 */
#include <linux/anon_inodes.h>
#include <linux/export.h>
#include <linux/file.h>
#include <linux/iommufd.h>
#include <linux/liveupdate_timeline.h>
#include <linux/pci.h>
#include <linux/pci_liveupdate.h>
#include <linux/vfio.h>
#include <linux/xarray.h>

#include "vfio.h"
#include "liveupdate.h"

static bool vfio_luo_unclaimed(struct vfio_device *device)
{
	return dev_is_pci(device->dev) &&
	       pci_liveupdate_incoming(to_pci_dev(device->dev));
}

/* Called when userspace opens the device, by its own file or by its group. */
int vfio_luo_check_open(struct vfio_device *device)
{
	return vfio_luo_unclaimed(device) ? -EBUSY : 0;
}

/* Devices that the administrator does not want to be carried over. */
static DEFINE_XARRAY(vfio_luo_out);

/**
 * vfio_luo_excluded - Has the administrator excluded the device?
 * @device: the device
 *
 * Return: whether 0 was written to its attribute "liveupdate".
 */
bool vfio_luo_excluded(struct vfio_device *device)
{
	return xa_load(&vfio_luo_out, (unsigned long)device);
}
EXPORT_SYMBOL_GPL(vfio_luo_excluded);

static ssize_t liveupdate_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	struct vfio_device *device = container_of(dev, struct vfio_device,
						  device);

	return sysfs_emit(buf, "%d\n", !vfio_luo_excluded(device));
}

/* Counts from the next PRESERVE_FD on; what is preserved stays so. */
static ssize_t liveupdate_store(struct device *dev,
				struct device_attribute *attr, const char *buf,
				size_t count)
{
	struct vfio_device *device = container_of(dev, struct vfio_device,
						  device);
	bool on;
	int err;

	err = kstrtobool(buf, &on);
	if (err)
		return err;
	if (on)
		xa_erase(&vfio_luo_out, (unsigned long)device);
	else
		err = xa_err(xa_store(&vfio_luo_out,
				      (unsigned long)device, xa_mk_value(1),
				      GFP_KERNEL));
	return err ?: count;
}
static DEVICE_ATTR_RW(liveupdate);

static struct attribute *vfio_luo_attrs[] = {
	&dev_attr_liveupdate.attr,
	NULL,
};
ATTRIBUTE_GROUPS(vfio_luo);

/*
 * A group can't be opened while a device file is in use. The file of an unclaimed
 * device counts as in use. The block has one owner: the
 * device while liveupdate_blocked is set, which the lock of the PCI device
 * protects, and then the file that was retrieved, which ends it when closed.
 */
static int vfio_luo_block(struct vfio_device *device)
{
	int ret;

	device_lock_assert(device->dev);

	if (device->liveupdate_blocked)
		return 0;
	ret = vfio_device_block_group(device);
	device->liveupdate_blocked = !ret;
	return ret;
}

/**
 * vfio_luo_unblock - Nobody will retrieve the device's file
 * @device: the device, incoming until now
 *
 * Context: The lock of @device->dev is held.
 */
void vfio_luo_unblock(struct vfio_device *device)
{
	device_lock_assert(device->dev);

	if (!device->liveupdate_blocked)
		return;
	device->liveupdate_blocked = false;
	vfio_device_unblock_group(device);
}
EXPORT_SYMBOL_GPL(vfio_luo_unblock);

/*
 * Called by the driver's probe before the device is there. Somebody may have
 * opened the group already: that does not give the device away, see
 * vfio_luo_check_open(), and is tried again when the file is retrieved.
 */
void vfio_luo_register(struct vfio_device *device)
{
	device->device.groups = vfio_luo_groups;
	if (!vfio_luo_unclaimed(device))
		return;
	if (vfio_luo_block(device))
		dev_warn(device->dev, "liveupdate: its group is open\n");
	liveupdate_stamp(LIVEUPDATE_PHASE_BOUND, "%s", dev_name(device->dev));
}

/* Called when the device goes, closed by now: undoes the above. */
void vfio_luo_unregister(struct vfio_device *device)
{
	xa_erase(&vfio_luo_out, (unsigned long)device);
	if (device->liveupdate_blocked)
		vfio_luo_unblock(device);
}

/**
 * vfio_luo_df - What stands behind a file
 * @file: any file
 *
 * Return: the opened device, or NULL when this is no VFIO device file.
 */
struct vfio_device_file *vfio_luo_df(struct file *file)
{
	return file->f_op == &vfio_device_fops ? file->private_data : NULL;
}
EXPORT_SYMBOL_GPL(vfio_luo_df);

/* What it is attached to is held: only iommufd's fault injection misses it. */
static int vfio_luo_attach(struct vfio_device *device, u32 pt_id)
{
	int ret = pt_id ? device->ops->attach_ioas(device, &pt_id) : 0;

	return ret == -ENOENT ? -ENOMEM : ret;
}

static int vfio_luo_restore(struct vfio_device_file *df,
			    const struct vfio_luo_bind *bind)
{
	struct vfio_device *device = df->device;
	int ret;

	ret = vfio_df_open(df);
	iommufd_luo_restore_bound(df->iommufd);
	if (ret)
		return ret;
	ret = vfio_luo_attach(device, bind->pt_id) ?:
	      bind->restore(device, bind->data);
	if (ret)
		vfio_df_close(df);
	return ret;
}

/* As vfio_df_ioctl_bind_iommufd() does, under the ID of before. */
static int vfio_luo_bind(struct vfio_device_file *df,
			 const struct vfio_luo_bind *bind)
{
	struct vfio_device *device = df->device;
	int ret;

	lockdep_assert_held(&device->dev_set->lock);

	ret = iommufd_luo_restore_begin(df->iommufd, bind->devid, bind->sbdf,
					bind->pt_id);
	if (ret)
		return ret;
	ret = vfio_luo_restore(df, bind);
	iommufd_luo_restore_end(df->iommufd, bind->devid, !ret);
	if (ret)
		return ret;
	device->cdev_opened = true;
	/* The file's from here on: it ends the block when it is closed. */
	device->liveupdate_blocked = false;
	/* Pairs with smp_load_acquire() in the file's operations */
	smp_store_release(&df->access_granted, true);
	return 0;
}

static struct file *vfio_luo_file(struct vfio_device_file *df)
{
	struct file *file;

	file = anon_inode_getfile("[vfio-device]", &vfio_device_fops, df,
				  O_RDWR);
	if (IS_ERR(file))
		return file;
	/* As vfio_device_fops_cdev_open() and vfio_device_open_file() do. */
	file->f_mode |= FMODE_PREAD | FMODE_PWRITE;
	file->f_mapping = df->device->inode->i_mapping;
	return file;
}

/**
 * vfio_luo_open - Open, bind and attach a device as it was
 * @device:  a device that is incoming
 * @iommufd: the retrieved iommufd
 * @bind:    how it was bound
 *
 * Context: The lock of @device->dev is held, which keeps the driver bound and
 *          protects the group's block. Takes dev_set->lock.
 * Return: the file, or an ERR_PTR; the device then is unclaimed as before,
 *         and its group blocked.
 */
struct file *vfio_luo_open(struct vfio_device *device,
			   struct file *iommufd,
			   const struct vfio_luo_bind *bind)
{
	struct vfio_device_file *df;
	struct file *file;
	int ret;

	ret = vfio_luo_block(device);
	if (ret) {
		dev_warn(device->dev, "liveupdate: its group is open\n");
		return ERR_PTR(ret);
	}
	if (!vfio_device_try_get_registration(device))
		return ERR_PTR(-ENODEV);
	df = vfio_allocate_device_file(device);
	if (IS_ERR(df)) {
		ret = PTR_ERR(df);
		goto err_registration;
	}
	df->iommufd = iommufd_ctx_from_file(iommufd);
	if (IS_ERR(df->iommufd)) {
		ret = PTR_ERR(df->iommufd);
		goto err_df;
	}
	/* A file that fails to bind below is closed like one never bound. */
	file = vfio_luo_file(df);
	if (IS_ERR(file)) {
		ret = PTR_ERR(file);
		goto err_ctx;
	}
	mutex_lock(&device->dev_set->lock);
	ret = vfio_luo_bind(df, bind);
	if (ret) {
		iommufd_ctx_put(df->iommufd);
		df->iommufd = NULL;
	}
	mutex_unlock(&device->dev_set->lock);
	if (ret) {
		fput(file);
		return ERR_PTR(ret);
	}
	return file;

err_ctx:
	iommufd_ctx_put(df->iommufd);
err_df:
	kfree(df);
err_registration:
	vfio_device_put_registration(device);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(vfio_luo_open);

MODULE_IMPORT_NS("IOMMUFD");
