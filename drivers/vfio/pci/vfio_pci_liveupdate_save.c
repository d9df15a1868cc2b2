// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VFIO PCI device file on its way out: its handover blob.
 */
#include <linux/file.h>
#include <linux/iommufd.h>
#include <linux/kho/abi/vfio_pci.h>
#include <linux/liveupdate.h>
#include <linux/liveupdate_files.h>
#include <linux/pci_liveupdate.h>
#include <linux/slab.h>
#include <linux/unaligned.h>

#include "../vfio.h"
#include "../liveupdate.h"
#include "vfio_pci_liveupdate.h"

static u64 vfio_pci_luo_sbdf(struct pci_dev *pdev)
{
	return (u64)pci_domain_nr(pdev->bus) << 16 | pci_dev_id(pdev);
}

/**
 * vfio_pci_luo_read_bars - Where the BARs of a device are
 * @pdev: the device
 * @bars: [OUT] PCI_STD_NUM_BARS of them
 */
void vfio_pci_luo_read_bars(struct pci_dev *pdev, struct vfio_pci_bar_ser *bars)
{
	for (int i = 0; i < PCI_STD_NUM_BARS; i++) {
		bool used = pci_resource_len(pdev, i);

		bars[i].start = cpu_to_be64(used ? pci_bus_address(pdev, i) : 0);
		bars[i].len = cpu_to_be64(pci_resource_len(pdev, i));
	}
}

/* For who reads the blob. The kernel compares what the PCI core has handed over. */
static void write_identity(struct liveupdate_blob *blob, struct pci_dev *pdev)
{
	liveupdate_blob_add_u32(blob, "vendor", pdev->vendor);
	liveupdate_blob_add_u32(blob, "device", pdev->device);
	liveupdate_blob_add_u32(blob, "subsystem-vendor", pdev->subsystem_vendor);
	liveupdate_blob_add_u32(blob, "subsystem-device", pdev->subsystem_device);
	liveupdate_blob_add_u32(blob, "class", pdev->class);
	liveupdate_blob_add_u32(blob, "revision", pdev->revision);
	liveupdate_blob_add_u64(blob, "serial", pci_get_dsn(pdev));
}

static int write_blob(struct liveupdate_blob *blob,
		      struct vfio_pci_core_device *vdev)
{
	struct vfio_pci_bar_ser bars[PCI_STD_NUM_BARS];
	struct pci_dev *pdev = vdev->pdev;
	size_t saved_len;
	void *saved;
	int ret;

	ret = pci_liveupdate_get_saved(vdev->pci_saved_state, &saved,
				       &saved_len);
	if (ret)
		return ret;
	ret = liveupdate_blob_new(blob, VFIO_PCI_LUO_FH_COMPATIBLE);
	if (ret) {
		kfree(saved);
		return ret;
	}
	vfio_pci_luo_read_bars(pdev, bars);
	liveupdate_blob_add_u64(blob, "sbdf", vfio_pci_luo_sbdf(pdev));
	write_identity(blob, pdev);
	liveupdate_blob_add(blob, "bars", bars, sizeof(bars));
	liveupdate_blob_add_u32(blob, "reset", vdev->reset_works);
	liveupdate_blob_add_u32(blob, "device-id",
				iommufd_device_to_id(vdev->vdev.iommufd_device));
	liveupdate_blob_add_u64(blob, "iommufd-token", 0);
	liveupdate_blob_add_u32(blob, "pt-id", 0);
	liveupdate_blob_add_u32(blob, "command", 0);
	liveupdate_blob_add(blob, "vconfig", vdev->vconfig, pdev->cfg_size);
	liveupdate_blob_add(blob, "saved-state", saved, saved_len);
	kfree(saved);
	return liveupdate_blob_finish(blob);
}

/* Not searched for in reboot(). */
static void find_open(struct vfio_pci_save *save, size_t cfg_size)
{
	struct vfio_pci_open *open = &save->open;
	struct liveupdate_blob *blob = &save->blob;

	open->token = liveupdate_blob_cell(blob, 0, "iommufd-token",
					   sizeof(*open->token));
	open->pt_id = liveupdate_blob_cell(blob, 0, "pt-id",
					   sizeof(*open->pt_id));
	open->command = liveupdate_blob_cell(blob, 0, "command",
					     sizeof(*open->command));
	open->vconfig = liveupdate_blob_cell(blob, 0, "vconfig", cfg_size);
}

/* A device in reset has neither identity nor serial number: no reset meanwhile. */
static int preserve_device(struct vfio_pci_save *save,
			   struct vfio_pci_core_device *vdev)
{
	int ret;

	guard(rwsem_read)(&vdev->memory_lock);
	ret = write_blob(&save->blob, vdev);
	if (ret)
		return ret;
	find_open(save, vdev->pdev->cfg_size);
	ret = liveupdate_blob_preserve(&save->blob, &save->handle);
	if (ret)
		return ret;
	ret = pci_liveupdate_preserve(vdev->pdev, save->handle);
	if (ret)
		liveupdate_blob_unpreserve(&save->blob);
	return ret;
}

static int preserve_locked(struct vfio_pci_save *save,
			   struct vfio_device_file *df)
{
	struct vfio_pci_core_device *vdev;
	enum vfio_liveupdate_blocker blocker;
	int ret;

	blocker = vfio_pci_luo_blocker(df);
	if (!blocker && vfio_luo_excluded(df->device))
		blocker = VFIO_LIVEUPDATE_EXCLUDED;
	if (blocker) {
		dev_warn(df->device->dev, "liveupdate: can't be preserved: %s\n",
			 vfio_pci_luo_reason(blocker));
		return -EOPNOTSUPP;
	}
	vdev = vfio_pci_luo_vdev(df->device);
	ret = preserve_device(save, vdev);
	if (ret)
		return ret;
	ret = iommufd_luo_device_preserve(vdev->vdev.iommufd_device);
	if (ret) {
		pci_liveupdate_unpreserve(vdev->pdev);
		liveupdate_blob_unpreserve(&save->blob);
	}
	return ret;
}

/**
 * vfio_pci_luo_preserve - The preserve callback
 * @args: of the file
 *
 * Return: 0; -EOPNOTSUPP after a line in the log; -EBUSY when the device is
 *         preserved already; -EINTR when the task was killed while changes of
 *         the attachment were waited for; -ENOMEM, -ENOSPC.
 */
int vfio_pci_luo_preserve(struct liveupdate_file_op_args *args)
{
	struct vfio_device_file *df = vfio_luo_df(args->file);
	struct vfio_pci_save *save = kzalloc_obj(*save);
	int ret;

	if (!save)
		return -ENOMEM;
	scoped_guard(mutex, &df->device->dev_set->lock)
		ret = preserve_locked(save, df);
	if (ret) {
		kfree(save);
		return ret;
	}
	args->private_data = save;
	args->serialized_data = save->handle;
	return 0;
}

/**
 * vfio_pci_luo_unpreserve - The unpreserve callback
 * @args: of the file; the session holds it, so the device is still bound
 */
void vfio_pci_luo_unpreserve(struct liveupdate_file_op_args *args)
{
	struct vfio_device_file *df = vfio_luo_df(args->file);
	struct vfio_pci_save *save = args->private_data;

	guard(mutex)(&df->device->dev_set->lock);
	iommufd_luo_device_unpreserve(df->device->iommufd_device);
	pci_liveupdate_unpreserve(vfio_pci_luo_vdev(df->device)->pdev);
	liveupdate_blob_unpreserve(&save->blob);
	kfree(save);
}

static void fill_in(struct vfio_pci_save *save,
		    struct vfio_pci_core_device *vdev, u64 token)
{
	struct vfio_pci_open *open = &save->open;
	u32 pt_id = iommufd_luo_device_hwpt_id(vdev->vdev.iommufd_device);
	u16 command;

	/* The lock behind pt_id is taken above this one elsewhere. */
	guard(rwsem_read)(&vdev->memory_lock);
	pci_read_config_word(vdev->pdev, PCI_COMMAND, &command);
	put_unaligned_be64(token, open->token);
	*open->pt_id = cpu_to_be32(pt_id);
	*open->command = cpu_to_be32(command);
	memcpy(open->vconfig, vdev->vconfig, vdev->pdev->cfg_size);
	liveupdate_blob_seal(&save->blob);
}

/* Nobody changes it any more: does it still look as it has to? */
static int freeze_filled_in(struct vfio_pci_save *save,
			    struct vfio_device_file *df, u64 token)
{
	struct vfio_pci_core_device *vdev = vfio_pci_luo_vdev(df->device);
	enum vfio_liveupdate_blocker blocker;

	blocker = vfio_pci_luo_blocker(df);
	if (blocker) {
		pci_warn(vdev->pdev, "liveupdate: can't be frozen: %s\n",
			 vfio_pci_luo_reason(blocker));
		return -EBUSY;
	}
	fill_in(save, vdev, token);
	return 0;
}

static int freeze_open(struct liveupdate_file_op_args *args,
		       struct vfio_device_file *df)
{
	struct vfio_pci_core_device *vdev = vfio_pci_luo_vdev(df->device);
	struct vfio_pci_save *save = args->private_data;
	u64 token;
	int ret;

	ret = liveupdate_get_token_outgoing(args->session,
					    iommufd_luo_ctx_file(df->iommufd),
					    &token);
	if (ret) {
		pci_warn(vdev->pdev, "liveupdate: its iommufd is not in the session\n");
		return ret;
	}
	vfio_pci_luo_freeze_device(vdev, &save->frozen);
	ret = freeze_filled_in(save, df, token);
	if (ret)
		vfio_pci_luo_thaw_device(vdev);
	return ret;
}

/*
 * A device that is being removed can't be left behind: its remover waits for the
 * session to give up the file, with locks that device_shutdown() takes.
 */
static bool can_be_left(struct vfio_device *device)
{
	return iommufd_luo_device_is_optional(device->iommufd_device) &&
	       device_is_registered(&device->device) &&
	       !pci_liveupdate_leaving(vfio_pci_luo_vdev(device)->pdev);
}

static int freeze_locked(struct liveupdate_file_op_args *args,
			 struct vfio_device_file *df)
{
	struct pci_dev *pdev = vfio_pci_luo_vdev(df->device)->pdev;
	int ret;

	ret = pci_liveupdate_freeze(pdev);
	if (ret)
		return ret;
	ret = freeze_open(args, df);
	if (ret)
		pci_liveupdate_unfreeze(pdev);
	return ret;
}

/**
 * vfio_pci_luo_freeze - The freeze callback
 * @args: of the file
 *
 * A device that is optional is left behind when this fails, unless it is being
 * removed, or the image would leave all of them behind.
 *
 * Return: 0; -EBUSY when the device can't be carried any more, -ENOEXEC and
 *         -ENOENT when the image or the session lacks something.
 */
int vfio_pci_luo_freeze(struct liveupdate_file_op_args *args)
{
	struct vfio_device_file *df = vfio_luo_df(args->file);
	int ret;

	guard(mutex)(&df->device->dev_set->lock);
	ret = freeze_locked(args, df);
	if (ret && ret != -ENOEXEC && can_be_left(df->device))
		liveupdate_drop_file(args->session, args->file);
	return ret;
}

/**
 * vfio_pci_luo_unfreeze - The unfreeze callback
 * @args: of the file
 */
void vfio_pci_luo_unfreeze(struct liveupdate_file_op_args *args)
{
	struct vfio_device_file *df = vfio_luo_df(args->file);
	struct vfio_pci_core_device *vdev = vfio_pci_luo_vdev(df->device);

	guard(mutex)(&df->device->dev_set->lock);
	vfio_pci_luo_thaw_device(vdev);
	pci_liveupdate_unfreeze(vdev->pdev);
}
