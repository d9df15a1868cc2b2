/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VFIO_PCI_LIVEUPDATE_H
#define VFIO_PCI_LIVEUPDATE_H

#include <linux/liveupdate_blob.h>
#include <linux/pci.h>
#include <linux/pci_liveupdate.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/types.h>
#include <linux/vfio_liveupdate.h>
#include <linux/vfio_pci_core.h>

struct liveupdate_file_op_args;
struct vfio_device_file;

/**
 * struct vfio_pci_frozen - what is given back when a device is no more frozen
 * @msi_flags:  PCI_MSI_FLAGS before
 * @msix_flags: PCI_MSIX_FLAGS before
 * @intx:       INTx is not masked; follows who masks it meanwhile, under irqlock
 */
struct vfio_pci_frozen {
	u16 msi_flags;
	u16 msix_flags;
	bool intx;
};

/**
 * struct vfio_pci_open - what is known at freeze only, in the blob
 * @token:   of the iommufd
 * @pt_id:   of the HWPT
 * @command: PCI_COMMAND
 * @vconfig: the virtualized config space
 */
struct vfio_pci_open {
	__be64 *token;
	__be32 *pt_id;
	__be32 *command;
	u8 *vconfig;
};

/**
 * struct vfio_pci_save - a device file that is preserved
 * @blob:   its handover blob
 * @open:   of @blob
 * @handle: where the next kernel finds @blob
 * @frozen: for vfio_pci_luo_thaw_device()
 */
struct vfio_pci_save {
	struct liveupdate_blob blob;
	struct vfio_pci_open open;
	u64 handle;
	struct vfio_pci_frozen frozen;
};

struct vfio_pci_bar_ser {
	__be64 start;
	__be64 len;
};

static inline struct vfio_pci_core_device *
vfio_pci_luo_vdev(struct vfio_device *device)
{
	return container_of(device, struct vfio_pci_core_device, vdev);
}

void vfio_pci_luo_read_bars(struct pci_dev *pdev,
			    struct vfio_pci_bar_ser *bars);

int vfio_pci_luo_preserve(struct liveupdate_file_op_args *args);
void vfio_pci_luo_unpreserve(struct liveupdate_file_op_args *args);
int vfio_pci_luo_freeze(struct liveupdate_file_op_args *args);
void vfio_pci_luo_unfreeze(struct liveupdate_file_op_args *args);

int vfio_pci_luo_check_device(struct pci_dev *pdev, u64 handle,
			      const struct liveupdate_blob *blob);
int vfio_pci_luo_restore_config(struct vfio_device *device, const void *blob);

#ifdef CONFIG_VFIO_PCI_LIVEUPDATE
extern struct rw_semaphore vfio_pci_luo_config;

/* No freeze comes between the question whether the device is frozen and a write. */
#define vfio_pci_luo_config_guard()				\
	guard(rwsem_read)(&vfio_pci_luo_config)

/*
 * What changes a frozen device is refused. Asked with one of the locks held that
 * vfio_pci_luo_freeze_device() takes.
 */
static inline int vfio_pci_luo_shut(struct vfio_pci_core_device *vdev)
{
	return vdev->frozen ? -EBUSY : 0;
}

enum vfio_liveupdate_blocker
vfio_pci_luo_blocker(struct vfio_device_file *df);
const char *vfio_pci_luo_reason(enum vfio_liveupdate_blocker blocker);
int vfio_pci_luo_ioctl_feature(struct vfio_device *device, u32 flags,
			       void __user *arg, size_t argsz);
int vfio_pci_luo_gated_irqs(struct vfio_pci_core_device *vdev, u32 flags,
			    unsigned int index, unsigned int start,
			    unsigned int count, void *data);
bool vfio_pci_luo_unmask_intx(struct vfio_pci_core_device *vdev);

void vfio_pci_luo_freeze_device(struct vfio_pci_core_device *vdev,
				struct vfio_pci_frozen *frozen);
void vfio_pci_luo_thaw_device(struct vfio_pci_core_device *vdev);
void vfio_pci_luo_mask_vectors(struct vfio_pci_core_device *vdev);
#else
static inline void vfio_pci_luo_config_guard(void) { }

static inline int vfio_pci_luo_shut(struct vfio_pci_core_device *vdev)
{
	return 0;
}

#define vfio_pci_luo_ioctl_feature	vfio_pci_core_ioctl_feature
#define vfio_pci_luo_gated_irqs			vfio_pci_set_irqs_ioctl
#define vfio_pci_luo_unmask_intx(vdev)				\
	pci_check_and_unmask_intx((vdev)->pdev)
#endif

/* An ordinary device is stopped when it is opened and when it is closed. */
static inline void vfio_pci_luo_clear_master(struct pci_dev *pdev)
{
	if (!pci_liveupdate_incoming(pdev))
		pci_clear_master(pdev);
}

/*
 * As pci_load_and_free_saved_state(). A device whose retrieve has failed keeps
 * its state, and runs on: closing its file neither resets it nor writes to it.
 */
static inline int
vfio_pci_luo_load_saved_state(struct vfio_pci_core_device *vdev)
{
	if (!pci_liveupdate_incoming(vdev->pdev))
		return pci_load_and_free_saved_state(vdev->pdev,
						     &vdev->pci_saved_state);
	kfree(vdev->pci_saved_state);
	vdev->pci_saved_state = NULL;
	vdev->reset_works = false;
	return -EBUSY;
}

/* Opened, an ordinary device has its INTx unmasked; not one without a handler yet. */
static inline bool vfio_pci_luo_frees_intx(struct pci_dev *pdev,
					   u16 command)
{
	return command & PCI_COMMAND_INTX_DISABLE &&
	       !pci_liveupdate_incoming(pdev);
}

/* As pci_check_and_mask_intx(): a frozen device pulls no line. irqlock is held. */
static inline bool
vfio_pci_luo_mask_intx(struct vfio_pci_core_device *vdev)
{
	return !vfio_pci_luo_shut(vdev) &&
	       pci_check_and_mask_intx(vdev->pdev);
}

#if defined(CONFIG_VFIO_PCI_LIVEUPDATE) && defined(MODULE)
void vfio_pci_luo_init(void);
void vfio_pci_luo_exit(void);
#else
static inline void vfio_pci_luo_init(void) { }
static inline void vfio_pci_luo_exit(void) { }
#endif

#endif
