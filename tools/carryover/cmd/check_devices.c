// SPDX-License-Identifier: GPL-2.0-only
/* The devices: what PRESERVE_FD would refuse, before somebody tries. */
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "carryover.h"
#include "check.h"
#include "host.h"
#include "internal.h"

#define DEVICES	"/sys/bus/pci/devices"
#define DRIVER	"/sys/bus/pci/drivers/vfio-pci"

/* The last part of where a link leads, "" if there is none. */
static void link_name(const char *path, char *name, size_t size)
{
	char target[512];
	ssize_t len = readlink(path, target, sizeof(target) - 1);
	const char *slash;

	target[len < 0 ? 0 : len] = 0;
	slash = strrchr(target, '/');
	snprintf(name, size, "%.63s", slash ? slash + 1 : target);
}

static void check_driver(struct report *report, const char *bdf)
{
	char driver[64], unbind[128] = "", remedy[320];

	link_name(host_path(DEVICES "/%s/driver", bdf), driver, sizeof(driver));
	if (!strcmp(driver, "vfio-pci")) {
		report_add(report, LEVEL_GOOD, "driver", bdf, NULL, "its driver is vfio-pci");
		return;
	}
	if (driver[0])
		snprintf(unbind, sizeof(unbind), "; echo %s >" DEVICES "/%s/driver/unbind", bdf, bdf);
	snprintf(remedy, sizeof(remedy),
		 "echo vfio-pci >" DEVICES "/%s/driver_override%s; echo %s >/sys/bus/pci/drivers_probe",
		 bdf, unbind, bdf);
	if (driver[0])
		report_add(report, LEVEL_FAIL, "driver", bdf, remedy,
			   "its driver is %s, not vfio-pci", driver);
	else
		report_add(report, LEVEL_FAIL, "driver", bdf, remedy,
			   "it has no driver, vfio-pci is needed");
}

/* VFIO makes a group of its own for a device without an IOMMU. */
static void check_iommu(struct report *report, const char *bdf)
{
	char *name = host_read(host_path(DEVICES "/%s/iommu_group/name", bdf));
	bool group = host_has(host_path(DEVICES "/%s/iommu_group", bdf));

	if (group && (!name || strcmp(name, "vfio-noiommu")))
		report_add(report, LEVEL_FAIL, "iommu", bdf,
			   "only devices without an IOMMU are kept: boot with intel_iommu=off or amd_iommu=off, or leave it out",
			   "it is behind an IOMMU");
	else
		report_add(report, LEVEL_GOOD, "iommu", bdf, NULL, "no IOMMU");
	free(name);
}

/*
 * A device nobody has open may sleep; opening wakes it. One that is open and
 * asleep is refused.
 */
static void check_power(struct report *report, const char *bdf)
{
	char *state = host_read(host_path(DEVICES "/%s/power_state", bdf));
	char remedy[128], path[64] = "";
	long pid = 0;

	snprintf(remedy, sizeof(remedy), "echo on >" DEVICES "/%s/power/control", bdf);
	if (!host_root[0] && !co_device_path(bdf, path, sizeof(path)))
		pid = co_opener(path);
	if (!state || !strcmp(state, "D0") || !strcmp(state, "unknown"))
		report_add(report, LEVEL_GOOD, "power", bdf, NULL, "it is in D0");
	else if (pid)
		report_add(report, LEVEL_FAIL, "power", bdf, remedy,
			   "process %ld has it open in %s: it cannot be preserved like that",
			   pid, state);
	else
		report_add(report, LEVEL_WARN, "power", bdf, remedy,
			   "it is in %s: it cannot be preserved until it is opened and in D0",
			   state);
	free(state);
}

static void check_reset(struct report *report, const char *bdf)
{
	char *methods = host_read(host_path(DEVICES "/%s/reset_method", bdf));

	if (methods && methods[0])
		report_add(report, LEVEL_GOOD, "reset", bdf, NULL, "it can be reset: %s",
			   methods);
	else
		report_add(report, LEVEL_NOTE, "reset", bdf, NULL,
			   "it cannot be reset: if nobody takes it back, Bus Master off is all that stops it");
	free(methods);
}

static void check_functions(struct report *report, const char *bdf)
{
	char *count = host_read(host_path(DEVICES "/%s/sriov_numvfs", bdf));
	char remedy[128];

	snprintf(remedy, sizeof(remedy), "echo 0 >" DEVICES "/%s/sriov_numvfs", bdf);
	if (host_has(host_path(DEVICES "/%s/physfn", bdf)))
		report_add(report, LEVEL_FAIL, "sriov", bdf, "use the physical function",
			   "it is a virtual function, and these are not kept");
	else if (count && strtoul(count, NULL, 10))
		report_add(report, LEVEL_FAIL, "sriov", bdf, remedy,
			   "it has %s virtual functions, and cannot be kept with them", count);
	free(count);
}

/* Somebody said that it is not to be carried. */
static void check_excluded(struct report *report, const char *bdf, const char *name)
{
	char *kept = host_read(host_path(DEVICES "/%s/vfio-dev/%s/liveupdate", bdf, name));
	char remedy[160];

	snprintf(remedy, sizeof(remedy), "echo 1 >" DEVICES "/%s/vfio-dev/%.40s/liveupdate", bdf, name);
	if (kept && kept[0] == '0')
		report_add(report, LEVEL_FAIL, "excluded", bdf, remedy,
			   "it was excluded from live updates, in sysfs");
	free(kept);
}

static void check_file(struct report *report, const char *bdf)
{
	DIR *dir = opendir(host_path(DEVICES "/%s/vfio-dev", bdf));
	struct dirent *entry;
	bool found = false, noiommu = false;

	while (dir && (entry = readdir(dir))) {
		if (!strstr(entry->d_name, "vfio"))
			continue;
		found = true;
		check_excluded(report, bdf, entry->d_name);
		noiommu |= !strncmp(entry->d_name, "noiommu-", 8);
	}
	if (dir)
		closedir(dir);
	if (found && !noiommu)
		report_add(report, LEVEL_FAIL, "device-file", bdf,
			   "switch on VFIO's no-IOMMU mode, then bind the device again",
			   "it has no file below /dev/vfio/devices for use without an IOMMU");
}

static bool is_address(const char *bdf)
{
	unsigned int domain, bus, slot, function;
	int used = 0;

	return sscanf(bdf, "%x:%x:%x.%x%n", &domain, &bus, &slot, &function, &used) == 4 &&
	       !bdf[used];
}

static void check_device(struct report *report, const char *bdf)
{
	if (!is_address(bdf) || !host_has(host_path(DEVICES "/%s", bdf))) {
		report_add(report, LEVEL_FAIL, "device", bdf,
			   "'ls " DEVICES "' shows those there are",
			   "there is no such PCI device");
		return;
	}
	check_driver(report, bdf);
	check_iommu(report, bdf);
	check_power(report, bdf);
	check_reset(report, bdf);
	check_functions(report, bdf);
	check_file(report, bdf);
}

/* All devices of vfio-pci; how many there are. */
static int check_bound(struct report *report)
{
	DIR *dir = opendir(host_path(DRIVER));
	struct dirent *entry;
	int count = 0;

	while (dir && (entry = readdir(dir)))
		if (is_address(entry->d_name)) {
			check_device(report, entry->d_name);
			count++;
		}
	if (dir)
		closedir(dir);
	return count;
}

void check_devices(struct report *report, const struct plan *plan)
{
	for (int i = 0; i < plan->device_count; i++)
		check_device(report, plan->devices[i]);
	if (!plan->device_count && !check_bound(report))
		report_add(report, LEVEL_NOTE, "device", NULL, NULL,
			   "no device was named and vfio-pci has none: no device was checked");
}
