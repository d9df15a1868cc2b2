/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VFIO_PCI_LIVEUPDATE_H
#define VFIO_PCI_LIVEUPDATE_H

#include <linux/liveupdate_blob.h>
#include <linux/pci.h>
#include <linux/types.h>
#include <linux/vfio_liveupdate.h>
#include <linux/vfio_pci_core.h>

struct liveupdate_file_op_args;
struct vfio_device_file;

/**
 * struct vfio_pci_masked - interrupts that are masked in the device
 * @command:    PCI_COMMAND before
 * @msi_flags:  PCI_MSI_FLAGS before
 * @msix_flags: PCI_MSIX_FLAGS before
 * @active:     they are masked, the other fields are valid
 */
struct vfio_pci_masked {
	u16 command;
	u16 msi_flags;
	u16 msix_flags;
	bool active;
};

/**
 * struct vfio_pci_save - a device file that is preserved
 * @blob:   its handover blob
 * @handle: where the next kernel finds @blob
 * @masked: its interrupts, from freeze to unfreeze
 */
struct vfio_pci_save {
	struct liveupdate_blob blob;
	u64 handle;
	struct vfio_pci_masked masked;
};

struct vfio_pci_bar_ser {
	__be64 start;
	__be64 len;
};

/* One property of the blob that tells which device it is. */
struct vfio_pci_identity {
	const char *name;
	u32 value;
};

#define VFIO_PCI_IDENTITIES	6

static inline struct vfio_pci_core_device *
vfio_pci_lu_vdev(struct vfio_device *device)
{
	return container_of(device, struct vfio_pci_core_device, vdev);
}

void vfio_pci_lu_identify(struct pci_dev *pdev, struct vfio_pci_identity *id);
void vfio_pci_lu_read_bars(struct pci_dev *pdev, struct vfio_pci_bar_ser *bars);

int vfio_pci_lu_preserve(struct liveupdate_file_op_args *args);
void vfio_pci_lu_unpreserve(struct liveupdate_file_op_args *args);
int vfio_pci_lu_freeze(struct liveupdate_file_op_args *args);
void vfio_pci_lu_unfreeze(struct liveupdate_file_op_args *args);

int vfio_pci_lu_check(struct pci_dev *pdev, const struct liveupdate_blob *blob);
int vfio_pci_lu_restore_config(struct vfio_device *device, const void *blob);

#ifdef CONFIG_VFIO_PCI_LIVEUPDATE
enum vfio_liveupdate_obstacle
vfio_pci_liveupdate_obstacle(struct vfio_device_file *df);
const char *vfio_pci_liveupdate_reason(enum vfio_liveupdate_obstacle obstacle);
int vfio_pci_liveupdate_feature(struct vfio_pci_core_device *vdev, u32 flags,
				void __user *arg, size_t argsz);

void vfio_pci_liveupdate_mask(struct vfio_pci_core_device *vdev,
			      struct vfio_pci_masked *masked);
void vfio_pci_liveupdate_unmask(struct vfio_pci_core_device *vdev,
				struct vfio_pci_masked *masked);
void vfio_pci_liveupdate_mask_vectors(struct vfio_pci_core_device *vdev);
#else
static inline int vfio_pci_liveupdate_feature(struct vfio_pci_core_device *vdev,
					      u32 flags, void __user *arg,
					      size_t argsz)
{
	return -ENOTTY;
}
#endif

#if defined(CONFIG_VFIO_PCI_LIVEUPDATE) && defined(MODULE)
void vfio_pci_liveupdate_init(void);
void vfio_pci_liveupdate_exit(void);
#else
static inline void vfio_pci_liveupdate_init(void) { }
static inline void vfio_pci_liveupdate_exit(void) { }
#endif

#endif
