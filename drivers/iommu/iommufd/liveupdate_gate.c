// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gates of a context and of its devices: whatever changes one of them
 * passes here, and nothing passes while it is preserved.
 *
 * A gate counts who is inside, the ioctl dispatcher or a driver that binds
 * devices, and never makes them wait: drivers come with locks that others take
 * inside. Who shuts it turns away those that come later, with -EBUSY, and waits
 * until no operation is inside. Operations are taken to change the context unless
 * they are listed here as only reading.
 */
#include <linux/export.h>
#include <linux/lockdep.h>
#include <linux/wait_bit.h>
#include <uapi/linux/vfio.h>

#include "iommufd_private.h"

/* Set in iommufd_gate::inside while a gate is shut. */
#define IOMMUFD_GATE_SHUT INT_MIN

/* What is taken inside a gate must not be held by who shuts one. */
#ifdef CONFIG_LOCKDEP
static struct lockdep_map iommufd_luo_gate_map =
	STATIC_LOCKDEP_MAP_INIT("iommufd_gate", &iommufd_luo_gate_map);
#endif

static int gate_enter(struct iommufd_gate *gate)
{
	if (!atomic_inc_unless_negative(&gate->inside))
		return -EBUSY;
	lock_map_acquire_tryread(&iommufd_luo_gate_map);
	return 0;
}

static void gate_leave(struct iommufd_gate *gate)
{
	lock_map_release(&iommufd_luo_gate_map);
	if (atomic_dec_return(&gate->inside) == IOMMUFD_GATE_SHUT)
		wake_up_var(&gate->inside);
}

/**
 * iommufd_luo_gate_shut - Let nothing pass any more
 * @gate: of a context or a device
 *
 * Waits for changes that are under way; later ones get -EBUSY. Undone by
 * iommufd_luo_gate_open().
 *
 * Return: 0; -EBUSY when it is shut already; -EINTR when the task was killed
 *         meanwhile.
 */
int iommufd_luo_gate_shut(struct iommufd_gate *gate)
{
	if (atomic_fetch_or(IOMMUFD_GATE_SHUT, &gate->inside) < 0)
		return -EBUSY;
	lock_map_acquire(&iommufd_luo_gate_map);
	lock_map_release(&iommufd_luo_gate_map);
	if (!wait_var_event_killable(&gate->inside,
				     atomic_read_acquire(&gate->inside) ==
				     IOMMUFD_GATE_SHUT))
		return 0;
	iommufd_luo_gate_open(gate);
	return -EINTR;
}

/**
 * iommufd_luo_gate_open - Let changes pass again
 * @gate: shut by iommufd_luo_gate_shut()
 */
void iommufd_luo_gate_open(struct iommufd_gate *gate)
{
	/* Who enters sees all that was done while it was shut. */
	atomic_fetch_andnot_release(IOMMUFD_GATE_SHUT, &gate->inside);
}

/**
 * iommufd_luo_gate_enter - Begin a change of the context
 * @ictx: the context
 *
 * Context: Does not wait, so any lock may be held.
 * Return: 0, then iommufd_luo_gate_leave() must follow in the same task; -EBUSY
 *         when the context is preserved for a live update.
 */
int iommufd_luo_gate_enter(struct iommufd_ctx *ictx)
{
	return gate_enter(&ictx->lu.gate);
}
EXPORT_SYMBOL_NS_GPL(iommufd_luo_gate_enter, "IOMMUFD");

/**
 * iommufd_luo_gate_leave - End a change of the context
 * @ictx: the context
 */
void iommufd_luo_gate_leave(struct iommufd_ctx *ictx)
{
	gate_leave(&ictx->lu.gate);
}
EXPORT_SYMBOL_NS_GPL(iommufd_luo_gate_leave, "IOMMUFD");

/**
 * iommufd_luo_device_gate_enter - Begin a change of a device's attachment
 * @idev: the device
 *
 * Context: Does not wait, so any lock may be held.
 * Return: 0, then iommufd_luo_device_gate_leave() must follow in the same task;
 *         -EBUSY when the device or its context is preserved.
 */
int iommufd_luo_device_gate_enter(struct iommufd_device *idev)
{
	int rc = iommufd_luo_gate_enter(idev->ictx);

	if (rc)
		return rc;
	rc = gate_enter(&idev->gate);
	if (rc)
		iommufd_luo_gate_leave(idev->ictx);
	return rc;
}
EXPORT_SYMBOL_NS_GPL(iommufd_luo_device_gate_enter, "IOMMUFD");

/**
 * iommufd_luo_device_gate_leave - End a change of a device's attachment
 * @idev: the device
 */
void iommufd_luo_device_gate_leave(struct iommufd_device *idev)
{
	gate_leave(&idev->gate);
	iommufd_luo_gate_leave(idev->ictx);
}
EXPORT_SYMBOL_NS_GPL(iommufd_luo_device_gate_leave, "IOMMUFD");

/**
 * iommufd_luo_device_preserve - A device's own file is being preserved
 * @idev: the device
 *
 * Waits for changes of its attachment that are under way; later ones get
 * -EBUSY. Undone by iommufd_luo_device_unpreserve().
 *
 * Return: as of iommufd_luo_gate_shut().
 */
int iommufd_luo_device_preserve(struct iommufd_device *idev)
{
	return iommufd_luo_gate_shut(&idev->gate);
}
EXPORT_SYMBOL_NS_GPL(iommufd_luo_device_preserve, "IOMMUFD");

/**
 * iommufd_luo_device_unpreserve - A device's own file is not preserved any more
 * @idev: the device
 */
void iommufd_luo_device_unpreserve(struct iommufd_device *idev)
{
	iommufd_luo_gate_open(&idev->gate);
}
EXPORT_SYMBOL_NS_GPL(iommufd_luo_device_unpreserve, "IOMMUFD");

static bool iommufd_luo_ioctl_passes(struct iommufd_ucmd *ucmd,
				     unsigned int cmd)
{
	switch (cmd) {
	case IOMMU_GET_HW_INFO:
	case IOMMU_IOAS_GET_FILE:
	case IOMMU_IOAS_IOVA_RANGES:
	case IOMMU_IOAS_NEXT:
	case IOMMU_IOAS_NEXT_AREA:
	case IOMMU_IOAS_NOIOMMU_GET_PA:
		return true;
	case IOMMU_OPTION:
		return ((struct iommu_option *)ucmd->cmd)->op ==
		       IOMMU_OPTION_OP_GET;
	default:
		return false;
	}
}

/* The same for the ioctls of a VFIO container. */
struct iommufd_ctx *iommufd_luo_gate_vfio(struct iommufd_ctx *ictx,
					  unsigned int cmd)
{
	switch (cmd) {
	case VFIO_SET_IOMMU:
	case VFIO_IOMMU_MAP_DMA:
	case VFIO_IOMMU_UNMAP_DMA:
		return ictx;
	default:
		return NULL;
	}
}

/* The context whose gate a call has to go through; NULL for none. */
struct iommufd_ctx *iommufd_luo_gate_ioctl(struct iommufd_ucmd *ucmd,
					   unsigned int cmd)
{
	return iommufd_luo_ioctl_passes(ucmd, cmd) ? NULL : ucmd->ictx;
}
