// SPDX-License-Identifier: GPL-2.0
/*
 * What can happen to an unclaimed device: it is unplugged, or the system is put
 * to sleep.
 */
#define pr_fmt(fmt) "PCI: liveupdate: " fmt

#include <linux/init.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/pci_liveupdate.h>
#include <linux/suspend.h>
#include <linux/xarray.h>

#include "liveupdate.h"

/*
 * Stopped while it can be reached: after this its place may be somebody else's,
 * and nothing that is done for the entry's sake may reach that one. When the
 * device does not answer it has been pulled out.
 */
static void watch_removal(struct pci_dev *pdev, struct pci_incoming *in)
{
	bool halted = in->state == PCI_INCOMING_CLAIMED ||
		      pci_incoming_halt(pdev);

	pci_warn(pdev, "liveupdate: removed %s\n",
		 halted ? "and stopped" : "while running");
	pci_incoming_leave(in);
	in->state = halted ? PCI_INCOMING_STOPPED : PCI_INCOMING_AWAITED;
}

static int watch_bus(struct notifier_block *nb, unsigned long action, void *data)
{
	struct pci_dev *pdev = to_pci_dev(data);
	struct pci_incoming *in;

	if (action != BUS_NOTIFY_DEL_DEVICE)
		return NOTIFY_DONE;
	guard(mutex)(&pci_incoming_lock);
	in = pci_incoming_find(pdev);
	if (!in || in->pdev != pdev)
		return NOTIFY_DONE;
	watch_removal(pdev, in);
	return NOTIFY_OK;
}

static struct notifier_block bus_watch = { .notifier_call = watch_bus };

/* Log which devices run unclaimed; returns whether there are any. */
static bool warn_unclaimed(void)
{
	struct pci_incoming *in;
	unsigned long key;
	bool any = false;

	guard(mutex)(&pci_incoming_lock);
	xa_for_each(&pci_incoming, key, in) {
		if (pci_incoming_is_bridge(in) ||
		    in->state != PCI_INCOMING_RUNNING)
			continue;
		pci_warn(in->pdev, "liveupdate: no sleep, it runs and is not claimed\n");
		any = true;
	}
	return any;
}

/* A device that sleeps writes nothing, and wakes up as if it had not slept. */
static int watch_sleep(struct notifier_block *nb, unsigned long action,
		       void *data)
{
	bool unclaimed, outgoing;

	if (action != PM_SUSPEND_PREPARE && action != PM_HIBERNATION_PREPARE)
		return NOTIFY_DONE;
	unclaimed = warn_unclaimed();
	outgoing = pci_liveupdate_warn_outgoing();
	return unclaimed || outgoing ? notifier_from_errno(-EBUSY) : NOTIFY_DONE;
}

static struct notifier_block sleep_watch = { .notifier_call = watch_sleep };

/* Before the first device is found. */
static int __init pci_liveupdate_watch(void)
{
	int err = 0;

	if (!liveupdate_enabled())
		return 0;
	err = bus_register_notifier(&pci_bus_type, &bus_watch);
	return err ?: register_pm_notifier(&sleep_watch);
}
arch_initcall(pci_liveupdate_watch);
