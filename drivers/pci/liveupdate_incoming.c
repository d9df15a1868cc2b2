// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that the previous kernel left running.
 *
 * The list is copied when the first device is enumerated, or when somebody asks
 * before one was. From then on an entry follows its device: found and held in
 * D0, claimed by the driver that took the device over, and dropped when the
 * session ends.
 *
 * While it is unclaimed nothing can stop it: it is not reset and not removed, and
 * only the driver that takes it over can bind it. A device that the list names
 * and that is not the same any more, or is not where it was, is stopped on the
 * spot. Not seen is not stopped: see liveupdate_lost_writers().
 *
 * Locking order: device lock -> pci_incoming_lock or outgoing_lock; neither of
 * these two under the other.
 */
#define pr_fmt(fmt) "PCI: liveupdate: " fmt

#include <linux/device.h>
#include <linux/export.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/liveupdate_files.h>
#include <linux/liveupdate_timeline.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/pci_liveupdate.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "liveupdate.h"

/* Protects the entries of pci_incoming; taken below any driver's locks. */
DEFINE_MUTEX(pci_incoming_lock);
DEFINE_XARRAY(pci_incoming);

bool pci_incoming_unknown;

/* Returns the entry of a device's address, or NULL. */
struct pci_incoming *pci_incoming_find(struct pci_dev *pdev)
{
	lockdep_assert_held(&pci_incoming_lock);

	return xa_load(&pci_incoming,
		       pci_incoming_key(pci_domain_nr(pdev->bus),
					pci_dev_id(pdev)));
}

/* The same, of a device that runs and is the one that was left. */
struct pci_incoming *pci_incoming_running(struct pci_dev *pdev)
{
	struct pci_incoming *in = pci_incoming_find(pdev);

	return in && in->pdev == pdev && in->state == PCI_INCOMING_RUNNING ?
	       in : NULL;
}

/* Returns the entry of the device that a file is of, or NULL. */
struct pci_incoming *pci_incoming_by_handle(u64 handle)
{
	struct pci_incoming *in;
	unsigned long key;

	lockdep_assert_held(&pci_incoming_lock);

	xa_for_each(&pci_incoming, key, in)
		if (!pci_incoming_is_bridge(in) && in->ser.handle == handle)
			return in;
	return NULL;
}

/* Add an entry: 0, -EBUSY when there is one of that address, -ENOMEM. */
int pci_incoming_add(const struct pci_dev_ser *ser)
{
	struct pci_incoming *in = kzalloc_obj(*in);
	int err;

	lockdep_assert_held(&pci_incoming_lock);

	if (!in)
		return -ENOMEM;
	in->ser = *ser;
	err = xa_insert(&pci_incoming, pci_incoming_key(ser->domain, ser->bdf),
			in, GFP_KERNEL);
	if (err)
		kfree(in);
	return err;
}

/*
 * A list that is refused is an empty one: the Live Update Orchestrator warns
 * when it can't finish what it could not retrieve. Its memory stays reserved.
 */
static int pci_liveupdate_flb_retrieve(struct liveupdate_flb_op_args *args)
{
	args->obj = pci_ser_is_sane(args->data) ? phys_to_virt(args->data) : NULL;
	return 0;
}

static void pci_liveupdate_flb_finish(struct liveupdate_flb_op_args *args)
{
	pci_ser_restore_free(args->obj);
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

static void incoming_load_block(const struct pci_ser *ser)
{
	for (u32 i = 0; i < ser->count; i++) {
		const struct pci_dev_ser *dev = &ser->devices[i];
		int err = pci_incoming_add(dev);

		if (!err)
			continue;
		pci_incoming_unknown = true;
		pr_err("entry of %04x:%02x:%02x.%d lost: error %d\n",
		       dev->domain, PCI_BUS_NUM(dev->bdf), PCI_SLOT(dev->bdf),
		       PCI_FUNC(dev->bdf), err);
	}
}

/*
 * There is no list that we can read; is there one that we can't? Without LUO that
 * is the same: all that was kept stays reserved, whoever writes to it.
 */
static void incoming_load_none(void)
{
	pci_incoming_unknown = liveupdate_enabled() &&
			       liveupdate_flb_is_incoming(PCI_LUO_FLB_PREFIX);
	if (pci_incoming_unknown)
		pr_err("the previous kernel's list of running devices is not a '%s'\n",
		       PCI_LUO_FLB_COMPATIBLE);
}

/* Copy the list, once. */
void pci_incoming_load(void)
{
	static bool loaded;
	struct pci_ser *ser;

	lockdep_assert_held(&pci_incoming_lock);

	if (loaded)
		return;
	loaded = true;
	if (liveupdate_flb_get_incoming(&pci_liveupdate_flb, (void **)&ser)) {
		incoming_load_none();
	} else {
		pci_incoming_unknown = !ser;
		for (; ser; ser = pci_ser_next(ser))
			incoming_load_block(ser);
		liveupdate_flb_put_incoming(&pci_liveupdate_flb);
	}
	if (pci_incoming_unknown)
		pr_err("devices may be running, every one that is found will be stopped\n");
}

/* What is wrong with the device that is at the entry's address, or NULL. */
static const char *incoming_difference(const struct pci_incoming *in,
				       struct pci_dev *pdev)
{
	struct pci_dev_ser is = {};

	if (pci_incoming_is_bridge(in) != pci_is_bridge(pdev))
		return "kind";
	pci_liveupdate_identify(pdev, &is);
	return pci_liveupdate_difference(&is, &in->ser);
}

static u8 incoming_secondary(const struct pci_incoming *bridge)
{
	return bridge->ser.bridge[0] >> 8;
}

static u8 incoming_subordinate(const struct pci_incoming *bridge)
{
	return bridge->ser.bridge[0] >> 16;
}

/*
 * Was the bridge above the device, in the previous kernel? Its own numbers tell,
 * whatever became of the two since.
 */
bool pci_incoming_leads_to(const struct pci_incoming *above,
			   const struct pci_incoming *in)
{
	u8 bus = PCI_BUS_NUM(in->ser.bdf);

	return pci_incoming_is_bridge(above) &&
	       above->ser.domain == in->ser.domain &&
	       incoming_secondary(above) <= bus &&
	       bus <= incoming_subordinate(above);
}

/*
 * A bus that got another number took its devices with it: they run, and their
 * addresses say nothing. Returns the bridge that leads to such a bus, or NULL.
 */
static struct pci_incoming *incoming_moved(struct pci_dev *pdev)
{
	struct pci_dev *bridge;

	for (bridge = pci_upstream_bridge(pdev); bridge;
	     bridge = pci_upstream_bridge(bridge)) {
		struct pci_incoming *in = pci_incoming_find(bridge);

		if (in && in->pdev == bridge &&
		    incoming_secondary(in) != bridge->subordinate->number)
			return in;
	}
	return NULL;
}

/* Is one of the bridges above not one that was left running? */
static bool incoming_astray(struct pci_dev *pdev)
{
	struct pci_dev *bridge;

	for (bridge = pci_upstream_bridge(pdev); bridge;
	     bridge = pci_upstream_bridge(bridge)) {
		struct pci_incoming *in = pci_incoming_find(bridge);

		if (!in || in->pdev != bridge)
			return true;
	}
	return false;
}

/* Nobody resets the bus below the device for a neighbour's sake. */
static void incoming_guard(struct pci_incoming *in)
{
	if (in->pdev->dev_flags & PCI_DEV_FLAGS_NO_BUS_RESET)
		return;
	in->pdev->dev_flags |= PCI_DEV_FLAGS_NO_BUS_RESET;
	in->guarded = true;
}

/* The bus below which the device is may be reset again. */
void pci_incoming_unguard(struct pci_incoming *in)
{
	if (in->guarded)
		in->pdev->dev_flags &= ~PCI_DEV_FLAGS_NO_BUS_RESET;
	in->guarded = false;
}

/* Who else has enabled the device still has; else Bus Master goes off. */
void pci_incoming_disable(struct pci_incoming *in)
{
	if (in->enabled)
		pci_disable_device(in->pdev);
	in->enabled = false;
}

/* Enumeration has turned MSI off, so that only INTx is left to be silenced. */
void pci_incoming_silence(struct pci_dev *pdev)
{
	u16 command;

	pci_read_config_word(pdev, PCI_COMMAND, &command);
	pci_write_config_word(pdev, PCI_COMMAND,
			      command | PCI_COMMAND_INTX_DISABLE);
}

/*
 * Bus Master off. The answer to a read pushes to memory what the device posted
 * before it. Returns whether the device can't write any more, which is also true
 * when it does not answer, for then it is gone.
 */
bool pci_incoming_halt(struct pci_dev *pdev)
{
	u16 command;

	pci_clear_master(pdev);
	pci_read_config_word(pdev, PCI_COMMAND, &command);
	return PCI_POSSIBLE_ERROR(command) || !(command & PCI_COMMAND_MASTER);
}

static void incoming_adopt(struct pci_incoming *in, struct pci_dev *pdev)
{
	in->pdev = pci_dev_get(pdev);
	in->state = PCI_INCOMING_RUNNING;
	pm_runtime_get_noresume(&pdev->dev);
	if (pci_incoming_is_bridge(in))
		return;
	pci_incoming_silence(pdev);
	incoming_guard(in);
	pci_info(pdev, "liveupdate: running since the previous kernel\n");
	liveupdate_stamp(LIVEUPDATE_PHASE_FOUND, "%s", pci_name(pdev));
}

/*
 * The device has to be stopped, and is. It is not reset: that could wait for a
 * lock of the very thread that found the device in a hotplug slot. So no driver
 * gets it before a reset, see pci_liveupdate_may_probe().
 */
static bool incoming_stop(struct pci_dev *pdev)
{
	if (!pci_incoming_halt(pdev)) {
		pci_err(pdev, "liveupdate: Bus Master can't be turned off\n");
		return false;
	}
	if (!pci_is_bridge(pdev))
		pci_incoming_set_suspect(pdev, true);
	return true;
}

/* The entry whose device is, under another number, behind this bridge. */
static struct pci_incoming *incoming_behind(const struct pci_incoming *bridge,
					    struct pci_dev *pdev)
{
	struct pci_incoming *in;
	unsigned long key;

	xa_for_each(&pci_incoming, key, in)
		if (in->state == PCI_INCOMING_AWAITED &&
		    pci_incoming_leads_to(bridge, in) &&
		    (in->ser.bdf & 0xff) == pdev->devfn &&
		    !incoming_difference(in, pdev))
			return in;
	return NULL;
}

static void incoming_stop_moved(struct pci_dev *pdev,
				const struct pci_incoming *bridge)
{
	struct pci_incoming *in = incoming_behind(bridge, pdev);

	pci_err(pdev, "liveupdate: stopping it, the bus below %s has another number\n",
		pci_name(bridge->pdev));
	if (incoming_stop(pdev) && in)
		in->state = PCI_INCOMING_STOPPED;
}

/* Somebody else is at the entry's address, so that its device is gone. */
static void incoming_stop_other(struct pci_dev *pdev, struct pci_incoming *in,
				const char *why)
{
	pci_err(pdev, "liveupdate: stopping it, it is not the device that was left running: %s differs\n",
		why);
	if (incoming_stop(pdev))
		in->state = PCI_INCOMING_STOPPED;
}

static void incoming_meet(struct pci_dev *pdev, struct pci_incoming *in)
{
	const char *difference = incoming_difference(in, pdev);

	if (!difference && incoming_astray(pdev))
		difference = "the bridge above";
	if (difference)
		incoming_stop_other(pdev, in, difference);
	else
		incoming_adopt(in, pdev);
}

/* A device that is plugged in has nothing in its BARs. */
static bool incoming_is_fresh(struct pci_dev *pdev)
{
	u32 bar, any = 0;

	for (int i = 0; i < PCI_STD_NUM_BARS; i++) {
		pci_read_config_dword(pdev, PCI_BASE_ADDRESS_0 + i * 4, &bar);
		any |= bar & ~0xf;
	}
	return !any;
}

static void incoming_setup(struct pci_dev *pdev)
{
	struct pci_incoming *bridge = incoming_moved(pdev);
	struct pci_incoming *in = pci_incoming_find(pdev);

	if (bridge) {
		incoming_stop_moved(pdev, bridge);
		return;
	}
	if (!in)
		return;
	switch (in->state) {
	case PCI_INCOMING_AWAITED:
		incoming_meet(pdev, in);
		break;
	case PCI_INCOMING_LOST:
		pci_err(pdev, "liveupdate: found too late, stopping it\n");
		incoming_stop(pdev);
		break;
	case PCI_INCOMING_STOPPED:
		pci_incoming_halt(pdev);
		break;
	default:
		break;
	}
}

/* Nobody knows which devices run: whatever is found is stopped. */
static void incoming_setup_unknown(struct pci_dev *pdev)
{
	struct pci_incoming *in = pci_incoming_find(pdev);

	if (pci_incoming_halt(pdev) && in && in->state == PCI_INCOMING_AWAITED)
		in->state = PCI_INCOMING_STOPPED;
}

/**
 * pci_liveupdate_incoming - Is the device running and unclaimed?
 * @pdev: the device
 *
 * Return: true from the enumeration of a device that the previous kernel left
 *         running until it is claimed or released. Never true for a bridge.
 */
bool pci_liveupdate_incoming(struct pci_dev *pdev)
{
	struct pci_incoming *in;

	guard(mutex)(&pci_incoming_lock);
	in = pci_incoming_running(pdev);
	return in && !pci_incoming_is_bridge(in);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_incoming);

/**
 * pci_liveupdate_setup_device - See to a device that is being enumerated
 * @pdev: the device, initialized and not yet added
 *
 * A device that the previous kernel left running will be held in D0, and be
 * bound only by the driver that can take it over.
 *
 * Context: May be a thread of a hotplug slot, which holds the lock that a reset
 *          of the slot takes.
 */
void pci_liveupdate_setup_device(struct pci_dev *pdev)
{
	guard(mutex)(&pci_incoming_lock);
	pci_incoming_load();
	if (pci_incoming_suspect(pdev) && incoming_is_fresh(pdev))
		pci_incoming_set_suspect(pdev, false);
	if (pci_incoming_unknown)
		incoming_setup_unknown(pdev);
	else if (!xa_empty(&pci_incoming))
		incoming_setup(pdev);
}
