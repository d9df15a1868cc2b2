// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that the previous kernel left running.
 *
 * The list is copied when the first device is enumerated. From then on an
 * entry follows its device: found and held in D0, claimed by the driver that
 * took the device over, and dropped when the session ends.
 *
 * While it is nobody's nobody can stop it either: it is neither reset, removed
 * nor bound but by the driver that takes it over. A device that the list names
 * and that is not the same any more, or is not where it was, is stopped on the
 * spot.
 *
 * Locking order: device lock -> pci_incoming_lock or outgoing_lock; neither of
 * these two under the other.
 */
#define pr_fmt(fmt) "PCI: liveupdate: " fmt

#include <linux/device.h>
#include <linux/export.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
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

struct pci_incoming *pci_incoming_find(struct pci_dev *pdev)
{
	lockdep_assert_held(&pci_incoming_lock);

	return xa_load(&pci_incoming,
		       pci_incoming_key(pci_domain_nr(pdev->bus),
					pci_dev_id(pdev)));
}

static int incoming_add(const struct pci_dev_ser *ser)
{
	struct pci_incoming *in = kzalloc_obj(*in);
	int err;

	if (!in)
		return -ENOMEM;
	in->ser = *ser;
	err = xa_insert(&pci_incoming, pci_incoming_key(ser->domain, ser->bdf),
			in, GFP_KERNEL);
	if (err)
		kfree(in);
	return err;
}

static bool flb_is_sane(u64 data)
{
	const struct pci_ser *ser = phys_to_virt(data);

	if (!PAGE_ALIGNED(data) ||
	    kho_restorable_order(data) != PCI_SER_ORDER) {
		pr_err("no list at %#llx\n", data);
		return false;
	}
	if (ser->count > PCI_SER_MAX || ser->reserved) {
		pr_err("list of %u devices refused\n", ser->count);
		return false;
	}
	return true;
}

/*
 * A list that is refused is an empty one: the Live Update Orchestrator warns
 * when it can't finish what it could not retrieve. Its memory stays reserved.
 */
static int pci_liveupdate_flb_retrieve(struct liveupdate_flb_op_args *args)
{
	args->obj = flb_is_sane(args->data) ? phys_to_virt(args->data) : NULL;
	return 0;
}

static void pci_liveupdate_flb_finish(struct liveupdate_flb_op_args *args)
{
	if (args->obj)
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

/* There was a list and it was refused: any device may be running. */
static bool incoming_unknown;

static void incoming_load(void)
{
	static bool loaded;
	struct pci_ser *ser;

	lockdep_assert_held(&pci_incoming_lock);

	if (loaded)
		return;
	loaded = true;
	if (liveupdate_flb_get_incoming(&pci_liveupdate_flb, (void **)&ser))
		return;
	incoming_unknown = !ser;
	for (u32 i = 0; ser && i < ser->count; i++)
		if (incoming_add(&ser->devices[i]))
			pr_err("entry %u (%04x:%04x) refused\n", i,
			       ser->devices[i].domain, ser->devices[i].bdf);
	liveupdate_flb_put_incoming(&pci_liveupdate_flb);
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

/*
 * A bus that got another number took its devices with it: they run, and their
 * addresses say nothing. Returns the bridge that leads to such a bus, or NULL.
 */
static struct pci_dev *incoming_moved(struct pci_dev *pdev)
{
	struct pci_dev *bridge;

	for (bridge = pci_upstream_bridge(pdev); bridge;
	     bridge = pci_upstream_bridge(bridge)) {
		struct pci_incoming *in = pci_incoming_find(bridge);

		if (in && in->pdev == bridge &&
		    (in->ser.bridge[0] >> 8 & 0xff) != bridge->subordinate->number)
			return bridge;
	}
	return NULL;
}

/* Nobody resets the bus below the device for a neighbour's sake. */
static void incoming_guard(struct pci_incoming *in)
{
	if (in->pdev->dev_flags & PCI_DEV_FLAGS_NO_BUS_RESET)
		return;
	in->pdev->dev_flags |= PCI_DEV_FLAGS_NO_BUS_RESET;
	in->guarded = true;
}

/* Enumeration has turned MSI off, so that only INTx is left to be silenced. */
void pci_incoming_silence(struct pci_dev *pdev)
{
	u16 command;

	pci_read_config_word(pdev, PCI_COMMAND, &command);
	pci_write_config_word(pdev, PCI_COMMAND,
			      command | PCI_COMMAND_INTX_DISABLE);
}

static void incoming_adopt(struct pci_incoming *in, struct pci_dev *pdev)
{
	/* Gone and back without our doing, by hotplug. */
	if (in->pdev)
		pci_dev_put(in->pdev);
	in->pdev = pci_dev_get(pdev);
	pm_runtime_get_noresume(&pdev->dev);
	if (pci_incoming_is_bridge(in))
		return;
	pci_incoming_silence(pdev);
	incoming_guard(in);
	if (device_set_driver_override(&pdev->dev, PCI_LIVEUPDATE_DRIVER))
		pci_warn(pdev, "liveupdate: no memory to select a driver\n");
	pci_info(pdev, "liveupdate: running since the previous kernel\n");
	liveupdate_stamp(LIVEUPDATE_PHASE_FOUND, "%s", pci_name(pdev));
}

/* Returns whether the device has to be stopped. */
static bool incoming_setup(struct pci_dev *pdev)
{
	struct pci_dev *bridge = incoming_moved(pdev);
	struct pci_incoming *in = pci_incoming_find(pdev);
	const char *difference;

	if (bridge) {
		pci_err(pdev, "liveupdate: stopping it, the bus below %s has another number\n",
			pci_name(bridge));
		return true;
	}
	if (!in || in->claimed)
		return false;
	difference = incoming_difference(in, pdev);
	if (difference) {
		pci_err(pdev, "liveupdate: stopping it, it is not the device that was left running: %s differs\n",
			difference);
		return true;
	}
	incoming_adopt(in, pdev);
	return false;
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
	bool stop;

	scoped_guard(mutex, &pci_incoming_lock) {
		incoming_load();
		stop = incoming_unknown ||
		       (!xa_empty(&pci_incoming) && incoming_setup(pdev));
	}
	if (!stop)
		return;
	if (pci_is_bridge(pdev) || incoming_unknown)
		pci_clear_master(pdev);
	else
		pci_liveupdate_quiesce(pdev);
}
