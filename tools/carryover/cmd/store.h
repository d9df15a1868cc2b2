/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files that one process holds for others: systemd, in the stores of its services. At
 * kexec it puts all of them into one session, after the services have ended.
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <sys/types.h>

#define STORE_SYSTEMD 1		/* its process ID */

/**
 * enum store_kind - what can be kept, and what looks like it
 * @STORE_GROUP: the file of a VFIO group, which is refused
 * @STORE_SESSION: a session of a service's own; kept by itself
 */
enum store_kind {
	STORE_MEMFD,
	STORE_IOMMUFD,
	STORE_DEVICE,
	STORE_GROUP,
	STORE_SESSION,
	STORE_KINDS,
};

/**
 * struct store_file - one of them
 * @number: its descriptor in that process
 * @kind: what it is
 * @name: for people, or the name of a session
 */
struct store_file {
	int number;
	enum store_kind kind;
	char name[96];
};

/**
 * store_look - look through the files of a process
 * @pid: the process
 * @each: called for all that are of those kinds
 * @arg: passed on
 *
 * Returns: 0, or a negative errno if they cannot be seen.
 */
int store_look(pid_t pid, void (*each)(void *arg, const struct store_file *file), void *arg);

/* Does systemd run, and that process hold what only systemd hands over? */
bool store_in_use(pid_t pid);

/* Does it hold that session? */
bool store_has_session(pid_t pid, const char *name);

#endif /* STORE_H */
