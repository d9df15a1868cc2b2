// SPDX-License-Identifier: GPL-2.0-only
/*
 * A frozen device, and its interrupts while they have no handler.
 *
 * Userspace lives on after freeze, until the jump. From freeze to thaw, what
 * sets up interrupts, writes config space, resets the device or has it sleep is
 * refused with -EBUSY: nothing that was serialized changes, and interrupts that
 * were masked in the device stay so. Interrupts that are masked and unmasked by
 * eventfds, which can't be told, are noted and take effect at thaw.
 *
 * MSI-X keeps what comes in its pending bits, INTx keeps its line.
 * MSI is turned off, since few devices can mask it, and what comes is lost; so
 * is what comes after the next kernel's enumeration has turned MSI and MSI-X
 * off. Userspace sets its eventfds and then looks at its device once.
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/io.h>
#include <linux/pci.h>
#include <linux/rwsem.h>
#include <linux/vfio.h>

#include "vfio_pci_liveupdate.h"
#include "vfio_pci_priv.h"

#define MSI_VECTORS	32

/* Read to write config space. Above igate, below dev_set->lock. */
DECLARE_RWSEM(vfio_pci_luo_config);

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

/* One may have come meanwhile: let userspace look. */
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

/*
 * INTx is disabled whatever is in use: a device whose MSI is turned off falls
 * back to it. The handler and eventfds see @frozen from here on.
 */
static void mask_intx(struct vfio_pci_core_device *vdev,
		      struct vfio_pci_frozen *frozen)
{
	u16 command;

	guard(spinlock_irqsave)(&vdev->irqlock);
	pci_read_config_word(vdev->pdev, PCI_COMMAND, &command);
	frozen->intx = !(command & PCI_COMMAND_INTX_DISABLE);
	vdev->frozen = frozen;
	pci_intx(vdev->pdev, 0);
}

static void unmask_intx(struct vfio_pci_core_device *vdev)
{
	guard(spinlock_irqsave)(&vdev->irqlock);
	if (vdev->frozen->intx)
		pci_intx(vdev->pdev, 1);
	vdev->frozen = NULL;
}

/**
 * vfio_pci_luo_unmask_intx - INTx is served again
 * @vdev: the device
 *
 * An eventfd may ask for it at any time: of a frozen device it is remembered.
 *
 * Context: irqlock is held.
 * Return: as pci_check_and_unmask_intx(); true for a frozen device.
 */
bool vfio_pci_luo_unmask_intx(struct vfio_pci_core_device *vdev)
{
	if (!vfio_pci_luo_shut(vdev))
		return pci_check_and_unmask_intx(vdev->pdev);
	vdev->frozen->intx = true;
	return true;
}

/**
 * vfio_pci_luo_gated_irqs - VFIO_DEVICE_SET_IRQS of a device that may be frozen
 * @vdev:  the device
 * @flags: of struct vfio_irq_set, as the rest
 * @index: of the kind of interrupt
 * @start: the first vector
 * @count: vectors
 * @data:  for @flags
 *
 * Context: igate is held.
 * Return: as vfio_pci_set_irqs_ioctl(); -EBUSY for a frozen device.
 */
int vfio_pci_luo_gated_irqs(struct vfio_pci_core_device *vdev, u32 flags,
			    unsigned int index, unsigned int start,
			    unsigned int count, void *data)
{
	return vfio_pci_luo_shut(vdev) ?:
	       vfio_pci_set_irqs_ioctl(vdev, flags, index, start, count, data);
}

/**
 * vfio_pci_luo_freeze_device - Nobody changes the device or serves interrupts now
 * @vdev:   the device, not frozen
 * @frozen: [OUT] for vfio_pci_luo_thaw_device(), until when it must stay there
 *
 * Waits for changes that are under way, also for a reset.
 *
 * Context: dev_set->lock is held. Takes vfio_pci_luo_config, igate,
 *          memory_lock and irqlock, each below the one before.
 */
void vfio_pci_luo_freeze_device(struct vfio_pci_core_device *vdev,
				struct vfio_pci_frozen *frozen)
{
	lockdep_assert_held(&vdev->vdev.dev_set->lock);

	guard(rwsem_write)(&vfio_pci_luo_config);
	guard(mutex)(&vdev->igate);
	guard(rwsem_write)(&vdev->memory_lock);
	mask_intx(vdev, frozen);
	mask_msix(vdev->pdev, &frozen->msix_flags);
	mask_msi(vdev->pdev, &frozen->msi_flags);
}
EXPORT_SYMBOL_GPL(vfio_pci_luo_freeze_device);

/**
 * vfio_pci_luo_thaw_device - Undo vfio_pci_luo_freeze_device()
 * @vdev: the device; nothing is done to one that is not frozen
 *
 * Context: As vfio_pci_luo_freeze_device().
 */
void vfio_pci_luo_thaw_device(struct vfio_pci_core_device *vdev)
{
	struct vfio_pci_frozen *frozen = vdev->frozen;

	lockdep_assert_held(&vdev->vdev.dev_set->lock);

	if (!frozen)
		return;
	guard(rwsem_write)(&vfio_pci_luo_config);
	guard(mutex)(&vdev->igate);
	scoped_guard(rwsem_write, &vdev->memory_lock) {
		unmask_intx(vdev);
		unmask_msix(vdev->pdev, frozen->msix_flags);
	}
	unmask_msi(vdev, frozen->msi_flags);
}
EXPORT_SYMBOL_GPL(vfio_pci_luo_thaw_device);

/**
 * vfio_pci_luo_mask_vectors - Keep what the device holds pending
 * @vdev: a device that arrived, opened, its interrupts not set up
 *
 * The previous kernel left the entries of the MSI-X table that it used unmasked.
 * Setting up MSI-X takes that over, and an interrupt that is pending would be
 * sent as soon as the entry is first written: to a vector without a handler.
 *
 * The table can't be accessed in every device while MSI-X is off. With all
 * entries masked the function's own mask of freeze is of no use any more.
 */
void vfio_pci_luo_mask_vectors(struct vfio_pci_core_device *vdev)
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
EXPORT_SYMBOL_GPL(vfio_pci_luo_mask_vectors);
