/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What VFIO tells about live update of a device.
 */
#ifndef _UAPI_LINUX_VFIO_LIVEUPDATE_H
#define _UAPI_LINUX_VFIO_LIVEUPDATE_H

#include <linux/types.h>

/*
 * VFIO_DEVICE_FEATURE_GET: can the file be preserved, and how much of the
 * device is? VFIO_DEVICE_FEATURE_PROBE says whether the kernel can be asked.
 *
 * VFIO_DEVICE_FEATURE_SET: VFIO_LIVEUPDATE_OPTIONAL in @flags, or not; the rest is
 * zero. The file is a cdev's, bound to an iommufd; otherwise EOPNOTSUPP.
 *
 * The number is far from those that are handed out one by one.
 */
#define VFIO_DEVICE_FEATURE_LIVEUPDATE	0xca44

/**
 * struct vfio_device_feature_liveupdate - what becomes of the device
 * @flags:    VFIO_LIVEUPDATE_*
 * @blocker: enum vfio_liveupdate_blocker, why PRESERVE_FD would refuse the
 *            file now; 0 if it would not
 */
struct vfio_device_feature_liveupdate {
	__u32 flags;
	__u32 blocker;
};

/* PRESERVE_FD takes the file as things are now. */
#define VFIO_LIVEUPDATE_PRESERVABLE	(1 << 0)
/* The device is not reset; its registers and config space stay as they are. */
#define VFIO_LIVEUPDATE_NO_RESET	(1 << 1)
/* DMA goes on all the time, while no kernel runs as well. */
#define VFIO_LIVEUPDATE_RUNNING_DMA	(1 << 2)
/* Binding, attachment, IOAS and mappings come back; nothing is to be redone. */
#define VFIO_LIVEUPDATE_ATTACHED	(1 << 3)
/*
 * When the file can't be frozen the live update goes on without it, and the device
 * is stopped as one that was not preserved; RETRIEVE_FD gives ENODATA. The iommufd
 * is left behind, too, when it can't be frozen and all its devices are optional.
 * Without the flag reboot() fails. A retrieved file does not have it.
 */
#define VFIO_LIVEUPDATE_OPTIONAL	(1 << 4)

enum vfio_liveupdate_blocker {
	VFIO_LIVEUPDATE_OK = 0,
	VFIO_LIVEUPDATE_GROUP,		/* opened by its group */
	VFIO_LIVEUPDATE_UNBOUND,	/* not bound to an iommufd */
	VFIO_LIVEUPDATE_DRIVER,		/* the driver is not vfio-pci */
	VFIO_LIVEUPDATE_IOMMU,		/* has an IOMMU */
	VFIO_LIVEUPDATE_PASID,		/* has PASIDs attached */
	VFIO_LIVEUPDATE_VF,		/* is a virtual function */
	VFIO_LIVEUPDATE_HAS_VFS,	/* has virtual functions */
	VFIO_LIVEUPDATE_POWER,		/* is in a low power state */
	VFIO_LIVEUPDATE_DMABUF,		/* its memory is exported as a dma-buf */
	VFIO_LIVEUPDATE_REGIONS,	/* has regions of its own kind */
	VFIO_LIVEUPDATE_ZPCI,		/* is a zPCI device */
	VFIO_LIVEUPDATE_INTX,		/* its INTx can't be masked in the device */
	VFIO_LIVEUPDATE_EXCLUDED,	/* excluded by the administrator */
	VFIO_LIVEUPDATE_GOING,		/* its driver is being unbound */
	VFIO_LIVEUPDATE_BEHIND,		/* behind a device that is stopped, as Intel's VMD */
	VFIO_LIVEUPDATE_HOST,		/* its host bridge's driver stops the bus */
};

#endif
