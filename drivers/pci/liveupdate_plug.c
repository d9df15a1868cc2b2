// SPDX-License-Identifier: GPL-2.0
/*
 * Where a running device sits: whether its slot may be turned off, and whether
 * what is above the PCI bridges lets it run on.
 */
#include <linux/export.h>
#include <linux/pci.h>
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
 * Return: true when a device in the slot is preserved, or runs and is nobody's,
 *         or is above such a one.
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

/* The platform device or the like that the host bridge's driver is bound to. */
static bool host_stops(struct pci_dev *pdev)
{
	struct device *parent = pci_find_host_bridge(pdev->bus)->dev.parent;

	return parent && dev_is_platform(parent) && parent->driver &&
	       to_platform_driver(parent->driver)->shutdown;
}

/**
 * pci_liveupdate_obstacle - Why a device can't be left running
 * @pdev: the device
 *
 * Return: PCI_LIVEUPDATE_NO_OBSTACLE, or what is above its bridges and would
 *         stop it at a kexec.
 */
enum pci_liveupdate_obstacle pci_liveupdate_obstacle(struct pci_dev *pdev)
{
	if (pci_real_dma_dev(pdev) != pdev)
		return PCI_LIVEUPDATE_BEHIND_DEVICE;
	if (host_stops(pdev))
		return PCI_LIVEUPDATE_HOST_STOPS;
	return PCI_LIVEUPDATE_NO_OBSTACLE;
}
EXPORT_SYMBOL_GPL(pci_liveupdate_obstacle);
