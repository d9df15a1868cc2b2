/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small context without a device, in a session of its own: cheap enough to
 * have hundreds. Memory of a few pages is mapped twice, some is anonymous, and a
 * HWPT that outlived the device it was made for says where it is.
 *
 * Everything in here ends the program when it fails.
 */
#ifndef LONE_H
#define LONE_H

#include <stdint.h>

#include "carryover.h"

#define LONE_SIZE	(4 * 4096u)
#define LONE_IOVA	0x100000ull
#define LONE_AGAIN	0x200000ull	/* the same memory, second half */
#define LONE_ANON	0x300000ull	/* anonymous memory */
#define LONE_ANON_SIZE	(2 * 4096u)

/* Tokens of its files. */
#define LONE_MEMFD	1
#define LONE_IOMMUFD	2

/* Make number n and put it into a session; returns the session. */
int lone_leave(unsigned int n, const char *bdf);

/* The session of number n, which arrived. */
int lone_session(unsigned int n);

/* Does number n, retrieved, say what it said? Closes the iommufd. */
void lone_check(int session, int iommufd);

#endif /* LONE_H */
