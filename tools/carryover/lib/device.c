// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* VFIO devices: the character device, and its life with an iommufd. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/vfio_liveupdate.h>

#include "internal.h"

/* The only name in there that contains "vfio" is the device's. */
static int read_name(DIR *dir, char *path, size_t size)
{
	struct dirent *entry;

	while ((entry = readdir(dir))) {
		if (!strstr(entry->d_name, "vfio"))
			continue;
		snprintf(path, size, "/dev/vfio/devices/%s", entry->d_name);
		return 0;
	}
	return -ENODEV;
}

int co_device_path(const char *bdf, char *path, size_t size)
{
	char name[64];
	DIR *dir;
	int ret;

	snprintf(name, sizeof(name), "/sys/bus/pci/devices/%s/vfio-dev", bdf);
	dir = opendir(name);
	if (!dir)
		return co_fail_as(ENODEV, "VFIO device of %s", bdf);
	ret = read_name(dir, path, size);
	closedir(dir);
	return ret ? co_fail_as(ENODEV, "VFIO device of %s", bdf) : 0;
}

/*
 * While VFIO registers a device, its name is in sysfs before the node is there,
 * and the node before it opens. Who has no such device at all doesn't wait.
 */
static int try_open(const void *bdf)
{
	char path[64];
	int ret = co_device_path(bdf, path, sizeof(path));

	if (ret)
		return ret;
	ret = open(path, O_RDWR | O_CLOEXEC);
	if (ret >= 0)
		return ret;
	ret = co_fail("open %s of %s", path, (const char *)bdf);
	return ret == -ENODEV || ret == -ENOENT ? -EAGAIN : ret;
}

int co_device_open(const char *bdf)
{
	int ret = co_wait(try_open, bdf);

	return ret == -ETIMEDOUT ? co_fail_as(ENODEV, "open VFIO device of %s", bdf) : ret;
}

int co_device_bind(int device, int iommufd, uint32_t *device_id)
{
	struct vfio_device_bind_iommufd arg = {
		.argsz = sizeof(arg), .iommufd = iommufd,
	};

	if (ioctl(device, VFIO_DEVICE_BIND_IOMMUFD, &arg))
		return co_fail("BIND_IOMMUFD of %s to %s",
			       co_name(device).text, co_name(iommufd).text);
	*device_id = arg.out_devid;
	return 0;
}

int co_device_attach(int device, uint32_t *pt_id)
{
	struct vfio_device_attach_iommufd_pt arg = {
		.argsz = sizeof(arg), .pt_id = *pt_id,
	};

	if (ioctl(device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &arg))
		return co_fail("ATTACH_IOMMUFD_PT of %s to object %u",
			       co_name(device).text, *pt_id);
	*pt_id = arg.pt_id;
	return 0;
}

int co_device_detach(int device)
{
	struct vfio_device_detach_iommufd_pt arg = { .argsz = sizeof(arg) };

	return ioctl(device, VFIO_DEVICE_DETACH_IOMMUFD_PT, &arg) ?
		co_fail("DETACH_IOMMUFD_PT of %s", co_name(device).text) : 0;
}

static int feature(int device, uint32_t how,
		   struct vfio_device_feature_liveupdate *lu)
{
	struct {
		struct vfio_device_feature head;
		struct vfio_device_feature_liveupdate lu;
	} arg = {
		.head.argsz = sizeof(arg),
		.head.flags = how | VFIO_DEVICE_FEATURE_LIVEUPDATE,
		.lu = *lu,
	};

	if (ioctl(device, VFIO_DEVICE_FEATURE, &arg))
		return co_fail("FEATURE_LIVEUPDATE of %s", co_name(device).text);
	*lu = arg.lu;
	return 0;
}

int co_device_liveupdate(int device, uint32_t *flags, uint32_t *blocker)
{
	struct vfio_device_feature_liveupdate lu = { 0 };
	int ret = feature(device, VFIO_DEVICE_FEATURE_GET, &lu);

	if (!ret && flags)
		*flags = lu.flags;
	if (!ret && blocker)
		*blocker = lu.blocker;
	return ret;
}

int co_device_set_optional(int device, bool optional)
{
	struct vfio_device_feature_liveupdate lu = {
		.flags = optional ? VFIO_LIVEUPDATE_OPTIONAL : 0,
	};

	return feature(device, VFIO_DEVICE_FEATURE_SET, &lu);
}

int co_device_reset(int device)
{
	return ioctl(device, VFIO_DEVICE_RESET) ?
		co_fail("DEVICE_RESET of %s", co_name(device).text) : 0;
}
