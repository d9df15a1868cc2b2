// SPDX-License-Identifier: GPL-2.0
/*
 * Which device it is, and where the bridges above have it.
 *
 * Registers are read, not what the kernel thinks of them: quirks may differ
 * between two kernels, the device is the same.
 */
#include <linux/kernel.h>
#include <linux/pci.h>

#include "liveupdate.h"

/* What does not tell where a bridge leads: latency timer, secondary status. */
static const u32 bridge_masks[PCI_SER_BRIDGE_WORDS] = {
	0x00ffffff, 0x0000ffff, ~0, ~0, ~0, ~0, ~0,
};

static void read_bridge(struct pci_dev *pdev, u32 *words)
{
	for (int i = 0; i < PCI_SER_BRIDGE_WORDS; i++) {
		pci_read_config_dword(pdev, PCI_PRIMARY_BUS + i * 4, &words[i]);
		words[i] &= bridge_masks[i];
	}
}

/**
 * pci_liveupdate_identify - Describe a device
 * @pdev: the device
 * @ser:  [OUT] its address, identity and, of a bridge, where it leads; the rest
 *        is left alone
 */
void pci_liveupdate_identify(struct pci_dev *pdev, struct pci_dev_ser *ser)
{
	u32 class_revision;

	pci_read_config_dword(pdev, PCI_CLASS_REVISION, &class_revision);
	ser->domain = pci_domain_nr(pdev->bus);
	ser->bdf = pci_dev_id(pdev);
	ser->vendor = pdev->vendor;
	ser->device = pdev->device;
	ser->subsystem_vendor = pdev->subsystem_vendor;
	ser->subsystem_device = pdev->subsystem_device;
	ser->class_revision = class_revision;
	ser->serial = pci_get_dsn(pdev);
	if (pci_is_bridge(pdev)) {
		u32 words[PCI_SER_BRIDGE_WORDS];

		read_bridge(pdev, words);
		memcpy(ser->bridge, words, sizeof(words));
	}
}

/**
 * pci_liveupdate_difference - Is it another device than it was?
 * @is:  what it is
 * @was: what it was, from the previous kernel
 *
 * Return: the name of what differs, or NULL for the same device.
 */
const char *pci_liveupdate_difference(const struct pci_dev_ser *is,
				      const struct pci_dev_ser *was)
{
	if (is->vendor != was->vendor)
		return "vendor";
	if (is->device != was->device)
		return "device ID";
	if (is->subsystem_vendor != was->subsystem_vendor)
		return "subsystem vendor";
	if (is->subsystem_device != was->subsystem_device)
		return "subsystem ID";
	if (is->class_revision >> 8 != was->class_revision >> 8)
		return "class";
	if (is->class_revision != was->class_revision)
		return "revision";
	if (is->serial != was->serial)
		return "serial number";
	return NULL;
}

/**
 * pci_liveupdate_check_bridge - Does a bridge lead where it led?
 * @bridge: the bridge
 * @was:    what it was, from the previous kernel
 *
 * Return: 0, or -ENXIO after a line in the log.
 */
int pci_liveupdate_check_bridge(struct pci_dev *bridge,
				const struct pci_dev_ser *was)
{
	u32 words[PCI_SER_BRIDGE_WORDS];

	read_bridge(bridge, words);
	for (int i = 0; i < PCI_SER_BRIDGE_WORDS; i++) {
		if (words[i] == was->bridge[i])
			continue;
		pci_warn(bridge, "liveupdate: %s: register %#x is %#010x, was %#010x\n",
			 i ? "window moved" : "bus numbers changed",
			 PCI_PRIMARY_BUS + i * 4, words[i], was->bridge[i]);
		return -ENXIO;
	}
	return 0;
}
