// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that the previous kernel left running.
 *
 * The list is copied when the first device is enumerated. From then on an
 * entry follows its device: found and held in D0, claimed by the driver that
 * took the device over, and dropped when the session ends.
 *
 * A device that the list names and that is not the same any more is stopped on
 * the spot: Bus Master off.
 */
#define pr_fmt(fmt) "PCI: liveupdate: " fmt

#include <linux/device.h>
#include <linux/export.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/liveupdate_note.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/pci_liveupdate.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "liveupdate.h"

/* The driver that can take over what it left running. */
#define PCI_LIVEUPDATE_DRIVER	"vfio-pci"

/**
 * struct pci_incoming - a device the previous kernel left running
 * @ser:     its entry on the list, copied
 * @pdev:    the device, with a reference, once it was enumerated
 * @claimed: somebody owns it again
 */
struct pci_incoming {
	struct pci_dev_ser ser;
	struct pci_dev *pdev;
	bool claimed;
};

/* Protects the entries of incoming; taken below any driver's locks. */
static DEFINE_MUTEX(incoming_lock);
static DEFINE_XARRAY(incoming);

static unsigned long incoming_key(u32 domain, u16 bdf)
{
	return (unsigned long)domain << 16 | bdf;
}

static struct pci_incoming *incoming_find(struct pci_dev *pdev)
{
	return xa_load(&incoming, incoming_key(pci_domain_nr(pdev->bus),
					       pci_dev_id(pdev)));
}

static int incoming_add(const struct pci_dev_ser *ser)
{
	struct pci_incoming *in = kzalloc_obj(*in);
	int err;

	if (!in)
		return -ENOMEM;
	in->ser = *ser;
	err = xa_insert(&incoming, incoming_key(ser->domain, ser->bdf), in,
			GFP_KERNEL);
	if (err)
		kfree(in);
	return err;
}

static int pci_liveupdate_flb_retrieve(struct liveupdate_flb_op_args *args)
{
	struct pci_ser *ser = phys_to_virt(args->data);

	if (!PAGE_ALIGNED(args->data) ||
	    kho_restorable_order(args->data) != PCI_SER_ORDER) {
		pr_err("no list at %#llx\n", args->data);
		return -EBADMSG;
	}
	if (ser->count > PCI_SER_MAX || ser->reserved) {
		pr_err("list of %u devices refused\n", ser->count);
		return -EBADMSG;
	}
	args->obj = ser;
	return 0;
}

static void pci_liveupdate_flb_finish(struct liveupdate_flb_op_args *args)
{
	kho_restore_free(args->obj);
}

static const struct liveupdate_flb_ops pci_liveupdate_flb_ops = {
	.preserve = pci_liveupdate_flb_preserve,
	.unpreserve = pci_liveupdate_flb_unpreserve,
	.retrieve = pci_liveupdate_flb_retrieve,
	.finish = pci_liveupdate_flb_finish,
	.owner = THIS_MODULE,
};

struct liveupdate_flb pci_liveupdate_flb = {
	.ops = &pci_liveupdate_flb_ops,
	.compatible = PCI_LUO_FLB_COMPATIBLE,
};

static void incoming_load(void)
{
	static bool loaded;
	struct pci_ser *ser;

	lockdep_assert_held(&incoming_lock);

	if (loaded)
		return;
	loaded = true;
	if (liveupdate_flb_get_incoming(&pci_liveupdate_flb, (void **)&ser))
		return;
	for (u32 i = 0; i < ser->count; i++)
		if (incoming_add(&ser->devices[i]))
			pr_err("entry %u (%04x:%04x) refused\n", i,
			       ser->devices[i].domain, ser->devices[i].bdf);
	liveupdate_flb_put_incoming(&pci_liveupdate_flb);
}

static bool incoming_is_bridge(const struct pci_incoming *in)
{
	return in->ser.flags & PCI_DEV_SER_BRIDGE;
}

static bool incoming_matches(const struct pci_incoming *in,
			     struct pci_dev *pdev)
{
	return in->ser.vendor == pdev->vendor &&
	       in->ser.device == pdev->device &&
	       incoming_is_bridge(in) == pci_is_bridge(pdev);
}

static void incoming_drop(struct pci_dev *pdev)
{
	struct pci_incoming *in = incoming_find(pdev);

	if (!in || in->pdev != pdev || (in->ser.refs && --in->ser.refs))
		return;
	xa_erase(&incoming, incoming_key(in->ser.domain, in->ser.bdf));
	pm_runtime_put(&pdev->dev);
	pci_dev_put(pdev);
	kfree(in);
}

/**
 * pci_liveupdate_setup_device - See to a device that is being enumerated
 * @pdev: the device, initialized and not yet added
 *
 * A device that the previous kernel left running will be held in D0, and be
 * bound by nobody but the driver that can take it over.
 */
void pci_liveupdate_setup_device(struct pci_dev *pdev)
{
	struct pci_incoming *in;

	guard(mutex)(&incoming_lock);
	incoming_load();
	in = incoming_find(pdev);
	if (!in || in->pdev)
		return;
	if (!incoming_matches(in, pdev)) {
		pci_err(pdev, "liveupdate: not the device that was left running (%04x:%04x), stopping it\n",
			in->ser.vendor, in->ser.device);
		pci_clear_master(pdev);
		return;
	}

	in->pdev = pci_dev_get(pdev);
	pm_runtime_get_noresume(&pdev->dev);
	if (incoming_is_bridge(in))
		return;
	if (device_set_driver_override(&pdev->dev, PCI_LIVEUPDATE_DRIVER))
		pci_warn(pdev, "liveupdate: no memory to select a driver\n");
	pci_info(pdev, "liveupdate: running since the previous kernel\n");
}

/**
 * pci_liveupdate_incoming - Is the device running and nobody's?
 * @pdev: the device
 *
 * Return: true from the enumeration of a device that the previous kernel left
 *         running until it is claimed or released. Never true for a bridge.
 */
bool pci_liveupdate_incoming(struct pci_dev *pdev)
{
	struct pci_incoming *in;

	guard(mutex)(&incoming_lock);
	in = incoming_find(pdev);
	return in && in->pdev == pdev && !in->claimed &&
	       !incoming_is_bridge(in);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_incoming);

/**
 * pci_liveupdate_find - The running device that a file is of
 * @handle: the file's serialized data
 *
 * Return: the device with a reference, or NULL when it is not there, not the
 *         same, or not nobody's any more.
 */
struct pci_dev *pci_liveupdate_find(u64 handle)
{
	struct pci_incoming *in;
	unsigned long key;

	guard(mutex)(&incoming_lock);
	xa_for_each(&incoming, key, in)
		if (in->pdev && !in->claimed && !incoming_is_bridge(in) &&
		    in->ser.handle == handle)
			return pci_dev_get(in->pdev);
	return NULL;
}
EXPORT_SYMBOL_GPL(pci_liveupdate_find);

/**
 * pci_liveupdate_running - Is there a device that is running since before?
 *
 * Return: true while the live update of any device is not over, so also when
 *         a device on the list was not enumerated yet.
 */
bool pci_liveupdate_running(void)
{
	guard(mutex)(&incoming_lock);
	return !xa_empty(&incoming);
}

/**
 * pci_liveupdate_may_probe - May this driver bind the device now?
 * @pdev: the device
 * @drv:  the driver
 *
 * Return: false when the device is running and nobody's, and the driver is not
 *         the one that can take it over.
 */
bool pci_liveupdate_may_probe(struct pci_dev *pdev,
			      const struct device_driver *drv)
{
	return !pci_liveupdate_incoming(pdev) ||
	       !strcmp(drv->name, PCI_LIVEUPDATE_DRIVER);
}

/**
 * pci_liveupdate_drop_saved_master - Take Bus Master out of the saved state
 * @pdev: the device, after pci_save_state()
 *
 * A driver that saves the state of a stopped device, to restore it when it is
 * done, finds Bus Master on in an incoming one. Other devices are not touched.
 */
void pci_liveupdate_drop_saved_master(struct pci_dev *pdev)
{
	if (pci_liveupdate_incoming(pdev))
		pdev->saved_config_space[PCI_COMMAND / 4] &= ~PCI_COMMAND_MASTER;
}
EXPORT_SYMBOL_GPL(pci_liveupdate_drop_saved_master);

/**
 * pci_liveupdate_claim - Somebody owns the device again
 * @pdev: the device
 *
 * It stays in D0 until pci_liveupdate_release().
 */
void pci_liveupdate_claim(struct pci_dev *pdev)
{
	struct pci_incoming *in;

	guard(mutex)(&incoming_lock);
	in = incoming_find(pdev);
	if (in && in->pdev == pdev)
		in->claimed = true;
}
EXPORT_SYMBOL_GPL(pci_liveupdate_claim);

/**
 * pci_liveupdate_quiesce - Make a device unable to write memory
 * @pdev: the device
 *
 * Bus Master off, then a wait for what is under way, then a reset of the
 * function where it has one. On return no more DMA of the device arrives.
 *
 * Context: May sleep, takes the device's lock.
 */
void pci_liveupdate_quiesce(struct pci_dev *pdev)
{
	pci_clear_master(pdev);
	if (!pci_wait_for_pending_transaction(pdev))
		pci_warn(pdev, "liveupdate: transactions still pending\n");
	if (pci_reset_function(pdev))
		pci_info(pdev, "liveupdate: stopped, it has no reset\n");
	else
		pci_info(pdev, "liveupdate: stopped and reset\n");
}
EXPORT_SYMBOL_GPL(pci_liveupdate_quiesce);

/**
 * pci_liveupdate_release - The live update of a device is over
 * @pdev: the device, claimed or quiesced
 *
 * It is an ordinary device again, and so are the bridges above it when it was
 * the last one below them.
 */
void pci_liveupdate_release(struct pci_dev *pdev)
{
	guard(mutex)(&incoming_lock);
	for (struct pci_dev *dev = pdev; dev; dev = pci_upstream_bridge(dev))
		incoming_drop(dev);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_release);

LIVEUPDATE_NOTE(PCI_LUO_FLB_COMPATIBLE);

/**
 * pci_liveupdate_register - A file handler will preserve PCI devices
 * @fh: the handler, registered
 *
 * Return: 0 or the error of liveupdate_register_flb().
 */
int pci_liveupdate_register(struct liveupdate_file_handler *fh)
{
	return liveupdate_register_flb(fh, &pci_liveupdate_flb);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_register);
