// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* Who has a file open, by way of /proc. */
#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

static bool has_open(const char *pid, const char *wanted)
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
		found = !strcmp(target, wanted);
	}
	if (dir)
		closedir(dir);
	return found;
}

long co_opener(const char *path)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	long pid = 0;

	while (dir && !pid && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    has_open(entry->d_name, path))
			pid = strtol(entry->d_name, NULL, 10);
	if (dir)
		closedir(dir);
	return pid;
}
