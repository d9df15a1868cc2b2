/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine as /proc and /sys show it, and sizes. */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stddef.h>

/* A folder to see as the root folder, or "". Set once, before the first look. */
extern const char *host_root;

/* So many bytes of it leave room for any path below. */
#define HOST_ROOT_MAX	255

/* "path below host_root", in one of a few buffers that are used in turn. */
const char *host_path(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

/* A whole small file as text, without the last newline; NULL if it cannot be read. */
char *host_read(const char *path);

/* The whole of a file, its size in @size; NULL with errno. To be freed. */
unsigned char *host_read_all(const char *path, size_t *size);

/* The same of a file that is open. @step is told how much there is of it so far, or NULL. */
unsigned char *host_read_fd(int fd, size_t *size, void (*step)(size_t used));

/* Bytes of a line of /proc/meminfo, 0 if it is not there. */
unsigned long long host_meminfo(const char *name);

/* Is there such a path? */
bool host_has(const char *path);

/* "12K", "3M", "1G" or bytes, as kernel and user write it; 0 if it is none. */
unsigned long long size_value(const char *text);

/* A process ID, 0 if it is none. */
int pid_value(const char *text);

/* The size that @text begins with, 0 if none; what follows it in @end, unless NULL. */
unsigned long long size_prefix(const char *text, char **end);

/* A size for people, in one of a few buffers that are used in turn. */
const char *size_text(unsigned long long bytes);

#endif /* HOST_H */
