// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is refused, in A: what cannot be carried is refused by PRESERVE_FD, with
 * a line in the kernel log that names it. In B: a device that arrived and was
 * not claimed cannot be had by any other way than retrieving it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "disk.h"
#include "harness.h"
#include "log.h"
#include "rig.h"
#include "sysfs.h"

#define TOKEN		1

/* ---------------------------------------------------------------- kernel A */

/* A device that is not bound to an iommufd. */
static void unbound_device(void)
{
	int session = rig_session_create("refuse");
	char bdf[CO_BDF_SIZE];
	int log = log_open();
	int device;

	rig_edu(1, bdf);
	WORKS(co_pci_bind(bdf, "vfio-pci"));
	device = WORKS(co_device_open(bdf));
	FAILS(co_device_liveupdate(device, NULL, NULL), EINVAL);
	FAILS(co_session_preserve(session, device, TOKEN), EOPNOTSUPP);
	CHECK(log_has(log, (const char *[]){ bdf, NULL }));
	close(device);
	close(session);
	close(log);
}

static int before(void)
{
	char bdf[CO_BDF_SIZE];
	struct disk disk;
	struct rig rig;
	int session;

	rig_edu(0, bdf);
	rig_open(&rig, bdf, 10);
	unbound_device();
	rig_check(&rig);
	rig_close(&rig);

	disk_open(&disk, -1, 0);
	disk_fill(&disk, 60);
	session = rig_session_create("refuse");
	disk_preserve(&disk, session, TOKEN);
	rig_linger();
	return test_result();
}

/* ---------------------------------------------------------------- kernel B */

static void by_path(const char *bdf)
{
	FAILS(co_device_open(bdf), EBUSY);
}

static void by_group(const char *bdf)
{
	char path[64];
	int fd;

	if (sysfs_group(bdf, path, sizeof(path))) {
		test_say("no group: this kernel has none for no-IOMMU");
		return;
	}
	errno = 0;
	fd = open(path, O_RDWR);
	CHECK(fd < 0 && errno == EBUSY);
	if (fd >= 0)
		close(fd);
}

static void by_driver(const char *bdf)
{
	char now[64];

	CHECK(co_pci_bind(bdf, "nvme") < 0);
	WORKS(co_pci_driver(bdf, now, sizeof(now)));
	CHECK(strcmp(now, "nvme"));
	CHECK(rig_master(bdf));
}

/* Nothing of all that has changed the device or what can be done with it. */
static int after(void)
{
	int session = rig_session_retrieve("refuse");
	char bdf[CO_BDF_SIZE], now[64];
	struct disk disk;

	disk_find(bdf);
	WORKS(co_pci_driver(bdf, now, sizeof(now)));
	CHECK(strcmp(now, "nvme"));
	by_driver(bdf);
	WORKS(co_pci_bind(bdf, "vfio-pci"));
	by_path(bdf);
	by_group(bdf);
	by_driver(bdf);
	disk_retrieve(&disk, session, TOKEN, -1);
	disk_check(&disk);
	disk_drain(&disk);
	rig_session_finish(session);
	disk_fill(&disk, 4);
	disk_drain(&disk);
	disk_close(&disk);

	/* Given back, it is a device like any other. */
	WORKS(co_pci_bind(bdf, "nvme"));
	return test_result();
}

int main(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[1], "after") ? after() : before();
}
