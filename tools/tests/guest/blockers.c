// SPDX-License-Identifier: GPL-2.0-only
/*
 * I4: a device file that cannot be carried is refused by PRESERVE_FD, with a
 * line in the log that says why, and VFIO_DEVICE_FEATURE says so beforehand.
 * Once the blocker is gone the same file is taken.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/vfio_liveupdate.h>

#include "disk.h"
#include "harness.h"
#include "blocker.h"
#include "rig.h"
#include "sysfs.h"

#define TOKEN	1

static void low_power_state(const struct disk *disk)
{
	const char *bdf = disk->mem->record.bdf;
	int device = disk->nvme.device;
	uint8_t cap, id = 0;
	uint16_t d3 = 3, d0 = 0;

	WORKS(co_config_read(device, PCI_CAPABILITY_LIST, &cap, 1));
	for (; cap; ) {
		WORKS(co_config_read(device, cap, &id, 1));
		if (id == PCI_CAP_ID_PM)
			break;
		WORKS(co_config_read(device, cap + 1, &cap, 1));
	}
	MUST(id == PCI_CAP_ID_PM);
	WORKS(co_config_write(device, cap + PCI_PM_CTRL, &d3, 2));
	blocker_refused(device, bdf, VFIO_LIVEUPDATE_POWER, "low power");
	WORKS(co_config_write(device, cap + PCI_PM_CTRL, &d0, 2));
	blocker_taken(device);
}

/* What the administrator says counts at once, and not for what is preserved. */
static void excluded(const struct rig *rig)
{
	const char *bdf = rig->note->bdf;
	int session = rig_session_create("excluded");
	char path[128], attribute[160];

	WORKS(co_device_path(bdf, path, sizeof(path)));
	snprintf(attribute, sizeof(attribute), "vfio-dev/%s/liveupdate",
		 basename(path));
	WORKS(sysfs_write(bdf, attribute, "0"));
	blocker_refused(rig->device, bdf, VFIO_LIVEUPDATE_EXCLUDED, "excluded");
	FAILS(sysfs_write(bdf, attribute, "maybe"), EINVAL);
	WORKS(sysfs_write(bdf, attribute, "1"));
	blocker_taken(rig->device);
	WORKS(co_session_preserve(session, rig->device, TOKEN));
	WORKS(sysfs_write(bdf, attribute, "0"));
	close(session);
	blocker_refused(rig->device, bdf, VFIO_LIVEUPDATE_EXCLUDED, "excluded");
	WORKS(sysfs_write(bdf, attribute, "1"));
}

static int open_group(const char *bdf, int *container)
{
	char path[64];
	int group;

	MUST(!sysfs_group(bdf, path, sizeof(path)));
	*container = open("/dev/vfio/vfio", O_RDWR);
	group = open(path, O_RDWR);
	MUST(*container >= 0 && group >= 0);
	MUST(!ioctl(group, VFIO_GROUP_SET_CONTAINER, container));
	MUST(!ioctl(*container, VFIO_SET_IOMMU, VFIO_NOIOMMU_IOMMU));
	return group;
}

static void opened_by_group(const char *bdf)
{
	int container, group, device;

	WORKS(co_pci_bind(bdf, "vfio-pci"));
	if (access("/dev/vfio/vfio", F_OK)) {
		test_say("no group: this kernel has none");
		return;
	}
	group = open_group(bdf, &container);
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, bdf);
	MUST(device >= 0);
	blocker_refused(device, bdf, VFIO_LIVEUPDATE_GROUP, "group");
	close(device);
	close(group);
	close(container);
}

int main(int argc, char **argv)
{
	char bdf[CO_BDF_SIZE];
	struct disk disk;
	struct rig rig;

	rig_edu(0, bdf);
	rig_open(&rig, bdf, TOKEN);
	if (argc > 1 && !strcmp(argv[1], "intx")) {
		blocker_refused(rig.device, bdf, VFIO_LIVEUPDATE_INTX, "INTx");
		rig_close(&rig);
		return test_result();
	}
	blocker_taken(rig.device);
	excluded(&rig);
	rig_close(&rig);
	opened_by_group(bdf);
	disk_open(&disk, -1, 0);
	blocker_taken(disk.nvme.device);
	low_power_state(&disk);
	close(disk.nvme.device);
	return test_result();
}
