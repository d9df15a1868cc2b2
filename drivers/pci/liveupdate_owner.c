// SPDX-License-Identifier: GPL-2.0
/*
 * Who owns a device that the previous kernel left running: nobody, then the
 * driver that claims it or, when none does, still nobody: it is stopped.
 */
#define pr_fmt(fmt) "PCI: liveupdate: " fmt

#include <linux/export.h>
#include <linux/kho/abi/liveupdate_note.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/pci_liveupdate.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "liveupdate.h"

static void incoming_unguard(struct pci_incoming *in)
{
	if (in->guarded)
		in->pdev->dev_flags &= ~PCI_DEV_FLAGS_NO_BUS_RESET;
	in->guarded = false;
}

static void incoming_drop(struct pci_dev *pdev)
{
	struct pci_incoming *in = pci_incoming_find(pdev);

	if (!in || in->pdev != pdev || (in->ser.refs && --in->ser.refs))
		return;
	incoming_unguard(in);
	xa_erase(&pci_incoming, pci_incoming_key(in->ser.domain, in->ser.bdf));
	pm_runtime_put(&pdev->dev);
	pci_dev_put(pdev);
	kfree(in);
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

	guard(mutex)(&pci_incoming_lock);
	in = pci_incoming_find(pdev);
	return in && in->pdev == pdev && !in->claimed &&
	       !pci_incoming_is_bridge(in);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_incoming);

static bool incoming_is_held(struct pci_dev *pdev)
{
	struct pci_incoming *in;

	guard(mutex)(&pci_incoming_lock);
	in = pci_incoming_find(pdev);
	return in && in->pdev == pdev && !in->claimed;
}

/**
 * pci_liveupdate_busy - May userspace not stop the device by way of sysfs?
 * @pdev: the device
 *
 * Return: true for a device that runs and is nobody's, for one that is
 *         preserved, and for the bridges above either.
 */
bool pci_liveupdate_busy(struct pci_dev *pdev)
{
	return incoming_is_held(pdev) || pci_liveupdate_outgoing(pdev);
}

/**
 * pci_liveupdate_check - Is an incoming device where it was?
 * @pdev: the device
 *
 * Return: 0 when the bridges above have the bus numbers and windows that they
 *         had, or -ENXIO after a line in the log.
 */
int pci_liveupdate_check(struct pci_dev *pdev)
{
	struct pci_dev *bridge;
	int err = 0;

	guard(mutex)(&pci_incoming_lock);
	for (bridge = pci_upstream_bridge(pdev); bridge && !err;
	     bridge = pci_upstream_bridge(bridge)) {
		struct pci_incoming *in = pci_incoming_find(bridge);

		if (in && in->pdev == bridge) {
			err = pci_liveupdate_check_bridge(bridge, &in->ser);
		} else {
			pci_warn(bridge, "liveupdate: was not above %s\n",
				 pci_name(pdev));
			err = -ENXIO;
		}
	}
	return err;
}
EXPORT_SYMBOL_GPL(pci_liveupdate_check);

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

	guard(mutex)(&pci_incoming_lock);
	xa_for_each(&pci_incoming, key, in)
		if (in->pdev && !in->claimed && !pci_incoming_is_bridge(in) &&
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
	guard(mutex)(&pci_incoming_lock);
	return !xa_empty(&pci_incoming);
}

/**
 * pci_liveupdate_forget - Nobody waits for a device any more
 * @handle: the file's serialized data
 *
 * For a file whose device pci_liveupdate_find() does not have: it is not there,
 * or was stopped when it was found to be another one.
 */
void pci_liveupdate_forget(u64 handle)
{
	struct pci_incoming *in;
	unsigned long key;

	guard(mutex)(&pci_incoming_lock);
	xa_for_each(&pci_incoming, key, in) {
		if (in->pdev || pci_incoming_is_bridge(in) ||
		    in->ser.handle != handle)
			continue;
		pr_warn("%04x:%02x:%02x.%d, left running, is not there\n",
			in->ser.domain, PCI_BUS_NUM(in->ser.bdf),
			PCI_SLOT(in->ser.bdf), PCI_FUNC(in->ser.bdf));
		xa_erase(&pci_incoming, key);
		kfree(in);
	}
}
EXPORT_SYMBOL_GPL(pci_liveupdate_forget);

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
 * pci_liveupdate_drop_saved_master - See to a device that is taken over
 * @pdev: the device, enabled, after pci_save_state()
 *
 * A driver that saves the state of a stopped device, to restore it when it is
 * done, finds Bus Master on and INTx off in an incoming one, so that is taken
 * out of the saved state. Enabling the device has let its INTx go, which nobody
 * serves yet: it is disabled again. Other devices are not touched.
 */
void pci_liveupdate_drop_saved_master(struct pci_dev *pdev)
{
	if (!pci_liveupdate_incoming(pdev))
		return;
	pdev->saved_config_space[PCI_COMMAND / 4] &=
			~(PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE);
	pci_incoming_silence(pdev);
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

	guard(mutex)(&pci_incoming_lock);
	in = pci_incoming_find(pdev);
	if (!in || in->pdev != pdev)
		return;
	in->claimed = true;
	incoming_unguard(in);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_claim);

static void incoming_let_reset(struct pci_dev *pdev)
{
	struct pci_incoming *in;

	guard(mutex)(&pci_incoming_lock);
	in = pci_incoming_find(pdev);
	if (in && in->pdev == pdev)
		incoming_unguard(in);
}

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
	incoming_let_reset(pdev);
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
	guard(mutex)(&pci_incoming_lock);
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
