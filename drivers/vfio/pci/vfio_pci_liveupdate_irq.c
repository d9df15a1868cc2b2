// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts of a device that runs while nobody serves them.
 *
 * They are masked in the device at freeze, so that it does not matter who is
 * alive then. MSI-X keeps what comes in its pending bits, INTx keeps its line.
 * MSI is turned off, since few devices can mask it, and what comes is lost; so
 * is what comes after the next kernel's enumeration has turned MSI and MSI-X
 * off. Userspace sets its eventfds and then looks at its device once.
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/io.h>
#include <linux/pci.h>
#include <linux/vfio.h>

#include "vfio_pci_liveupdate.h"
#include "vfio_pci_priv.h"

#define MSI_VECTORS	32

static void clear_and_set(struct pci_dev *pdev, int pos, u16 clear, u16 set)
{
	u16 value;

	pci_read_config_word(pdev, pos, &value);
	pci_write_config_word(pdev, pos, (value & ~clear) | set);
}

static void mask_msix(struct pci_dev *pdev, u16 *flags)
{
	int pos = pdev->msix_cap + PCI_MSIX_FLAGS;

	if (!pdev->msix_cap)
		return;
	pci_read_config_word(pdev, pos, flags);
	pci_write_config_word(pdev, pos, *flags | PCI_MSIX_FLAGS_MASKALL);
}

static void unmask_msix(struct pci_dev *pdev, u16 flags)
{
	if (pdev->msix_cap && !(flags & PCI_MSIX_FLAGS_MASKALL))
		clear_and_set(pdev, pdev->msix_cap + PCI_MSIX_FLAGS,
			      PCI_MSIX_FLAGS_MASKALL, 0);
}

static void mask_msi(struct pci_dev *pdev, u16 *flags)
{
	int pos = pdev->msi_cap + PCI_MSI_FLAGS;

	if (!pdev->msi_cap)
		return;
	pci_read_config_word(pdev, pos, flags);
	pci_write_config_word(pdev, pos, *flags & ~PCI_MSI_FLAGS_ENABLE);
}

/* Whether one came meanwhile nobody knows: let userspace look. */
static void unmask_msi(struct vfio_pci_core_device *vdev, u16 flags)
{
	struct pci_dev *pdev = vdev->pdev;

	if (!pdev->msi_cap || !(flags & PCI_MSI_FLAGS_ENABLE) ||
	    vdev->irq_type != VFIO_PCI_MSI_IRQ_INDEX)
		return;
	clear_and_set(pdev, pdev->msi_cap + PCI_MSI_FLAGS, 0,
		      PCI_MSI_FLAGS_ENABLE);
	vfio_pci_set_irqs_ioctl(vdev, VFIO_IRQ_SET_DATA_NONE |
				VFIO_IRQ_SET_ACTION_TRIGGER,
				VFIO_PCI_MSI_IRQ_INDEX, 0, MSI_VECTORS, NULL);
}

/**
 * vfio_pci_liveupdate_mask - Nobody serves interrupts from here on
 * @vdev:   the device
 * @masked: [OUT] for vfio_pci_liveupdate_unmask()
 *
 * INTx is disabled whatever is in use: a device whose MSI is turned off falls
 * back to it.
 *
 * Context: Takes igate.
 */
void vfio_pci_liveupdate_mask(struct vfio_pci_core_device *vdev,
			      struct vfio_pci_masked *masked)
{
	struct pci_dev *pdev = vdev->pdev;

	guard(mutex)(&vdev->igate);
	pci_read_config_word(pdev, PCI_COMMAND, &masked->command);
	clear_and_set(pdev, PCI_COMMAND, 0, PCI_COMMAND_INTX_DISABLE);
	mask_msix(pdev, &masked->msix_flags);
	mask_msi(pdev, &masked->msi_flags);
	masked->active = true;
}
EXPORT_SYMBOL_GPL(vfio_pci_liveupdate_mask);

/**
 * vfio_pci_liveupdate_unmask - Undo vfio_pci_liveupdate_mask()
 * @vdev:   the device
 * @masked: what was masked, if anything
 *
 * Userspace may have changed other bits since.
 *
 * Context: Takes igate.
 */
void vfio_pci_liveupdate_unmask(struct vfio_pci_core_device *vdev,
				struct vfio_pci_masked *masked)
{
	struct pci_dev *pdev = vdev->pdev;

	guard(mutex)(&vdev->igate);
	if (!masked->active)
		return;
	masked->active = false;
	unmask_msi(vdev, masked->msi_flags);
	unmask_msix(pdev, masked->msix_flags);
	if (!(masked->command & PCI_COMMAND_INTX_DISABLE))
		clear_and_set(pdev, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE, 0);
}
EXPORT_SYMBOL_GPL(vfio_pci_liveupdate_unmask);

/**
 * vfio_pci_liveupdate_mask_vectors - Keep what the device holds pending
 * @vdev: a device that arrived, opened, its interrupts not set up
 *
 * The previous kernel left the entries of the MSI-X table that it used unmasked.
 * Setting up MSI-X takes that over, and an interrupt that is pending would be
 * sent as soon as the entry is first written: to a vector nobody serves yet.
 *
 * The table can't be accessed in every device while MSI-X is off. With all
 * entries masked the function's own mask of freeze is of no use any more.
 */
void vfio_pci_liveupdate_mask_vectors(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;
	void __iomem *bar;
	u16 flags;

	if (!pdev->msix_cap || vdev->msix_bar >= PCI_STD_NUM_BARS)
		return;
	bar = vdev->barmap[vdev->msix_bar];
	if (IS_ERR_OR_NULL(bar) || vdev->msix_offset + vdev->msix_size >
				   pci_resource_len(pdev, vdev->msix_bar))
		return;
	pci_read_config_word(pdev, pdev->msix_cap + PCI_MSIX_FLAGS, &flags);
	pci_write_config_word(pdev, pdev->msix_cap + PCI_MSIX_FLAGS,
			      flags | PCI_MSIX_FLAGS_MASKALL |
			      PCI_MSIX_FLAGS_ENABLE);
	for (u32 at = 0; at < vdev->msix_size; at += PCI_MSIX_ENTRY_SIZE)
		writel(PCI_MSIX_ENTRY_CTRL_MASKBIT, bar + vdev->msix_offset +
		       at + PCI_MSIX_ENTRY_VECTOR_CTRL);
	pci_write_config_word(pdev, pdev->msix_cap + PCI_MSIX_FLAGS,
			      flags & ~(PCI_MSIX_FLAGS_MASKALL |
					PCI_MSIX_FLAGS_ENABLE));
}
EXPORT_SYMBOL_GPL(vfio_pci_liveupdate_mask_vectors);
