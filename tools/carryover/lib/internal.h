/* SPDX-License-Identifier: (LGPL-2.1 OR MIT) */
/* What the files of the library share, and nobody else sees. */
#ifndef CO_INTERNAL_H
#define CO_INTERNAL_H

#include <stdio.h>

#include <linux/iommufd.h>
#include <linux/vfio.h>

#include "carryover.h"

/* error.c */

/* Keep errno and the formatted name of the object; returns -errno. */
int co_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same for a failure that has no errno yet. */
int co_fail_as(int err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* file.c */

/**
 * struct co_name - what a file descriptor is called in messages
 * @text: such as "session disk (fd 4)" or "device 0000:00:03.0 (fd 5)"
 */
struct co_name {
	char text[128];
};

/* Leaves errno alone, so that it can be an argument of co_fail(). */
struct co_name co_name(int fd);

/* The first line of a small file, without the newline. */
int co_read_line(const char *path, char *line, size_t size);

/* Write a string to a file that exists. */
int co_write_line(const char *path, const char *line);

/* opener.c */

/* A process that has the file open, as far as /proc tells; 0 if none is seen. */
long co_opener(const char *path);

/* region.c */

/* Size, offset and flags of a region of a device; capabilities are not fetched. */
int co_region_info(int device, uint32_t index, struct vfio_region_info *info);

/* wait.c */

/* Ask again until the answer is not -EAGAIN; -ETIMEDOUT after @timeout ms, unless it is -1. */
int co_wait_for(int (*ask)(const void *arg), const void *arg, int timeout);

/* The same, for 5 seconds. */
int co_wait(int (*ask)(const void *arg), const void *arg);

#endif /* CO_INTERNAL_H */
