// SPDX-License-Identifier: GPL-2.0
/*
 * What may happen to a running device that nobody owns: it is unplugged, a
 * bridge above it loses its driver, the system is put to sleep.
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

/* A port's driver turns Bus Master off when it goes. */
static void watch_unbound(struct pci_dev *pdev, struct pci_incoming *in)
{
	u16 command;

	if (!pci_incoming_is_bridge(in))
		return;
	pci_read_config_word(pdev, PCI_COMMAND, &command);
	if (command & PCI_COMMAND_MASTER)
		return;
	pci_warn(pdev, "liveupdate: stopped with running devices below\n");
	in->cut = true;
}

static int watch_bus(struct notifier_block *nb, unsigned long action, void *data)
{
	struct pci_dev *pdev = to_pci_dev(data);
	struct pci_incoming *in;

	if (action != BUS_NOTIFY_DEL_DEVICE && action != BUS_NOTIFY_UNBOUND_DRIVER)
		return NOTIFY_DONE;
	guard(mutex)(&pci_incoming_lock);
	in = pci_incoming_find(pdev);
	if (!in || in->pdev != pdev)
		return NOTIFY_DONE;
	if (action == BUS_NOTIFY_DEL_DEVICE)
		watch_removal(pdev, in);
	else
		watch_unbound(pdev, in);
	return NOTIFY_OK;
}

static struct notifier_block bus_watch = { .notifier_call = watch_bus };

static bool any_unclaimed(void)
{
	struct pci_incoming *in;
	unsigned long key;

	guard(mutex)(&pci_incoming_lock);
	xa_for_each(&pci_incoming, key, in)
		if (!pci_incoming_is_bridge(in) &&
		    in->state == PCI_INCOMING_RUNNING)
			return true;
	return false;
}

/* A device that sleeps writes nothing, and wakes up as if it had not slept. */
static int watch_sleep(struct notifier_block *nb, unsigned long action,
		       void *data)
{
	if (action != PM_SUSPEND_PREPARE && action != PM_HIBERNATION_PREPARE)
		return NOTIFY_DONE;
	if (!any_unclaimed() && !pci_liveupdate_any_outgoing())
		return NOTIFY_DONE;
	pr_warn("no sleep while a live update needs running devices\n");
	return notifier_from_errno(-EBUSY);
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
