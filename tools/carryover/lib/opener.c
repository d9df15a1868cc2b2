// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* Who has a file open, by way of /proc. */
#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define DEVICES	"/dev/vfio/devices/"
#define SYSPATH	"vfio-device-syspath: "

/* The file, and the device in sysfs if the file is a VFIO device's. */
struct wanted {
	const char *path;
	char syspath[PATH_MAX];
};

/* The file of a device that was retrieved has no path; its fdinfo names the device. */
static bool is_retrieved(const char *pid, const char *fd, const struct wanted *wanted)
{
	char path[600], line[PATH_MAX + sizeof(SYSPATH)];
	bool found = false;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%s/fdinfo/%s", pid, fd);
	in = fopen(path, "re");
	while (in && !found && fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = 0;
		found = !strncmp(line, SYSPATH, strlen(SYSPATH)) &&
			!strcmp(line + strlen(SYSPATH), wanted->syspath);
	}
	if (in)
		fclose(in);
	return found;
}

static bool has_open(const char *pid, const struct wanted *wanted)
{
	char path[300], target[512];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir))) {
		ssize_t len = readlinkat(dirfd(dir), entry->d_name, target,
					 sizeof(target) - 1);

		target[len < 0 ? 0 : len] = 0;
		found = !strcmp(target, wanted->path) ||
			(wanted->syspath[0] && !strcmp(target, "anon_inode:[vfio-device]") &&
			 is_retrieved(pid, entry->d_name, wanted));
	}
	if (dir)
		closedir(dir);
	return found;
}

static void find_device(struct wanted *wanted)
{
	char path[PATH_MAX];

	wanted->syspath[0] = 0;
	if (strncmp(wanted->path, DEVICES, strlen(DEVICES)))
		return;
	snprintf(path, sizeof(path), "/sys/class/vfio-dev/%s/device",
		 wanted->path + strlen(DEVICES));
	if (!realpath(path, wanted->syspath))
		wanted->syspath[0] = 0;
}

long co_opener(const char *path)
{
	struct wanted wanted = { .path = path };
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	long pid = 0;

	find_device(&wanted);
	while (dir && !pid && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    has_open(entry->d_name, &wanted))
			pid = strtol(entry->d_name, NULL, 10);
	if (dir)
		closedir(dir);
	return pid;
}
