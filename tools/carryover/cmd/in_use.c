// SPDX-License-Identifier: GPL-2.0-only
/* Devices of vfio-pci that are open. */
#include <dirent.h>
#include <string.h>

#include "carryover.h"
#include "host.h"
#include "in_use.h"
#include "internal.h"

void devices_in_use(void (*each)(void *arg, const char *bdf, long pid), void *arg)
{
	DIR *dir = opendir(host_path("/sys/bus/pci/drivers/vfio-pci"));
	struct dirent *entry;
	char path[64];
	long pid;

	while (dir && (entry = readdir(dir))) {
		/* Only addresses have colons. */
		if (!strchr(entry->d_name, ':') || co_device_path(entry->d_name, path, sizeof(path)))
			continue;
		pid = co_opener(path);
		if (pid)
			each(arg, entry->d_name, pid);
	}
	if (dir)
		closedir(dir);
}
