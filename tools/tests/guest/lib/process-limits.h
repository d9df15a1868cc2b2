/* SPDX-License-Identifier: GPL-2.0-only */
/* Limits that the kernel puts on this process. */
#ifndef PROCESS_LIMITS_H
#define PROCESS_LIMITS_H

#include <stddef.h>

/*
 * From now on no more than so many bytes are locked or pinned. Gives up the
 * right to go beyond it.
 */
void limits_memlock(size_t bytes);

/* No limit, and the right to go beyond it, again. */
void limits_memlock_lift(void);

/*
 * From now on the whole system may not have one file more. Gives up the right to go
 * beyond that.
 */
void limits_files(void);

/* From now on without the right to have devices without an IOMMU. */
void limits_raw_io(void);

/* A cgroup for memory, below the root. 0 bytes: without a limit. */
void limits_group(const char *name, size_t bytes);

/* This process is in that cgroup from now on; "" is the root. */
void limits_enter(const char *name);

/* Write an attribute of the cgroup. 0 or -errno. */
int limits_write(const char *name, const char *attribute, const char *text);

/* A number of the cgroup's memory.events. */
long long limits_events(const char *name, const char *event);

#endif /* PROCESS_LIMITS_H */
