// SPDX-License-Identifier: GPL-2.0-only
/* Attributes of PCI devices in sysfs. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "carryover.h"
#include "harness.h"
#include "sysfs.h"

#define DEVICES "/sys/bus/pci/devices"

int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

int sysfs_write(const char *bdf, const char *attribute, const char *text)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), DEVICES "/%s/%s", bdf, attribute);
	return file_write(path, text);
}

int sysfs_present(const char *bdf)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), DEVICES "/%s", bdf);
	return access(path, F_OK) ? -errno : 0;
}

void sysfs_parent(const char *bdf, char parent[])
{
	char path[PATH_MAX], *real, *end;

	snprintf(path, sizeof(path), DEVICES "/%s", bdf);
	real = realpath(path, NULL);
	MUST(real);
	end = strrchr(real, '/');
	*end = 0;
	end = strrchr(real, '/') + 1;
	strcpy(parent, strlen(end) == CO_BDF_SIZE - 1 ? end : "");
	free(real);
}

int sysfs_group(const char *bdf, char path[], size_t size)
{
	char link[PATH_MAX], target[PATH_MAX];
	ssize_t len;

	snprintf(link, sizeof(link), DEVICES "/%s/iommu_group", bdf);
	len = readlink(link, target, sizeof(target) - 1);
	if (len < 0)
		return -errno;
	target[len] = 0;
	len = snprintf(path, size, "/dev/vfio/noiommu-%s", basename(target));
	MUST(len < (ssize_t)size);
	return 0;
}
