// SPDX-License-Identifier: GPL-2.0
/*
 * The owner of a device that the previous kernel left running. It is unclaimed at
 * first. A driver claims it, or it is stopped.
 */
#define pr_fmt(fmt) "PCI: liveupdate: " fmt

#include <linux/export.h>
#include <linux/init.h>
#include <linux/kho/abi/liveupdate_note.h>
#include <linux/liveupdate_writers.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/pci_liveupdate.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "liveupdate.h"
#include "pci.h"

/* The device is not the entry's any more; the caller changes the state. */
void pci_incoming_leave(struct pci_incoming *in)
{
	lockdep_assert_held(&pci_incoming_lock);

	if (!in->pdev)
		return;
	pci_incoming_unguard(in);
	pci_incoming_disable(in);
	pm_runtime_put(&in->pdev->dev);
	pci_dev_put(in->pdev);
	in->pdev = NULL;
}

static void incoming_free(struct pci_incoming *in)
{
	pci_incoming_leave(in);
	xa_erase(&pci_incoming, pci_incoming_key(in->ser.domain, in->ser.bdf));
	kfree(in);
}

/* Nobody waits for the device any more, nor for its sake for a bridge above. */
void pci_incoming_drop(struct pci_incoming *in)
{
	struct pci_incoming *above;
	unsigned long key;

	lockdep_assert_held(&pci_incoming_lock);

	xa_for_each(&pci_incoming, key, above) {
		if (!pci_incoming_leads_to(above, in))
			continue;
		if (above->ser.refs)
			above->ser.refs--;
		if (!above->ser.refs)
			incoming_free(above);
	}
	incoming_free(in);
}

/* Is a device below the bridge unclaimed, and running as far as is known? */
static bool incoming_is_needed(const struct pci_incoming *bridge)
{
	struct pci_incoming *in;
	unsigned long key;

	xa_for_each(&pci_incoming, key, in)
		if (!pci_incoming_is_bridge(in) &&
		    (in->state == PCI_INCOMING_RUNNING ||
		     in->state == PCI_INCOMING_AWAITED) &&
		    pci_incoming_leads_to(bridge, in))
			return true;
	return false;
}

static bool incoming_is_held(struct pci_dev *pdev)
{
	struct pci_incoming *in;

	guard(mutex)(&pci_incoming_lock);
	in = pci_incoming_running(pdev);
	return in && (!pci_incoming_is_bridge(in) || incoming_is_needed(in));
}

/**
 * pci_liveupdate_busy - May userspace not stop the device by way of sysfs?
 * @pdev: the device
 *
 * Return: true for an unclaimed device that runs, for a device that is
 *         preserved, and for the bridges above them.
 */
bool pci_liveupdate_busy(struct pci_dev *pdev)
{
	return incoming_is_held(pdev) || pci_liveupdate_outgoing(pdev);
}

/* Nobody may have stopped it since, which cost the devices below what they wrote. */
static int check_bridge_running(struct pci_dev *bridge,
				const struct pci_incoming *in)
{
	u16 command;

	if (!(in->ser.flags & PCI_DEV_SER_MASTER))
		return 0;
	pci_read_config_word(bridge, PCI_COMMAND, &command);
	if (command & PCI_COMMAND_MASTER)
		return 0;
	pci_warn(bridge, "liveupdate: was stopped on the way\n");
	return -ENXIO;
}

static int check_above(struct pci_dev *bridge, struct pci_dev *pdev)
{
	struct pci_incoming *in = pci_incoming_find(bridge);

	if (in && in->pdev == bridge)
		return pci_liveupdate_check_bridge(bridge, &in->ser) ?:
		       check_bridge_running(bridge, in);
	pci_warn(bridge, "liveupdate: was not above %s\n", pci_name(pdev));
	return -ENXIO;
}

/**
 * pci_liveupdate_keeps_driver - May userspace not take the driver from a device?
 * @dev: a PCI device
 *
 * pci_bus_type's answer to the driver core. A preserved device's driver would wait
 * for the session that has its file, with the device's lock held, which reboot()
 * waits for. Without its driver a bridge passes on nothing of what the devices
 * below it write.
 *
 * Return: true for a device that is preserved, for the bridges above it, and for
 *         the bridges above an unclaimed device that runs.
 */
bool pci_liveupdate_keeps_driver(struct device *dev)
{
	struct pci_dev *pdev = to_pci_dev(dev);

	return pci_liveupdate_outgoing(pdev) ||
	       (pci_is_bridge(pdev) && pci_liveupdate_busy(pdev));
}

/* Its entry is the device's only while it is the one that was left. */
static int check_file(struct pci_dev *pdev, u64 handle)
{
	struct pci_incoming *in = pci_incoming_running(pdev);

	if (!in || pci_incoming_is_bridge(in)) {
		pci_warn(pdev, "liveupdate: was not left running\n");
		return -ENXIO;
	}
	if (in->ser.handle != handle) {
		pci_warn(pdev, "liveupdate: was left with another file\n");
		return -ENXIO;
	}
	return 0;
}

/**
 * pci_liveupdate_check - Is it the device that was left running, and where it was?
 * @pdev:   the device
 * @handle: serialized data of the file it is to be had by
 *
 * Which device it is was compared when it was enumerated.
 *
 * Return: 0 when it runs, is unclaimed and belongs to the file, and the bridges
 *         above have the bus numbers and windows that they had and never stopped
 *         to pass on what the device writes; or -ENXIO after a line in the log.
 */
int pci_liveupdate_check(struct pci_dev *pdev, u64 handle)
{
	struct pci_dev *bridge;
	int err;

	guard(mutex)(&pci_incoming_lock);
	err = check_file(pdev, handle);
	for (bridge = pci_upstream_bridge(pdev); bridge && !err;
	     bridge = pci_upstream_bridge(bridge))
		err = check_above(bridge, pdev);
	return err;
}
EXPORT_SYMBOL_GPL(pci_liveupdate_check);

/**
 * pci_liveupdate_find - The running device that a file is of
 * @handle: the file's serialized data
 *
 * Return: the device with a reference, or NULL when it is not there, is another
 *         one, or is no longer unclaimed.
 */
struct pci_dev *pci_liveupdate_find(u64 handle)
{
	struct pci_incoming *in;

	guard(mutex)(&pci_incoming_lock);
	pci_incoming_load();
	in = pci_incoming_by_handle(handle);
	if (!in || in->state != PCI_INCOMING_RUNNING)
		return NULL;
	return pci_dev_get(in->pdev);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_find);

/* A device on the list that was not enumerated yet also runs. */
static bool incoming_is_running(void)
{
	guard(mutex)(&pci_incoming_lock);
	pci_incoming_load();
	return pci_incoming_unknown || pci_incoming_is_lost() ||
	       !xa_empty(&pci_incoming);
}

static struct liveupdate_writers pci_liveupdate_writers = {
	.running = incoming_is_running,
	.lost = pci_incoming_is_lost,
};

static int __init pci_liveupdate_init(void)
{
	liveupdate_register_writers(&pci_liveupdate_writers);
	return 0;
}
core_initcall(pci_liveupdate_init);

static void incoming_lose(struct pci_incoming *in)
{
	in->state = PCI_INCOMING_LOST;
	pci_incoming_set_lost();
	pr_err("%04x:%02x:%02x.%d, left running, was not found and may be writing to memory: memory of the previous kernel is kept for good; reset the machine to get it back\n",
	       in->ser.domain, PCI_BUS_NUM(in->ser.bdf),
	       PCI_SLOT(in->ser.bdf), PCI_FUNC(in->ser.bdf));
}

/**
 * pci_liveupdate_listed - Is the device of a file on the list?
 * @handle: the file's serialized data
 *
 * Return: false for a list that could not be read, or that lacks the device:
 *         pci_liveupdate_unlisted() has to be told of it.
 */
bool pci_liveupdate_listed(u64 handle)
{
	guard(mutex)(&pci_incoming_lock);
	pci_incoming_load();
	return pci_incoming_by_handle(handle);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_listed);

/* Returns whether it can't go on either when a driver turns Bus Master on. */
static bool reset_idle(struct pci_dev *pdev)
{
	int err;

	pci_set_power_state(pdev, PCI_D0);
	pci_save_state(pdev);
	err = __pci_reset_function_locked(pdev);
	pci_restore_state(pdev);
	if (!err) {
		pci_info(pdev, "liveupdate: stopped and reset\n");
		return true;
	}
	pci_incoming_set_suspect(pdev, true);
	return !pdev->driver;
}

/*
 * A device that is in use is its user's, and what it does can't be told. But
 * whatever was found with a list that can't be read was stopped then, and who
 * has enabled it since has reset it, if it can be.
 */
static bool stop_locked(struct pci_dev *pdev)
{
	if (pci_is_enabled(pdev))
		return pci_incoming_unknown && pci_reset_supported(pdev);
	pci_err(pdev, "liveupdate: stopping it, it is not on the list of running devices\n");
	return pci_incoming_halt(pdev) && reset_idle(pdev);
}

/* Returns whether the device that was left running writes no more. */
static bool stop_unlisted(struct pci_dev *pdev)
{
	struct pci_dev *bridge = pci_dev_get(pci_upstream_bridge(pdev));
	bool stopped;

	pm_runtime_get_sync(&pdev->dev);
	if (bridge)
		pci_dev_lock(bridge);
	scoped_guard(pci_dev, pdev)
		stopped = stop_locked(pdev);
	if (bridge)
		pci_dev_unlock(bridge);
	pm_runtime_put(&pdev->dev);
	pci_dev_put(bridge);
	return stopped;
}

/**
 * pci_liveupdate_unlisted - A file says of a device that it was left running
 * @sbdf:   PCI segment << 16 | bus << 8 | devfn of the device
 * @handle: the file's serialized data; pci_liveupdate_listed() is false
 *
 * The device is stopped, if it is there; pci_liveupdate_forget() follows when
 * the session is finished.
 *
 * Context: takes the device's lock.
 */
void pci_liveupdate_unlisted(u64 sbdf, u64 handle)
{
	struct pci_dev *pdev = pci_get_domain_bus_and_slot(sbdf >> 16,
							   PCI_BUS_NUM(sbdf),
							   sbdf & 0xff);
	struct pci_dev_ser ser = { .domain = sbdf >> 16, .bdf = sbdf & 0xffff,
				   .handle = handle, .refs = 1 };
	struct pci_incoming *in;
	bool stopped = pdev && stop_unlisted(pdev);

	pci_dev_put(pdev);
	guard(mutex)(&pci_incoming_lock);
	if (pci_incoming_add(&ser)) {
		pci_incoming_set_lost();
		return;
	}
	in = pci_incoming_by_handle(handle);
	if (in && stopped)
		in->state = PCI_INCOMING_STOPPED;
}
EXPORT_SYMBOL_GPL(pci_liveupdate_unlisted);

/**
 * pci_liveupdate_forget - Nobody waits for a device any more
 * @handle: the file's serialized data
 *
 * For a file whose device pci_liveupdate_find() does not have: it was stopped,
 * or went, and then that is the end of it. When nobody has seen it, or knows of
 * it, it may be running: see liveupdate_lost_writers().
 */
void pci_liveupdate_forget(u64 handle)
{
	struct pci_incoming *in;

	guard(mutex)(&pci_incoming_lock);
	in = pci_incoming_by_handle(handle);
	if (!in) {
		pr_err("a device was left running and nothing tells which: memory of the previous kernel is kept for good; reset the machine to get it back\n");
		pci_incoming_set_lost();
	} else if (in->state == PCI_INCOMING_STOPPED) {
		pci_incoming_drop(in);
	} else if (in->state == PCI_INCOMING_AWAITED) {
		incoming_lose(in);
	}
}
EXPORT_SYMBOL_GPL(pci_liveupdate_forget);

/*
 * What a device without a reset was doing would go on as soon as a driver turns
 * Bus Master on, and its memory is somebody else's by then.
 */
static bool suspect_may_probe(struct pci_dev *pdev)
{
	int err;

	pci_set_power_state(pdev, PCI_D0);
	pci_save_state(pdev);
	err = __pci_reset_function_locked(pdev);
	if (err) {
		pci_err(pdev, "liveupdate: no driver may have it, it was stopped and has no reset: turn its power off and on\n");
		return false;
	}
	pci_restore_state(pdev);
	pci_info(pdev, "liveupdate: reset\n");
	pci_incoming_set_suspect(pdev, false);
	return true;
}

/**
 * pci_liveupdate_may_probe - May this driver bind the device now?
 * @pdev: the device
 * @drv:  the driver
 *
 * Context: The device's lock is held.
 * Return: false when the device is running and unclaimed, and the driver is
 *         not one that can take it over; also when the device was stopped, might
 *         go on with what it did, and can't be reset.
 */
bool pci_liveupdate_may_probe(struct pci_dev *pdev,
			      const struct pci_driver *drv)
{
	if (pci_incoming_suspect(pdev))
		return suspect_may_probe(pdev);
	if (!pci_liveupdate_incoming(pdev))
		return true;
	if (!drv->liveupdate)
		return false;
	/* It stays the one when the device is claimed. */
	if (device_set_driver_override(&pdev->dev, drv->name))
		pci_warn(pdev, "liveupdate: no memory to select a driver\n");
	return true;
}

/* Is it there, and the one that was left running? Then it may be reset by now. */
static bool incoming_let_reset(struct pci_dev *pdev)
{
	struct pci_incoming *in;

	guard(mutex)(&pci_incoming_lock);
	in = pci_incoming_find(pdev);
	if (!in || in->pdev != pdev)
		return false;
	pci_incoming_unguard(in);
	return true;
}

/* As pci_reset_function(), which could reset another device at the same place. */
static int reset_locked(struct pci_dev *pdev)
{
	int err;

	if (!incoming_let_reset(pdev))
		return -ENODEV;
	pci_set_power_state(pdev, PCI_D0);
	pci_save_state(pdev);
	pci_write_config_word(pdev, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE);
	err = __pci_reset_function_locked(pdev);
	pci_restore_state(pdev);
	return err;
}

/* The bridge above, with a reference; NULL also when the device is gone. */
static struct pci_dev *bridge_get(struct pci_dev *pdev)
{
	guard(device)(&pdev->dev);
	if (!incoming_let_reset(pdev))
		return NULL;
	return pci_dev_get(pci_upstream_bridge(pdev));
}

static int incoming_reset(struct pci_dev *pdev)
{
	struct pci_dev *bridge = bridge_get(pdev);
	int err;

	if (bridge)
		pci_dev_lock(bridge);
	scoped_guard(pci_dev, pdev)
		err = reset_locked(pdev);
	if (bridge)
		pci_dev_unlock(bridge);
	pci_dev_put(bridge);
	return err;
}

/* Bus Master off, unless the device went meanwhile, which stopped it as well. */
static void incoming_quiesce(struct pci_dev *pdev)
{
	guard(device)(&pdev->dev);
	if (!incoming_let_reset(pdev))
		return;
	if (!pci_incoming_halt(pdev)) {
		pci_err(pdev, "liveupdate: Bus Master can't be turned off: memory of the previous kernel is kept for good\n");
		pci_incoming_set_lost();
	}
	if (!pci_wait_for_pending_transaction(pdev))
		pci_warn(pdev, "liveupdate: transactions still pending\n");
}

/**
 * pci_liveupdate_quiesce - Make an incoming device unable to write memory
 * @pdev: the device; nothing is done to one that is gone by now
 *
 * Bus Master off, then a wait for what is under way, then a reset of the
 * function where it has one. On return no more DMA of the device arrives.
 *
 * Context: May sleep, takes the locks of the device and of the bridge above.
 * Return: false for a device that has no reset. It would go on when a driver
 *         turns Bus Master on, so no driver may bind it, and one that has it
 *         bound has to go.
 */
bool pci_liveupdate_quiesce(struct pci_dev *pdev)
{
	int err;

	incoming_quiesce(pdev);
	err = incoming_reset(pdev);
	if (err == -ENODEV) {
		pci_info(pdev, "liveupdate: stopped, it is gone\n");
		return true;
	}
	if (err) {
		pci_warn(pdev, "liveupdate: stopped, it has no reset: no driver may have it until its power was off\n");
		pci_incoming_set_suspect(pdev, true);
		return false;
	}
	pci_info(pdev, "liveupdate: stopped and reset\n");
	return true;
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
	struct pci_incoming *in;

	guard(mutex)(&pci_incoming_lock);
	in = pci_incoming_find(pdev);
	if (in && in->pdev == pdev)
		pci_incoming_drop(in);
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
