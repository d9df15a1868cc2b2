// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
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

static int feature(int device, uint32_t flags, void *data, size_t size)
{
	char space[sizeof(struct vfio_device_feature) + 64] = { 0 };
	struct vfio_device_feature *arg = (void *)space;

	arg->argsz = sizeof(*arg) + size;
	arg->flags = flags;
	if (ioctl(device, VFIO_DEVICE_FEATURE, arg))
		return -errno;
	memcpy(data, arg->data, size);
	return 0;
}

static uint32_t blocker_of(int device)
{
	struct vfio_device_feature_liveupdate lu = { 0 };

	SAME(feature(device, VFIO_DEVICE_FEATURE_PROBE |
		     VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_LIVEUPDATE,
		     &lu, 0), 0);
	MUST(!feature(device, VFIO_DEVICE_FEATURE_GET |
		      VFIO_DEVICE_FEATURE_LIVEUPDATE, &lu, sizeof(lu)));
	SAME(lu.flags, lu.blocker ? 0 : FULL);
	return lu.blocker;
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
