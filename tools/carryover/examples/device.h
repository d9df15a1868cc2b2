/* SPDX-License-Identifier: (LGPL-2.1 OR MIT) */
/* What a VMM has anyway: a device, and memory for its DMA. */
#ifndef DEVICE_H
#define DEVICE_H

#include <carryover.h>
#include <stdio.h>

#define DO(call) do { if ((call) < 0) return puts(co_error()), 1; } while (0)

/* The files that make up a device; any order will do. */
enum { MEMORY, IOMMUFD, DEVICE, FILES };

/* Open it and let it do DMA to memory that is mapped. 0, or 1 after a message. */
int device_start(const char *bdf, int file[FILES]);

/* Use it. Somebody has to hold the session, so a copy of the program stays. */
int device_drive(const int file[FILES]);

/* Find everything as it was. 0, or 1 after a message. */
int device_go_on(const int file[FILES]);

#endif /* DEVICE_H */
