// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: VFIO PCI device files across a live update
 *
 * The file of a device that is bound to an iommufd without an IOMMU can be
 * preserved. The device is not stopped: DMA that is under way goes on while one
 * kernel ends and the next begins. There the file comes back bound to the
 * retrieved iommufd, under the same device ID and attached as it was.
 *
 * Preserved
 *	Binding and attachment; the virtualized config space; whether the
 *	function can be reset.
 *
 * Not preserved
 *	Interrupts: they are masked in the device when the kernel is frozen, and
 *	userspace sets its eventfds again. ioeventfds, error and request
 *	triggers. Mappings of BARs.
 *
 * Refused with -EOPNOTSUPP
 *	Files of groups, files that are not bound, devices with an IOMMU, virtual
 *	functions and functions that have some, devices in a low power state.
 */
#define pr_fmt(fmt) "vfio-pci: liveupdate: " fmt

#include <linux/file.h>
#include <linux/iommufd.h>
#include <linux/kho/abi/liveupdate_note.h>
#include <linux/kho/abi/vfio_pci.h>
#include <linux/liveupdate.h>
#include <linux/liveupdate_blob.h>
#include <linux/liveupdate_files.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pci_liveupdate.h>
#include <linux/slab.h>
#include <linux/vfio_pci_core.h>

#include "vfio_pci_priv.h"
#include "../vfio.h"
#include "../liveupdate.h"

/**
 * struct vfio_pci_save - a device file that is preserved
 * @blob:       its handover blob
 * @handle:     where the next kernel finds @blob
 * @command:    PCI_COMMAND before freeze
 * @msix_flags: PCI_MSIX_FLAGS before freeze
 * @masked:     interrupts are masked for freeze
 */
struct vfio_pci_save {
	struct liveupdate_blob blob;
	u64 handle;
	u16 command;
	u16 msix_flags;
	bool masked;
};

struct vfio_pci_bar_ser {
	__be64 start;
	__be64 len;
};

static u64 lu_sbdf(struct pci_dev *pdev)
{
	return (u64)pci_domain_nr(pdev->bus) << 16 | pci_dev_id(pdev);
}

static struct vfio_pci_core_device *lu_vdev(struct vfio_device *device)
{
	return container_of(device, struct vfio_pci_core_device, vdev);
}

static bool lu_can_preserve(struct liveupdate_file_handler *handler,
			    struct file *file)
{
	return vfio_liveupdate_df(file);
}

static const char *lu_device_obstacle(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;

	if (pdev->is_virtfn)
		return "it is a virtual function";
	if (pci_num_vf(pdev))
		return "it has virtual functions";
	if (pdev->current_state != PCI_D0 || vdev->pm_runtime_engaged)
		return "it is in a low power state";
	if (!list_empty(&vdev->dmabufs))
		return "its memory is exported as a dma-buf";
	if (vdev->num_regions)
		return "it has regions of its own kind";
	return NULL;
}

/* Why the file can't be preserved, or NULL. */
static const char *lu_obstacle(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;

	if (df->group)
		return "it was opened by its group";
	if (!df->access_granted || !device->iommufd_device)
		return "it is not bound to an iommufd";
	if (!dev_is_pci(device->dev) || strcmp(device->ops->name, "vfio-pci"))
		return "its driver is not vfio-pci";
	if (!vfio_device_is_noiommu(device))
		return "it has an IOMMU";
	if (!ida_is_empty(&device->pasids))
		return "it has PASIDs attached";
	return lu_device_obstacle(lu_vdev(device));
}

static void lu_read_bars(struct pci_dev *pdev, struct vfio_pci_bar_ser *bars)
{
	for (int i = 0; i < PCI_STD_NUM_BARS; i++) {
		bool used = pci_resource_len(pdev, i);

		bars[i].start = cpu_to_be64(used ? pci_bus_address(pdev, i) : 0);
		bars[i].len = cpu_to_be64(pci_resource_len(pdev, i));
	}
}

/* What must be the same device in the next kernel. */
struct lu_identity {
	const char *name;
	u32 value;
};

#define LU_IDENTITIES	6

static void lu_identify(struct pci_dev *pdev, struct lu_identity *id)
{
	id[0] = (struct lu_identity) { "vendor", pdev->vendor };
	id[1] = (struct lu_identity) { "device", pdev->device };
	id[2] = (struct lu_identity) { "subsystem-vendor", pdev->subsystem_vendor };
	id[3] = (struct lu_identity) { "subsystem-device", pdev->subsystem_device };
	id[4] = (struct lu_identity) { "class", pdev->class };
	id[5] = (struct lu_identity) { "revision", pdev->revision };
}

static int lu_write(struct liveupdate_blob *blob,
		    struct vfio_pci_core_device *vdev)
{
	struct vfio_pci_bar_ser bars[PCI_STD_NUM_BARS];
	struct lu_identity id[LU_IDENTITIES];
	struct pci_dev *pdev = vdev->pdev;
	int ret;

	ret = liveupdate_blob_new(blob, VFIO_PCI_LUO_FH_COMPATIBLE);
	if (ret)
		return ret;
	lu_read_bars(pdev, bars);
	lu_identify(pdev, id);
	liveupdate_blob_put_u64(blob, "sbdf", lu_sbdf(pdev));
	for (int i = 0; i < LU_IDENTITIES; i++)
		liveupdate_blob_put_u32(blob, id[i].name, id[i].value);
	liveupdate_blob_put_u64(blob, "serial", pci_get_dsn(pdev));
	liveupdate_blob_put(blob, "bars", bars, sizeof(bars));
	liveupdate_blob_put_u32(blob, "reset", vdev->reset_works);
	liveupdate_blob_put_u32(blob, "device-id",
				iommufd_device_to_id(vdev->vdev.iommufd_device));
	liveupdate_blob_put_u64(blob, "iommufd-token", 0);
	liveupdate_blob_put_u32(blob, "pt-id", 0);
	liveupdate_blob_put_u32(blob, "command", 0);
	liveupdate_blob_put(blob, "vconfig", vdev->vconfig, pdev->cfg_size);
	return liveupdate_blob_finish(blob);
}

static int lu_preserve_locked(struct vfio_pci_save *save,
			      struct vfio_device_file *df)
{
	struct vfio_pci_core_device *vdev;
	const char *obstacle;
	int ret;

	lockdep_assert_held(&df->device->dev_set->lock);

	obstacle = lu_obstacle(df);
	if (obstacle) {
		dev_warn(df->device->dev, "liveupdate: can't be preserved: %s\n",
			 obstacle);
		return -EOPNOTSUPP;
	}
	vdev = lu_vdev(df->device);
	ret = lu_write(&save->blob, vdev);
	if (ret)
		return ret;
	ret = liveupdate_blob_preserve(&save->blob, &save->handle);
	if (ret)
		return ret;
	ret = pci_liveupdate_preserve(vdev->pdev, save->handle);
	if (ret) {
		liveupdate_blob_unpreserve(&save->blob);
		return ret;
	}
	ret = iommufd_device_keep(vdev->vdev.iommufd_device);
	if (ret) {
		pci_liveupdate_unpreserve(vdev->pdev);
		liveupdate_blob_unpreserve(&save->blob);
	}
	return ret;
}

static int lu_preserve(struct liveupdate_file_op_args *args)
{
	struct vfio_device_file *df = vfio_liveupdate_df(args->file);
	struct vfio_pci_save *save = kzalloc_obj(*save);
	int ret;

	if (!save)
		return -ENOMEM;
	scoped_guard(mutex, &df->device->dev_set->lock)
		ret = lu_preserve_locked(save, df);
	if (ret) {
		kfree(save);
		return ret;
	}
	args->private_data = save;
	args->serialized_data = save->handle;
	return 0;
}

/* The session holds the file, so the device is still bound. */
static void lu_unpreserve(struct liveupdate_file_op_args *args)
{
	struct vfio_device_file *df = vfio_liveupdate_df(args->file);
	struct vfio_pci_save *save = args->private_data;

	guard(mutex)(&df->device->dev_set->lock);
	iommufd_device_unkeep(df->device->iommufd_device);
	pci_liveupdate_unpreserve(lu_vdev(df->device)->pdev);
	liveupdate_blob_unpreserve(&save->blob);
	kfree(save);
}

static void lu_clear_and_set(struct pci_dev *pdev, int pos, u16 clear, u16 set)
{
	u16 value;

	pci_read_config_word(pdev, pos, &value);
	pci_write_config_word(pdev, pos, (value & ~clear) | set);
}

/*
 * Nobody serves interrupts from here until userspace of the next kernel asks
 * for them again. INTx is disabled whatever is in use: enumeration turns MSI
 * off, and the device would fall back to it.
 */
static void lu_mask(struct vfio_pci_save *save, struct pci_dev *pdev)
{
	int msix = pdev->msix_cap + PCI_MSIX_FLAGS;

	pci_read_config_word(pdev, PCI_COMMAND, &save->command);
	lu_clear_and_set(pdev, PCI_COMMAND, 0, PCI_COMMAND_INTX_DISABLE);
	if (pdev->msix_cap) {
		pci_read_config_word(pdev, msix, &save->msix_flags);
		lu_clear_and_set(pdev, msix, 0, PCI_MSIX_FLAGS_MASKALL);
	}
	save->masked = true;
}

/* Userspace may have changed other bits since. */
static void lu_unmask(struct vfio_pci_save *save, struct pci_dev *pdev)
{
	int msix = pdev->msix_cap + PCI_MSIX_FLAGS;

	if (!save->masked)
		return;
	if (pdev->msix_cap && !(save->msix_flags & PCI_MSIX_FLAGS_MASKALL))
		lu_clear_and_set(pdev, msix, PCI_MSIX_FLAGS_MASKALL, 0);
	if (!(save->command & PCI_COMMAND_INTX_DISABLE))
		lu_clear_and_set(pdev, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE, 0);
	save->masked = false;
}

static void lu_fill_in(struct vfio_pci_save *save,
		       struct vfio_pci_core_device *vdev, u64 token)
{
	struct liveupdate_blob *blob = &save->blob;
	u32 pt_id = iommufd_device_hwpt_id(vdev->vdev.iommufd_device);
	u16 command;

	/* The lock behind pt_id is taken above this one elsewhere. */
	guard(rwsem_read)(&vdev->memory_lock);
	pci_read_config_word(vdev->pdev, PCI_COMMAND, &command);
	liveupdate_blob_set_u64(blob, 0, "iommufd-token", token);
	liveupdate_blob_set_u32(blob, 0, "pt-id", pt_id);
	liveupdate_blob_set_u32(blob, 0, "command", command);
	liveupdate_blob_set(blob, 0, "vconfig", vdev->vconfig,
			    vdev->pdev->cfg_size);
	liveupdate_blob_seal(blob);
}

static int lu_freeze(struct liveupdate_file_op_args *args)
{
	struct vfio_device_file *df = vfio_liveupdate_df(args->file);
	struct vfio_pci_core_device *vdev = lu_vdev(df->device);
	struct vfio_pci_save *save = args->private_data;
	const char *obstacle;
	u64 token;
	int ret;

	guard(mutex)(&df->device->dev_set->lock);
	obstacle = lu_obstacle(df);
	if (obstacle) {
		pci_warn(vdev->pdev, "liveupdate: can't be frozen: %s\n",
			 obstacle);
		return -EBUSY;
	}
	ret = pci_liveupdate_freeze(vdev->pdev);
	if (ret)
		return ret;
	ret = liveupdate_get_token_outgoing(args->session,
					    iommufd_ctx_file(df->iommufd),
					    &token);
	if (ret) {
		pci_warn(vdev->pdev, "liveupdate: its iommufd is not in the session\n");
		return ret;
	}
	lu_fill_in(save, vdev, token);
	lu_mask(save, vdev->pdev);
	return 0;
}

static void lu_unfreeze(struct liveupdate_file_op_args *args)
{
	struct vfio_device_file *df = vfio_liveupdate_df(args->file);

	lu_unmask(args->private_data, lu_vdev(df->device)->pdev);
}

/* The device at the address in the blob, referenced, or NULL. */
static struct pci_dev *lu_find(const struct liveupdate_blob *blob)
{
	u64 sbdf;

	if (liveupdate_blob_get_u64(blob, 0, "sbdf", &sbdf))
		return NULL;
	return pci_get_domain_bus_and_slot(sbdf >> 16, PCI_BUS_NUM(sbdf),
					   sbdf & 0xff);
}

static int lu_changed(struct pci_dev *pdev, const char *what, u64 is, u64 was)
{
	pci_warn(pdev, "liveupdate: %s is %#llx, was %#llx\n", what, is, was);
	return -ENXIO;
}

static int lu_check_u32(struct pci_dev *pdev, const struct liveupdate_blob *blob,
			const char *name, u32 is)
{
	u32 was;

	if (liveupdate_blob_get_u32(blob, 0, name, &was))
		return -EBADMSG;
	return is == was ? 0 : lu_changed(pdev, name, is, was);
}

static int lu_check_bars(struct pci_dev *pdev, const struct liveupdate_blob *blob)
{
	struct vfio_pci_bar_ser is[PCI_STD_NUM_BARS], was[PCI_STD_NUM_BARS];
	const void *data;
	size_t len;

	data = liveupdate_blob_get(blob, 0, "bars", &len);
	if (!data || len != sizeof(was))
		return -EBADMSG;
	memcpy(was, data, sizeof(was));
	lu_read_bars(pdev, is);
	for (int i = 0; i < PCI_STD_NUM_BARS; i++)
		if (is[i].start != was[i].start || is[i].len != was[i].len) {
			pci_warn(pdev, "liveupdate: BAR %d moved\n", i);
			return lu_changed(pdev, "BAR", be64_to_cpu(is[i].start),
					  be64_to_cpu(was[i].start));
		}
	return 0;
}

/* Is it the device that was left running, and as it was left? */
static int lu_check_device(struct pci_dev *pdev,
			   const struct liveupdate_blob *blob)
{
	struct lu_identity id[LU_IDENTITIES];
	u64 serial;
	int ret;

	if (!pci_liveupdate_incoming(pdev)) {
		pci_warn(pdev, "liveupdate: was not left running\n");
		return -ENXIO;
	}
	lu_identify(pdev, id);
	for (int i = 0; i < LU_IDENTITIES; i++) {
		ret = lu_check_u32(pdev, blob, id[i].name, id[i].value);
		if (ret)
			return ret;
	}
	if (liveupdate_blob_get_u64(blob, 0, "serial", &serial))
		return -EBADMSG;
	if (serial != pci_get_dsn(pdev))
		return lu_changed(pdev, "serial", pci_get_dsn(pdev), serial);
	return lu_check_bars(pdev, blob);
}

static int lu_restore_config(struct vfio_pci_core_device *vdev,
			     const struct liveupdate_blob *blob)
{
	const void *vconfig;
	size_t len;
	u32 reset;

	vconfig = liveupdate_blob_get(blob, 0, "vconfig", &len);
	if (!vconfig || len != vdev->pdev->cfg_size ||
	    liveupdate_blob_get_u32(blob, 0, "reset", &reset))
		return -EBADMSG;
	guard(rwsem_write)(&vdev->memory_lock);
	memcpy(vdev->vconfig, vconfig, len);
	vdev->reset_works = reset;
	return 0;
}

static int lu_read_bind(const struct liveupdate_blob *blob,
			struct vfio_liveupdate_bind *bind, u64 *token)
{
	if (liveupdate_blob_get_u32(blob, 0, "device-id", &bind->devid) ||
	    liveupdate_blob_get_u32(blob, 0, "pt-id", &bind->pt_id) ||
	    liveupdate_blob_get_u64(blob, 0, "sbdf", &bind->sbdf) ||
	    liveupdate_blob_get_u64(blob, 0, "iommufd-token", token))
		return -EBADMSG;
	return 0;
}

static struct file *lu_open(struct liveupdate_session *session,
			    struct vfio_pci_core_device *vdev,
			    const struct liveupdate_blob *blob)
{
	struct vfio_liveupdate_bind bind;
	struct file *iommufd, *file;
	u64 token;
	int ret;

	ret = lu_read_bind(blob, &bind, &token);
	if (ret)
		return ERR_PTR(ret);
	ret = liveupdate_get_file_incoming(session, token, &iommufd);
	if (ret) {
		pci_warn(vdev->pdev, "liveupdate: its iommufd, token %#llx: error %d\n",
			 token, ret);
		return ERR_PTR(ret);
	}
	file = vfio_liveupdate_open(&vdev->vdev, iommufd, &bind);
	fput(iommufd);
	return file;
}

static bool lu_is_bound(struct pci_dev *pdev)
{
	return pdev->driver && !strcmp(pdev->driver->name, "vfio-pci");
}

static int lu_retrieve_device(struct liveupdate_file_op_args *args,
			      struct pci_dev *pdev,
			      const struct liveupdate_blob *blob)
{
	struct vfio_pci_core_device *vdev;
	struct file *file;
	int ret;

	ret = lu_check_device(pdev, blob);
	if (ret)
		return ret;
	/* The device's lock keeps the driver bound meanwhile. */
	guard(device)(&pdev->dev);
	if (!lu_is_bound(pdev)) {
		pci_warn(pdev, "liveupdate: not bound to vfio-pci\n");
		return -ENODEV;
	}
	vdev = pci_get_drvdata(pdev);
	if (!vfio_device_is_noiommu(&vdev->vdev)) {
		pci_warn(pdev, "liveupdate: noiommu mode is not enabled\n");
		return -EPERM;
	}
	file = lu_open(args->session, vdev, blob);
	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = lu_restore_config(vdev, blob);
	if (ret) {
		fput(file);
		return ret;
	}
	pci_liveupdate_claim(pdev);
	args->file = file;
	return 0;
}

static int lu_retrieve(struct liveupdate_file_op_args *args)
{
	struct liveupdate_blob blob;
	struct pci_dev *pdev;
	int ret;

	ret = liveupdate_blob_restore(&blob, args->serialized_data,
				      VFIO_PCI_LUO_FH_COMPATIBLE);
	if (ret)
		return ret;
	pdev = lu_find(&blob);
	if (pdev) {
		ret = lu_retrieve_device(args, pdev, &blob);
		pci_dev_put(pdev);
	} else {
		pr_warn("a device that was left running is gone\n");
		ret = -ENODEV;
	}
	liveupdate_blob_free(&blob);
	return ret;
}

/* Ends the wait for an owner: after this the device writes nothing. */
static void lu_give_up(struct pci_dev *pdev)
{
	pci_warn(pdev, "liveupdate: not claimed\n");
	pci_liveupdate_quiesce(pdev);
	scoped_guard(device, &pdev->dev)
		if (lu_is_bound(pdev)) {
			struct vfio_pci_core_device *vdev = pci_get_drvdata(pdev);

			vfio_liveupdate_unblock(&vdev->vdev);
		}
	pci_liveupdate_release(pdev);
}

/* The file was not asked for, or could not be retrieved. */
static void lu_pre_finish(struct liveupdate_file_op_args *args)
{
	struct pci_dev *pdev = pci_liveupdate_find(args->serialized_data);

	if (!pdev)
		return;
	lu_give_up(pdev);
	pci_dev_put(pdev);
}

static void lu_discard(u64 handle)
{
	struct liveupdate_blob blob;

	if (!liveupdate_blob_restore(&blob, handle, VFIO_PCI_LUO_FH_COMPATIBLE))
		liveupdate_blob_free(&blob);
}

static void lu_finish(struct liveupdate_file_op_args *args)
{
	struct vfio_device_file *df;

	if (!args->retrieve_status)
		lu_discard(args->serialized_data);
	if (args->retrieve_status <= 0)
		return;
	df = vfio_liveupdate_df(args->file);
	pci_liveupdate_release(lu_vdev(df->device)->pdev);
}

static const struct liveupdate_file_ops vfio_pci_liveupdate_ops = {
	.can_preserve = lu_can_preserve,
	.preserve = lu_preserve,
	.unpreserve = lu_unpreserve,
	.freeze = lu_freeze,
	.unfreeze = lu_unfreeze,
	.retrieve = lu_retrieve,
	.pre_finish = lu_pre_finish,
	.finish = lu_finish,
	.owner = THIS_MODULE,
};

static struct liveupdate_file_handler vfio_pci_liveupdate_handler = {
	.ops = &vfio_pci_liveupdate_ops,
	.compatible = VFIO_PCI_LUO_FH_COMPATIBLE,
};

LIVEUPDATE_NOTE(VFIO_PCI_LUO_FH_COMPATIBLE);

static int __init vfio_pci_liveupdate_register(void)
{
	int ret = liveupdate_register_file_handler(&vfio_pci_liveupdate_handler);

	if (ret == -EOPNOTSUPP)
		return 0;
	return ret ?: pci_liveupdate_register(&vfio_pci_liveupdate_handler);
}
late_initcall(vfio_pci_liveupdate_register);
