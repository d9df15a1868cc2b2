// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* What a VFIO device says about itself. */
#include <sys/ioctl.h>

#include "helpers.h"
#include "internal.h"

int co_device_info(int device, struct vfio_device_info *info)
{
	struct vfio_device_info arg = { .argsz = sizeof(arg) };

	if (ioctl(device, VFIO_DEVICE_GET_INFO, &arg))
		return co_fail("DEVICE_GET_INFO of %s",
			       co_name(device).text);
	*info = arg;
	return 0;
}
