// SPDX-License-Identifier: GPL-2.0-only
/*
 * I1, I4: nothing the administrator does by way of sysfs takes a device from
 * under those who will claim it, or lets it write into memory of others.
 *
 * The disk goes on reading all the time; at the end it has lost nothing. In A
 * the device is preserved, in B it runs and is nobody's.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "canary.h"
#include "disk.h"
#include "harness.h"
#include "rig.h"
#include "sysfs.h"

#define TOKEN		1
#define BUSY		60u
#define READS_MS	1500	/* some reads come within this time */

/* The same in both kernels: what would stop the device gives EBUSY. */
static void refuses(const char *bdf)
{
	FAILS(sysfs_write(bdf, "remove", "1"), EBUSY);
	FAILS(sysfs_write(bdf, "reset", "1"), EBUSY);
	FAILS(sysfs_write(bdf, "enable", "0"), EBUSY);
	SAME(sysfs_present(bdf), 0);
	CHECK(rig_master(bdf));
}

static void bridge_refuses(const char *bdf)
{
	char bridge[CO_BDF_SIZE];

	sysfs_parent(bdf, bridge);
	if (!*bridge) {
		test_say("on the root bus, no bridge to try");
		return;
	}
	WORKS(sysfs_write(bridge, "power/control", "auto"));
	FAILS(sysfs_write(bridge, "remove", "1"), EBUSY);
	FAILS(sysfs_write(bridge, "reset_subordinate", "1"), EBUSY);
	CHECK(rig_master(bridge));
	CHECK(rig_master(bdf));
}

static int before(void)
{
	int session = rig_session_create("sysfs");
	struct disk disk;

	disk_open(&disk, -1, 0);
	disk_fill(&disk, BUSY);
	disk_preserve(&disk, session, TOKEN);
	refuses(disk.mem->record.bdf);
	bridge_refuses(disk.mem->record.bdf);
	rig_linger();
	return test_result();
}

static void rescan(const char *bdf)
{
	char bridge[CO_BDF_SIZE];

	WORKS(file_write("/sys/bus/pci/rescan", "1"));
	WORKS(sysfs_write(bdf, "rescan", "1"));
	sysfs_parent(bdf, bridge);
	if (*bridge)
		WORKS(sysfs_write(bridge, "rescan", "1"));
	CHECK(rig_master(bdf));
}

static void no_driver_but_ours(const char *bdf)
{
	char now[64];

	WORKS(sysfs_write(bdf, "driver_override", "nvme"));
	CHECK(file_write("/sys/bus/pci/drivers/nvme/bind", bdf) < 0);
	file_write("/sys/bus/pci/drivers_probe", bdf);
	WORKS(sysfs_write(bdf, "driver_override", "\n"));
	CHECK(file_write("/sys/bus/pci/drivers/nvme/bind", bdf) < 0);
	file_write("/sys/bus/pci/drivers_probe", bdf);
	file_write("/sys/bus/pci/drivers/nvme/new_id", "1b36 0010");
	WORKS(co_pci_driver(bdf, now, sizeof(now)));
	CHECK(strcmp(now, "nvme"));
	CHECK(rig_master(bdf));
}

/* Bound and unbound again and again, and with runtime PM let loose. */
static void our_driver_comes_and_goes(const char *bdf)
{
	for (int i = 0; i < 3; i++) {
		WORKS(co_pci_bind(bdf, "vfio-pci"));
		WORKS(sysfs_write(bdf, "power/control", "auto"));
		refuses(bdf);
		WORKS(co_pci_unbind(bdf));
		WORKS(sysfs_write(bdf, "power/control", "auto"));
		refuses(bdf);
	}
}

/* The disk has work left for all the time that the canary sits there. */
static void watch_canary(void)
{
	canary_take();
	rig_sleep_ms(READS_MS);
	SAME(canary_release(), 0);
}

static int after(void)
{
	int session = rig_session_retrieve("sysfs");
	char bdf[CO_BDF_SIZE];
	struct disk disk;

	disk_find(bdf);
	refuses(bdf);
	bridge_refuses(bdf);
	rescan(bdf);
	no_driver_but_ours(bdf);
	our_driver_comes_and_goes(bdf);
	rescan(bdf);
	watch_canary();
	WORKS(co_pci_bind(bdf, "vfio-pci"));
	disk_retrieve(&disk, session, TOKEN, -1);
	disk_check(&disk);
	disk_drain(&disk);
	rig_session_finish(session);
	disk_close(&disk);

	/* Given back, it is a device like any other. */
	WORKS(co_pci_unbind(bdf));
	WORKS(sysfs_write(bdf, "reset", "1"));
	WORKS(sysfs_write(bdf, "remove", "1"));
	SAME(sysfs_present(bdf), -ENOENT);
	WORKS(file_write("/sys/bus/pci/rescan", "1"));
	SAME(sysfs_present(bdf), 0);
	return test_result();
}

int main(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[1], "after") ? after() : before();
}
