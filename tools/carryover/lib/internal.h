/* SPDX-License-Identifier: (LGPL-2.1 OR MIT) */
/* What the files of the library share, and nobody else sees. */
#ifndef CO_INTERNAL_H
#define CO_INTERNAL_H

#include "carryover.h"

/* error.c */

/* Keep errno and the formatted name of the object; returns -errno. */
int co_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same for a failure that has no errno yet. */
int co_fail_as(int err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* file.c */

/* What kind of file is it: "memfd", "iommufd", "vfio", ... */
const char *co_fd_kind(int fd);

/* The first line of a small file, without the newline. */
int co_read_line(const char *path, char *line, size_t size);

/* Write a string to a file that exists. */
int co_write_line(const char *path, const char *line);

/* wait.c */

/* Ask again until the answer is not -EAGAIN; -ETIMEDOUT after 5 seconds. */
int co_wait(int (*ask)(const void *arg), const void *arg);

#endif /* CO_INTERNAL_H */
