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
 *	function can be reset; the state that is restored when it is closed.
 *
 * Not preserved
 *	Interrupts: they are masked in the device when the kernel is frozen, and
 *	userspace sets its eventfds again. ioeventfds, error and request
 *	triggers. Mappings of BARs.
 *
 * Refused with -EOPNOTSUPP
 *	Files of groups, files that are not bound, devices with an IOMMU or with
 *	PASIDs, virtual functions and functions that have some, devices in a low
 *	power state, devices whose memory is exported as a dma-buf, devices that
 *	can't mask their INTx, devices that are being removed, devices behind a
 *	host bridge that does not leave the bus running or behind Intel's VMD, and
 *	what the administrator has excluded by writing 0 to "liveupdate" of the
 *	vfio-dev device. VFIO_DEVICE_FEATURE_LIVEUPDATE tells beforehand.
 */
#define pr_fmt(fmt) "vfio-pci: liveupdate: " fmt

#include <linux/capability.h>
#include <linux/file.h>
#include <linux/iommufd.h>
#include <linux/kho/abi/iommufd.h>
#include <linux/kho/abi/vfio_pci.h>
#include <linux/liveupdate.h>
#include <linux/liveupdate_blob.h>
#include <linux/liveupdate_files.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pci_liveupdate.h>
#include <linux/vfio_pci_core.h>

#include "../vfio.h"
#include "../liveupdate.h"
#include "vfio_pci_liveupdate.h"

static bool vfio_pci_luo_can_preserve(struct liveupdate_file_handler *handler,
				      struct file *file)
{
	return vfio_luo_df(file);
}

/* The device at the address in the blob, referenced, or NULL. */
static struct pci_dev *vfio_pci_luo_find(const struct liveupdate_blob *blob)
{
	u64 sbdf;

	if (liveupdate_blob_get_u64(blob, 0, "sbdf", &sbdf))
		return NULL;
	return pci_get_domain_bus_and_slot(sbdf >> 16, PCI_BUS_NUM(sbdf),
					   sbdf & 0xff);
}

/* Not there, or not yet. */
static int vfio_pci_luo_missing(const struct liveupdate_blob *blob)
{
	u64 sbdf;
	u16 bdf;

	if (liveupdate_blob_get_u64(blob, 0, "sbdf", &sbdf)) {
		pr_warn("a device that was left running has no address\n");
		return -EBADMSG;
	}
	bdf = sbdf;
	pr_warn("%04llx:%02x:%02x.%d, left running, is not there\n", sbdf >> 16,
		PCI_BUS_NUM(bdf), PCI_SLOT(bdf), PCI_FUNC(bdf));
	return -ENODEV;
}

static int vfio_pci_luo_read_bind(const struct liveupdate_blob *blob,
				  struct vfio_luo_bind *bind, u64 *token)
{
	if (liveupdate_blob_get_u32(blob, 0, "device-id", &bind->devid) ||
	    liveupdate_blob_get_u32(blob, 0, "pt-id", &bind->pt_id) ||
	    liveupdate_blob_get_u64(blob, 0, "sbdf", &bind->sbdf) ||
	    liveupdate_blob_get_u64(blob, 0, "iommufd-token", token))
		return -EBADMSG;
	return 0;
}

/* A retrieve that can't succeed any more gives another error. */
static struct file *vfio_pci_luo_get_iommufd(struct liveupdate_session *session,
					     struct pci_dev *pdev, u64 token)
{
	struct file *iommufd;
	int ret;

	ret = liveupdate_check_token(session, token,
				     IOMMUFD_LUO_FH_COMPATIBLE);
	if (!ret)
		ret = liveupdate_get_file_incoming(session, token, &iommufd);
	if (!ret)
		return iommufd;
	pci_warn(pdev, "liveupdate: its iommufd, token %#llx: error %d\n",
		 token, ret);
	return ERR_PTR(liveupdate_can_retry(session, token) ? ret : -EBADMSG);
}

static struct file *vfio_pci_luo_open(struct liveupdate_session *session,
				      struct vfio_pci_core_device *vdev,
				      const struct liveupdate_blob *blob)
{
	struct vfio_luo_bind bind = {
		.restore = vfio_pci_luo_restore_config, .data = blob,
	};
	struct file *iommufd, *file;
	u64 token;
	int ret;

	ret = vfio_pci_luo_read_bind(blob, &bind, &token);
	if (ret)
		return ERR_PTR(ret);
	iommufd = vfio_pci_luo_get_iommufd(session, vdev->pdev, token);
	if (IS_ERR(iommufd))
		return iommufd;
	file = vfio_luo_open(&vdev->vdev, iommufd, &bind);
	fput(iommufd);
	return file;
}

static bool vfio_pci_luo_is_bound(struct pci_dev *pdev)
{
	return pdev->driver && !strcmp(pdev->driver->name, "vfio-pci");
}

static int vfio_pci_luo_retrieve_device(struct liveupdate_file_op_args *args,
					struct pci_dev *pdev,
					const struct liveupdate_blob *blob)
{
	struct vfio_pci_core_device *vdev;
	struct file *file;
	int ret;

	ret = vfio_pci_luo_check_device(pdev, args->serialized_data, blob);
	if (ret)
		return ret;
	/* The device's lock keeps the driver bound meanwhile. */
	guard(device)(&pdev->dev);
	if (!vfio_pci_luo_is_bound(pdev)) {
		pci_warn(pdev, "liveupdate: not bound to vfio-pci\n");
		return -ENODEV;
	}
	vdev = pci_get_drvdata(pdev);
	if (!vfio_device_is_noiommu(&vdev->vdev)) {
		pci_warn(pdev, "liveupdate: noiommu mode is not enabled\n");
		return -EPERM;
	}
	/* As vfio_device_fops_cdev_open() wants it. */
	if (!capable(CAP_SYS_RAWIO)) {
		pci_warn(pdev, "liveupdate: retrieved without CAP_SYS_RAWIO\n");
		return -EPERM;
	}
	ret = pci_liveupdate_enable(pdev);
	if (ret) {
		pci_warn(pdev, "liveupdate: can't be enabled: error %d\n", ret);
		return ret;
	}
	file = vfio_pci_luo_open(args->session, vdev, blob);
	if (IS_ERR(file))
		return PTR_ERR(file);
	pci_liveupdate_claim(pdev);
	args->file = file;
	return 0;
}

/* A device that is on no list that PCI could read can't be had any more. */
static void vfio_pci_luo_check_listed(u64 handle,
				      const struct liveupdate_blob *blob)
{
	u64 sbdf;

	if (!pci_liveupdate_listed(handle) &&
	    !liveupdate_blob_get_u64(blob, 0, "sbdf", &sbdf))
		pci_liveupdate_unlisted(sbdf, handle);
}

/* What the task, the administrator or a device that comes later can mend. */
static bool vfio_pci_luo_may_try_again(int ret)
{
	return liveupdate_is_passing(ret) || ret == -ENODEV || ret == -EPERM ||
	       ret == -EBUSY;
}

static int vfio_pci_luo_retrieve(struct liveupdate_file_op_args *args)
{
	struct liveupdate_blob blob;
	struct pci_dev *pdev;
	int ret;

	ret = liveupdate_blob_restore(&blob, args->serialized_data,
				      VFIO_PCI_LUO_FH_COMPATIBLE);
	if (ret) {
		args->again = ret == -ENOMEM;
		return ret;
	}
	vfio_pci_luo_check_listed(args->serialized_data, &blob);
	pdev = vfio_pci_luo_find(&blob);
	if (pdev) {
		ret = vfio_pci_luo_retrieve_device(args, pdev, &blob);
		pci_dev_put(pdev);
	} else {
		ret = vfio_pci_luo_missing(&blob);
	}
	args->again = vfio_pci_luo_may_try_again(ret);
	if (ret)
		liveupdate_blob_return(&blob, args->serialized_data);
	else
		liveupdate_blob_free(&blob, args->serialized_data);
	return ret;
}

static void vfio_pci_luo_unblock(struct pci_dev *pdev)
{
	guard(device)(&pdev->dev);
	if (vfio_pci_luo_is_bound(pdev)) {
		struct vfio_pci_core_device *vdev = pci_get_drvdata(pdev);

		vfio_luo_unblock(&vdev->vdev);
	}
}

/*
 * Ends the wait for an owner: after this the device writes nothing. One without
 * a reset would go on with what it did when Bus Master is turned on, so no
 * driver gets it. A driver that binds it from pci_liveupdate_release() on does
 * not block the group.
 */
static void vfio_pci_luo_give_up(struct pci_dev *pdev)
{
	bool reset;

	pci_warn(pdev, "liveupdate: not claimed\n");
	reset = pci_liveupdate_quiesce(pdev);
	if (!reset)
		device_release_driver(&pdev->dev);
	pci_liveupdate_release(pdev);
	if (reset)
		vfio_pci_luo_unblock(pdev);
}

/* The file was not asked for, or could not be retrieved. */
static void vfio_pci_luo_pre_finish(struct liveupdate_file_op_args *args)
{
	struct pci_dev *pdev = pci_liveupdate_find(args->serialized_data);

	if (!pdev) {
		pci_liveupdate_forget(args->serialized_data);
		return;
	}
	vfio_pci_luo_give_up(pdev);
	pci_dev_put(pdev);
}

static void vfio_pci_luo_discard(u64 handle)
{
	struct liveupdate_blob blob;

	if (!liveupdate_insist(liveupdate_blob_restore(&blob, handle,
						       VFIO_PCI_LUO_FH_COMPATIBLE)))
		liveupdate_blob_free(&blob, handle);
}

static void vfio_pci_luo_finish(struct liveupdate_file_op_args *args)
{
	struct vfio_device_file *df;

	if (args->retrieve_status <= 0) {
		vfio_pci_luo_discard(args->serialized_data);
		return;
	}
	df = vfio_luo_df(args->file);
	pci_liveupdate_release(vfio_pci_luo_vdev(df->device)->pdev);
}

static const struct liveupdate_file_ops vfio_pci_luo_ops = {
	.can_preserve = vfio_pci_luo_can_preserve,
	.preserve = vfio_pci_luo_preserve,
	.unpreserve = vfio_pci_luo_unpreserve,
	.freeze = vfio_pci_luo_freeze,
	.unfreeze = vfio_pci_luo_unfreeze,
	.retrieve = vfio_pci_luo_retrieve,
	.pre_finish = vfio_pci_luo_pre_finish,
	.finish = vfio_pci_luo_finish,
	.owner = THIS_MODULE,
};

static struct liveupdate_file_handler vfio_pci_luo_handler = {
	.ops = &vfio_pci_luo_ops,
	.compatible = VFIO_PCI_LUO_FH_COMPATIBLE,
};

static bool vfio_pci_luo_registered;

static int vfio_pci_luo_register(void)
{
	int ret = liveupdate_register_file_handler(&vfio_pci_luo_handler);

	if (ret)
		return ret;
	ret = pci_liveupdate_register(&vfio_pci_luo_handler);
	if (ret)
		liveupdate_unregister_file_handler(&vfio_pci_luo_handler);
	return ret;
}

static int __init vfio_pci_luo_start(void)
{
	int ret = vfio_pci_luo_register();

	vfio_pci_luo_registered = !ret;
	if (ret && ret != -EOPNOTSUPP)
		pr_warn("devices can't be preserved: error %d\n", ret);
	return 0;
}

#ifdef MODULE
/* Called when vfio-pci is loaded. */
void __init vfio_pci_luo_init(void)
{
	vfio_pci_luo_start();
}

/* Called when vfio-pci is unloaded; its files, and with them sessions, are gone. */
void vfio_pci_luo_exit(void)
{
	if (vfio_pci_luo_registered)
		liveupdate_unregister_file_handler(&vfio_pci_luo_handler);
}
#else
/* Whether or not there is the driver: without, the device has to be stopped. */
late_initcall(vfio_pci_luo_start);
#endif

MODULE_ALIAS_LIVEUPDATE(VFIO_PCI_LUO_FH_COMPATIBLE);
MODULE_IMPORT_NS("IOMMUFD");
