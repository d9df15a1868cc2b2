/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Failures on demand: the n-th allocation, or access to memory of this
 * program, that the kernel makes for this thread fails.
 */
#ifndef INJECT_H
#define INJECT_H

#include <stdbool.h>

/* Any allocation may fail from now on, and quietly. Ends the program if not. */
void inject_setup(void);

/* The n-th one from now, counted from 1, will fail. */
void inject_arm(unsigned int n);

/* None will fail any more. Did one, since inject_arm()? */
bool inject_disarm(void);

/* Is an error one that comes of it? A memfd without an inode is ENOSPC. */
bool inject_was(int ret);

/**
 * struct sweep - how the failures of one call went
 * @what: the call
 * @n: which allocation fails next
 * @failed: calls that failed
 * @absorbed: calls that succeeded all the same
 */
struct sweep {
	const char *what;
	unsigned int n;
	unsigned int failed;
	unsigned int absorbed;
};

/* A call returned this; was an allocation made to fail on the way? */
void sweep_count(struct sweep *sweep, bool hit, int ret);

/* Say how it went. */
void sweep_end(const struct sweep *sweep);

#endif /* INJECT_H */
