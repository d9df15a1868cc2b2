// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* Regions of a VFIO device that are read and written: config space. */
#include <endian.h>
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "internal.h"

int co_region_info(int device, uint32_t index, struct vfio_region_info *info)
{
	struct vfio_region_info arg = { .argsz = sizeof(arg), .index = index };

	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &arg))
		return co_fail("GET_REGION_INFO %u of %s", index,
			       co_name(device).text);
	*info = arg;
	return 0;
}

int co_config_read(int device, unsigned int offset, void *value, size_t size)
{
	struct vfio_region_info info = { 0 };
	int ret = co_region_info(device, VFIO_PCI_CONFIG_REGION_INDEX, &info);
	ssize_t done;

	if (ret)
		return ret;
	done = pread(device, value, size, info.offset + offset);
	if (done != (ssize_t)size)
		return co_fail_as(done < 0 ? errno : EIO, "read config space of %s at 0x%x",
				  co_name(device).text, offset);
	return 0;
}

int co_config_write(int device, unsigned int offset, const void *value,
		    size_t size)
{
	struct vfio_region_info info = { 0 };
	int ret = co_region_info(device, VFIO_PCI_CONFIG_REGION_INDEX, &info);
	ssize_t done;

	if (ret)
		return ret;
	done = pwrite(device, value, size, info.offset + offset);
	if (done != (ssize_t)size)
		return co_fail_as(done < 0 ? errno : EIO, "write config space of %s at 0x%x",
				  co_name(device).text, offset);
	return 0;
}

int co_bus_master(int device, bool on)
{
	uint16_t command;
	int ret = co_config_read(device, PCI_COMMAND, &command,
				 sizeof(command));

	if (ret)
		return ret;
	command = le16toh(command) & ~PCI_COMMAND_MASTER;
	if (on)
		command |= PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY;
	command = htole16(command);
	return co_config_write(device, PCI_COMMAND, &command, sizeof(command));
}

int co_bus_master_get(int device)
{
	uint16_t command;
	int ret = co_config_read(device, PCI_COMMAND, &command,
				 sizeof(command));

	return ret ? ret : !!(le16toh(command) & PCI_COMMAND_MASTER);
}
