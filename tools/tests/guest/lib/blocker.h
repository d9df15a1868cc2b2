/* SPDX-License-Identifier: GPL-2.0-only */
/* What keeps a device file from being carried over. */
#ifndef BLOCKER_H
#define BLOCKER_H

#include <stdint.h>

/*
 * PRESERVE_FD refuses the device and says @reason in the log;
 * VFIO_DEVICE_FEATURE_LIVEUPDATE says @why beforehand.
 */
void blocker_refused(int device, const char *bdf, uint32_t why,
		     const char *reason);

/* Nothing is in the way of this one. */
void blocker_taken(int device);

#endif /* BLOCKER_H */
