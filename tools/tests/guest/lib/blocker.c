// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/vfio_liveupdate.h>

#include "harness.h"
#include "log.h"
#include "blocker.h"
#include "rig.h"

#define TOKEN	1
#define FULL	(VFIO_LIVEUPDATE_PRESERVABLE | VFIO_LIVEUPDATE_NO_RESET | \
		 VFIO_LIVEUPDATE_RUNNING_DMA | VFIO_LIVEUPDATE_ATTACHED)

static uint32_t blocker_of(int device)
{
	struct vfio_device_feature probe = {
		.argsz = sizeof(probe),
		.flags = VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_GET |
			 VFIO_DEVICE_FEATURE_LIVEUPDATE,
	};
	uint32_t flags, blocker;

	MUST(!ioctl(device, VFIO_DEVICE_FEATURE, &probe));
	WORKS(co_device_liveupdate(device, &flags, &blocker));
	SAME(flags, blocker ? 0 : FULL);
	return blocker;
}

void blocker_refused(int device, const char *bdf, uint32_t why,
		     const char *reason)
{
	int session = rig_session_create("blockers");
	int log = log_open();

	SAME(blocker_of(device), why);
	FAILS(co_session_preserve(session, device, TOKEN), EOPNOTSUPP);
	CHECK(log_has(log, (const char *[]){ bdf, reason, NULL }));
	close(session);
	close(log);
}

void blocker_taken(int device)
{
	int session = rig_session_create("blockers");

	SAME(blocker_of(device), 0);
	WORKS(co_session_preserve(session, device, TOKEN));
	SAME(blocker_of(device), 0);
	close(session);
}
