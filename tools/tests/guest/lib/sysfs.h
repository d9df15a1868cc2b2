/* SPDX-License-Identifier: GPL-2.0-only */
/* Attributes of PCI devices in sysfs. */
#ifndef SYSFS_H
#define SYSFS_H

#include <stddef.h>

/* Write to an attribute of a device. 0 or -errno. */
int sysfs_write(const char *bdf, const char *attribute, const char *text);

/* Write to any file. 0 or -errno. */
int file_write(const char *path, const char *text);

/* Is the device there? 0 or -ENOENT. */
int sysfs_present(const char *bdf);

/* The device above this one, or "" if it is on a root bus. */
void sysfs_parent(const char *bdf, char parent[]);

/* The file below /dev/vfio of a noiommu device's group. 0 or -ENOENT. */
int sysfs_group(const char *bdf, char path[], size_t size);

#endif /* SYSFS_H */
