// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VFIO PCI device that arrived: is it the one that was left, and what it has
 * to get back.
 */
#include <linux/iommufd_liveupdate.h>
#include <linux/pci_liveupdate.h>
#include <linux/unaligned.h>

#include "../vfio.h"
#include "../liveupdate.h"
#include "vfio_pci_liveupdate.h"

static int check_bars(struct pci_dev *pdev, const struct liveupdate_blob *blob)
{
	struct vfio_pci_bar_ser is[PCI_STD_NUM_BARS], was[PCI_STD_NUM_BARS];
	const void *data;
	size_t len;

	data = liveupdate_blob_get(blob, 0, "bars", &len);
	if (!data || len != sizeof(was))
		return -EBADMSG;
	memcpy(was, data, sizeof(was));
	vfio_pci_luo_read_bars(pdev, is);
	for (int i = 0; i < PCI_STD_NUM_BARS; i++)
		if (is[i].start != was[i].start || is[i].len != was[i].len) {
			pci_warn(pdev, "liveupdate: BAR %d moved: is at %#llx, was at %#llx\n",
				 i, be64_to_cpu(is[i].start),
				 be64_to_cpu(was[i].start));
			return -ENXIO;
		}
	return 0;
}

/* Nobody may have stopped it since, which would have cost it what was under way. */
static int check_running(struct pci_dev *pdev,
			 const struct liveupdate_blob *blob)
{
	u16 command;
	u32 was;

	if (liveupdate_blob_get_u32(blob, 0, "command", &was))
		return -EBADMSG;
	pci_read_config_word(pdev, PCI_COMMAND, &command);
	if (!(command & PCI_COMMAND_MASTER) && (was & PCI_COMMAND_MASTER)) {
		pci_warn(pdev, "liveupdate: was stopped on the way\n");
		return -ENXIO;
	}
	return 0;
}

/**
 * vfio_pci_luo_check_device - Is it the device that was left running, and as it was left?
 * @pdev:   the device at the address in the blob
 * @handle: of the blob
 * @blob:   of the device's file
 *
 * Return: 0; -ENXIO after a line in the log that says what differs; -EBADMSG
 *         when the blob lacks something.
 */
int vfio_pci_luo_check_device(struct pci_dev *pdev, u64 handle,
			      const struct liveupdate_blob *blob)
{
	int ret;

	ret = pci_liveupdate_check(pdev, handle);
	if (ret)
		return ret;
	ret = check_bars(pdev, blob);
	return ret ?: check_running(pdev, blob);
}

/**
 * vfio_pci_luo_restore_config - Have a device's config space be what it was
 * @device: the device, opened
 * @blob:   struct liveupdate_blob of the device's file
 *
 * Context: dev_set->lock is held.
 * Return: 0, or -EBADMSG when something in the blob does not fit the device.
 */
int vfio_pci_luo_restore_config(struct vfio_device *device, const void *blob)
{
	struct vfio_pci_core_device *vdev = vfio_pci_luo_vdev(device);
	const void *vconfig, *saved;
	size_t len, saved_len;
	u16 command;
	u32 reset;
	int ret;

	vconfig = liveupdate_blob_get(blob, 0, "vconfig", &len);
	if (!vconfig || len != vdev->pdev->cfg_size ||
	    liveupdate_blob_get_u32(blob, 0, "reset", &reset))
		return -EBADMSG;
	saved = liveupdate_blob_get(blob, 0, "saved-state", &saved_len);
	if (!saved)
		return -EBADMSG;
	guard(mutex)(&vdev->igate);
	guard(rwsem_write)(&vdev->memory_lock);
	/* The driver had no memory for it when it opened the device. */
	if (!vdev->pci_saved_state)
		return -ENOMEM;
	ret = pci_liveupdate_set_saved(vdev->pdev, vdev->pci_saved_state,
				       saved, saved_len);
	if (ret) {
		pci_warn(vdev->pdev, "liveupdate: saved state refused: error %d\n",
			 ret);
		return ret;
	}
	memcpy(vdev->vconfig, vconfig, len);
	command = get_unaligned_le16(vdev->vconfig + PCI_COMMAND);
	vdev->virq_disabled = command & PCI_COMMAND_INTX_DISABLE;
	vdev->reset_works = reset;
	vfio_pci_luo_mask_vectors(vdev);
	return 0;
}
