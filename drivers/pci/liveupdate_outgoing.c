// SPDX-License-Identifier: GPL-2.0
/*
 * The list of devices that must not be stopped when this kernel ends.
 *
 * The list lives in memory that KHO preserves, from the first preserved file
 * of any device to the last one that is given up. It is right at every moment in
 * between, but for the registers of bridges: windows may move when something is
 * plugged next to them, so those are read again at freeze.
 */
#define pr_fmt(fmt) "PCI: liveupdate: " fmt

#include <linux/err.h>
#include <linux/export.h>
#include <linux/io.h>
#include <linux/kexec.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/pci_liveupdate.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "liveupdate.h"
#include "pci.h"

/* Protects what follows and what it points at; taken below a session's mutex. */
static DEFINE_MUTEX(outgoing_lock);
static struct pci_ser *outgoing;

/* How many devices are frozen. */
static unsigned int outgoing_frozen;

/**
 * struct outgoing_unplug - a removal that was put off
 * @list: in outgoing_unplugs
 * @pdev: the device, with a reference
 */
struct outgoing_unplug {
	struct list_head list;
	struct pci_dev *pdev;
};

static LIST_HEAD(outgoing_unplugs);

static struct pci_dev_ser *outgoing_find(struct pci_dev *pdev)
{
	lockdep_assert_held(&outgoing_lock);

	return pci_ser_find(outgoing, pci_domain_nr(pdev->bus), pci_dev_id(pdev));
}

static void outgoing_put(struct pci_dev *pdev)
{
	struct pci_dev_ser *ser = outgoing_find(pdev);

	if (ser && !--ser->refs)
		pci_ser_remove(outgoing, ser);
}

/* Of a bridge also whether it passes on what devices write. */
static void outgoing_describe(struct pci_dev *pdev, struct pci_dev_ser *ser)
{
	u16 command;

	pci_liveupdate_identify(pdev, ser);
	if (!(ser->flags & PCI_DEV_SER_BRIDGE))
		return;
	pci_read_config_word(pdev, PCI_COMMAND, &command);
	ser->flags &= ~PCI_DEV_SER_MASTER;
	if (command & PCI_COMMAND_MASTER)
		ser->flags |= PCI_DEV_SER_MASTER;
}

static int outgoing_get(struct pci_dev *pdev, u16 flags)
{
	struct pci_dev_ser *ser = outgoing_find(pdev);

	if (!ser) {
		ser = pci_ser_add(outgoing);
		if (IS_ERR(ser))
			return PTR_ERR(ser);
		ser->flags = flags;
		outgoing_describe(pdev, ser);
	}
	ser->refs++;
	return 0;
}

static void outgoing_put_upto(struct pci_dev *pdev, struct pci_dev *end)
{
	for (; pdev != end; pdev = pci_upstream_bridge(pdev))
		outgoing_put(pdev);
}

/**
 * pci_liveupdate_preserve - Have a device run on across the next kexec
 * @pdev:   the device; the bridges above it are kept as well
 * @handle: serialized data of the file that is preserved
 *
 * Context: The preserve callback of a file handler that was given to
 *          pci_liveupdate_register().
 * Return: 0, -EBUSY when the device is on the list already, -ENOMEM, -ENOSPC
 *         when the list is full.
 */
int pci_liveupdate_preserve(struct pci_dev *pdev, u64 handle)
{
	struct pci_dev *dev;
	int err = 0;

	guard(mutex)(&outgoing_lock);
	if (!outgoing)
		return -EINVAL;
	if (outgoing_find(pdev))
		return -EBUSY;

	for (dev = pdev; dev; dev = pci_upstream_bridge(dev)) {
		err = outgoing_get(dev, dev == pdev ? 0 : PCI_DEV_SER_BRIDGE);
		if (err)
			break;
	}
	if (err)
		outgoing_put_upto(pdev, dev);
	else
		outgoing_find(pdev)->handle = handle;
	return err;
}
EXPORT_SYMBOL_GPL(pci_liveupdate_preserve);

/**
 * pci_liveupdate_unpreserve - Undo pci_liveupdate_preserve()
 * @pdev: the device
 */
void pci_liveupdate_unpreserve(struct pci_dev *pdev)
{
	guard(mutex)(&outgoing_lock);
	outgoing_put_upto(pdev, NULL);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_unpreserve);

/**
 * pci_liveupdate_outgoing - Must the device keep Bus Master at shutdown?
 * @pdev: the device
 *
 * Return: true for a preserved device and for the bridges above one.
 */
bool pci_liveupdate_outgoing(struct pci_dev *pdev)
{
	guard(mutex)(&outgoing_lock);
	return outgoing_find(pdev);
}

static bool warn_block(const struct pci_ser *ser)
{
	bool any = false;

	for (u32 i = 0; i < ser->count; i++) {
		const struct pci_dev_ser *dev = &ser->devices[i];

		if (dev->flags & PCI_DEV_SER_BRIDGE)
			continue;
		pr_warn("%04x:%02x:%02x.%d: no sleep, it is preserved\n",
			dev->domain, PCI_BUS_NUM(dev->bdf), PCI_SLOT(dev->bdf),
			PCI_FUNC(dev->bdf));
		any = true;
	}
	return any;
}

/* Say which devices are preserved; returns whether there are any. */
bool pci_liveupdate_warn_outgoing(void)
{
	const struct pci_ser *ser;
	bool any = false;

	guard(mutex)(&outgoing_lock);
	for (ser = outgoing; ser; ser = pci_ser_next(ser))
		any |= warn_block(ser);
	return any;
}

static bool outgoing_leaving(struct pci_dev *pdev)
{
	struct pci_dev *dev;

	lockdep_assert_held(&outgoing_lock);

	for (dev = pdev; dev; dev = pci_upstream_bridge(dev)) {
		struct pci_dev_ser *ser = outgoing_find(dev);

		if (pci_dev_is_disconnected(dev) ||
		    (ser && ser->flags & PCI_DEV_SER_LEAVING))
			return true;
	}
	return false;
}

/* Where the bridges above lead now. */
static void outgoing_refresh(struct pci_dev *pdev)
{
	struct pci_dev *dev = pdev;

	while ((dev = pci_upstream_bridge(dev))) {
		struct pci_dev_ser *ser = outgoing_find(dev);

		if (ser)
			outgoing_describe(dev, ser);
	}
}

/**
 * pci_liveupdate_leaving - Is a preserved device on its way out?
 * @pdev: the device
 *
 * Return: true when it, or a bridge above it, is being removed or was pulled out.
 */
bool pci_liveupdate_leaving(struct pci_dev *pdev)
{
	guard(mutex)(&outgoing_lock);
	return outgoing_leaving(pdev);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_leaving);

/**
 * pci_liveupdate_freeze - Will the next kernel know of running devices?
 * @pdev: the preserved device that is about to be left running
 *
 * An image that was loaded without KHO data, by the kexec_load() system call,
 * would take all memory for free, that which the device writes to as well.
 *
 * From then on the device is not removed, even when it was pulled out.
 *
 * Context: The freeze callback, in reboot(), which holds the kexec lock.
 * Return: 0, or after a line in the log -ENOEXEC for such an image, -EBUSY for a
 *         device that is being removed.
 */
int pci_liveupdate_freeze(struct pci_dev *pdev)
{
	if (!kexec_image || !kexec_image->kho.fdt) {
		pci_warn(pdev, "liveupdate: the loaded image has no KHO data, load it with kexec_file_load()\n");
		return -ENOEXEC;
	}
	guard(mutex)(&outgoing_lock);
	if (outgoing_leaving(pdev)) {
		pci_warn(pdev, "liveupdate: can't be frozen: it was pulled out\n");
		return -EBUSY;
	}
	outgoing_refresh(pdev);
	outgoing_frozen++;
	return 0;
}
EXPORT_SYMBOL_GPL(pci_liveupdate_freeze);

static struct pci_dev *outgoing_next_unplug(void)
{
	struct outgoing_unplug *unplug;
	struct pci_dev *pdev;

	guard(mutex)(&outgoing_lock);
	unplug = list_first_entry_or_null(&outgoing_unplugs,
					  struct outgoing_unplug, list);
	if (!unplug || outgoing_frozen)
		return NULL;
	list_del(&unplug->list);
	pdev = unplug->pdev;
	kfree(unplug);
	return pdev;
}

static void outgoing_unplug_work(struct work_struct *work)
{
	struct pci_dev *pdev;

	while ((pdev = outgoing_next_unplug())) {
		pci_stop_and_remove_bus_device_locked(pdev);
		pci_dev_put(pdev);
	}
}

static DECLARE_WORK(outgoing_unplug, outgoing_unplug_work);

/**
 * pci_liveupdate_unfreeze - Undo pci_liveupdate_freeze()
 * @pdev: the device
 *
 * With the last one, what was pulled out meanwhile is removed: that waits for
 * the session that has the device's file, as ever.
 */
void pci_liveupdate_unfreeze(struct pci_dev *pdev)
{
	guard(mutex)(&outgoing_lock);
	if (!--outgoing_frozen && !list_empty(&outgoing_unplugs))
		queue_work(system_long_wq, &outgoing_unplug);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_unfreeze);

static void outgoing_postpone(struct pci_dev *pdev)
{
	struct outgoing_unplug *unplug = kmalloc_obj(*unplug);

	pci_warn(pdev, "liveupdate: pulled out while the kernel ends, not removed\n");
	if (!unplug)
		return;
	unplug->pdev = pci_dev_get(pdev);
	list_add_tail(&unplug->list, &outgoing_unplugs);
}

/**
 * pci_liveupdate_may_remove - May a device and those below be removed now?
 * @pdev: the device
 *
 * A driver that is removed waits for the session that has its device's file, with
 * the device's lock held and in the interrupt thread of the port above. Once the
 * kernel is frozen the session can't be given up, and device_shutdown() would
 * wait for the lock or for the thread.
 *
 * Context: pci_lock_rescan_remove() is held.
 * Return: false for a device that is preserved, or above one that is, while any
 *         is frozen: pci_liveupdate_unfreeze() removes it. When true, the
 *         device is not frozen any more.
 */
bool pci_liveupdate_may_remove(struct pci_dev *pdev)
{
	struct pci_dev_ser *ser;

	guard(mutex)(&outgoing_lock);
	ser = outgoing_find(pdev);
	if (!ser)
		return true;
	ser->flags |= PCI_DEV_SER_LEAVING;
	if (!outgoing_frozen)
		return true;
	outgoing_postpone(pdev);
	return false;
}

int pci_liveupdate_flb_preserve(struct liveupdate_flb_op_args *args)
{
	struct pci_ser *ser = pci_ser_new();

	if (IS_ERR(ser))
		return PTR_ERR(ser);

	guard(mutex)(&outgoing_lock);
	outgoing = ser;
	args->obj = ser;
	args->data = virt_to_phys(ser);
	return 0;
}

void pci_liveupdate_flb_unpreserve(struct liveupdate_flb_op_args *args)
{
	guard(mutex)(&outgoing_lock);
	outgoing = NULL;
	pci_ser_free(args->obj);
}
