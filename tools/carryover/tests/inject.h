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

#endif /* INJECT_H */
