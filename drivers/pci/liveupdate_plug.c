// SPDX-License-Identifier: GPL-2.0
/*
 * Where a running device sits: whether its slot may be turned off, and whether
 * what is above the PCI bridges lets it run on.
 */
#include <linux/export.h>
#include <linux/pci.h>
#include <linux/pci-ecam.h>
#include <linux/pci_liveupdate.h>
#include <linux/platform_device.h>

#include "liveupdate.h"
#include "pci.h"

/**
 * pci_liveupdate_slot_busy - May a hotplug slot not be turned off?
 * @bus:  the bus that the slot is on
 * @slot: the device number
 *
 * Context: pci_lock_rescan_remove() is held.
 * Return: true when a device in the slot is preserved, runs unclaimed, or is
 *         above one that does.
 */
bool pci_liveupdate_slot_busy(struct pci_bus *bus, unsigned int slot)
{
	struct pci_dev *pdev;

	list_for_each_entry(pdev, &bus->devices, bus_list) {
		if (PCI_SLOT(pdev->devfn) != slot || !pci_liveupdate_busy(pdev))
			continue;
		pci_warn(pdev, "liveupdate: its slot stays on\n");
		return true;
	}
	return false;
}

/**
 * pci_liveupdate_slot_kept - Does a hotplug slot stay on?
 * @bus:  the bus that the slot is on
 * @slot: the device number
 *
 * Context: Takes pci_lock_rescan_remove().
 * Return: as pci_liveupdate_slot_busy().
 */
bool pci_liveupdate_slot_kept(struct pci_bus *bus, unsigned int slot)
{
	bool busy;

	pci_lock_rescan_remove();
	busy = pci_liveupdate_slot_busy(bus, slot);
	pci_unlock_rescan_remove();
	return busy;
}

/*
 * A driver of its own sets the host bridge up anew when it is probed: the link
 * goes down. One that firmware has set up, found by ACPI or as plain ECAM, is
 * left as it is.
 */
static bool host_stops(struct pci_dev *pdev)
{
	struct pci_host_bridge *host = pci_find_host_bridge(pdev->bus);
	struct device *parent = host->dev.parent;

	if (!parent || !parent->driver)
		return false;
	if (!IS_ENABLED(CONFIG_PCI_ECAM) ||
	    host->ops != &pci_generic_ecam_ops.pci_ops)
		return true;
	return dev_is_platform(parent) &&
	       to_platform_driver(parent->driver)->shutdown;
}

/**
 * pci_liveupdate_blocker - Why a device can't be left running
 * @pdev: the device
 *
 * Return: PCI_LIVEUPDATE_NO_BLOCKER, or what is above its bridges and would
 *         stop it when one kernel ends or the next begins.
 */
enum pci_liveupdate_blocker pci_liveupdate_blocker(struct pci_dev *pdev)
{
	if (pci_real_dma_dev(pdev) != pdev)
		return PCI_LIVEUPDATE_BEHIND_DEVICE;
	if (host_stops(pdev))
		return PCI_LIVEUPDATE_HOST_STOPS;
	return PCI_LIVEUPDATE_NO_BLOCKER;
}
EXPORT_SYMBOL_GPL(pci_liveupdate_blocker);
