/* SPDX-License-Identifier: GPL-2.0 */
/**
 * DOC: List of PCI devices that keep running
 *
 * The list of PCI devices that must not be stopped, as it goes from one kernel
 * to the next: one File-Lifecycle-Bound object of the Live Update
 * Orchestrator for all files of all devices.
 *
 * The object's handle is the physical address of a struct pci_ser in pages
 * preserved by KHO as one folio. The next kernel reads it while it enumerates,
 * long before any file is retrieved.
 */
#ifndef _LINUX_KHO_ABI_PCI_H
#define _LINUX_KHO_ABI_PCI_H

#include <linux/compiler.h>
#include <linux/types.h>

#define PCI_LUO_FLB_COMPATIBLE	"carryover,pci-v1"

/* Order of the folio that holds struct pci_ser; 32 KiB hold 481 devices. */
#define PCI_SER_ORDER		3

/* The device is above a preserved one and is kept for its sake. */
#define PCI_DEV_SER_BRIDGE	0x0001

/* Registers of a bridge from PCI_PRIMARY_BUS on: bus numbers and windows. */
#define PCI_SER_BRIDGE_WORDS	7

/**
 * struct pci_dev_ser - one device on the list
 * @domain:           PCI segment
 * @bdf:              bus number << 8 | devfn
 * @flags:            PCI_DEV_SER_*
 * @vendor:           PCI_VENDOR_ID
 * @device:           PCI_DEVICE_ID
 * @subsystem_vendor: PCI_SUBSYSTEM_VENDOR_ID, or that of a bridge's capability
 * @subsystem_device: PCI_SUBSYSTEM_ID, likewise
 * @class_revision:   the 32 bits at PCI_CLASS_REVISION
 * @refs:             preserved files that need the device: 1 for an endpoint,
 *                    the number of preserved devices below for a bridge
 * @serial:           device serial number, 0 when there is none
 * @handle:           serialized data of the device's own file, 0 for a bridge:
 *                    which device a file is of can be told without reading the
 *                    file's state
 * @bridge:           the 32 bit words from PCI_PRIMARY_BUS on, without latency
 *                    timer and status; 0 when the device is no bridge
 */
struct pci_dev_ser {
	u32 domain;
	u16 bdf;
	u16 flags;
	u16 vendor;
	u16 device;
	u16 subsystem_vendor;
	u16 subsystem_device;
	u32 class_revision;
	u32 refs;
	u64 serial;
	u64 handle;
	u32 bridge[PCI_SER_BRIDGE_WORDS];
} __packed;

/**
 * struct pci_ser - the list
 * @count:    entries of @devices in use
 * @reserved: 0
 * @devices:  no device twice, in no order
 */
struct pci_ser {
	u32 count;
	u32 reserved;
	struct pci_dev_ser devices[];
} __packed;

#endif
