/* SPDX-License-Identifier: GPL-2.0 */
/**
 * DOC: List of PCI devices that keep running
 *
 * The list of PCI devices that must not be stopped, as it goes from one kernel
 * to the next: one File-Lifecycle-Bound object of the Live Update
 * Orchestrator for all files of all devices.
 *
 * The list is a chain of blocks. A block is pages preserved by KHO as one folio
 * of %PCI_SER_ORDER, and begins with a struct pci_ser; the object's handle is
 * the physical address of the first one. The next kernel reads it while it
 * enumerates, long before any file is retrieved.
 *
 * A kernel that finds a list of another version, under a name that begins with
 * %PCI_LUO_FLB_PREFIX, knows that devices are running and not which: it stops
 * every device it enumerates.
 */
#ifndef _LINUX_KHO_ABI_PCI_H
#define _LINUX_KHO_ABI_PCI_H

#include <linux/compiler.h>
#include <linux/types.h>

#define PCI_LUO_FLB_PREFIX	"carryover,pci-"
#define PCI_LUO_FLB_COMPATIBLE	"carryover,pci-v2"

/* Order of a block's folio; 32 KiB hold 481 devices. */
#define PCI_SER_ORDER		3

/* More blocks than this are no list. */
#define PCI_SER_MAX_BLOCKS	256

/* The device is above a preserved one and is kept for its sake. */
#define PCI_DEV_SER_BRIDGE	0x0001

/* The bridge had Bus Master on when the kernel was frozen. */
#define PCI_DEV_SER_MASTER	0x0002

/* Was to be removed; of no meaning to the next kernel, which sees what is there. */
#define PCI_DEV_SER_LEAVING	0x0004

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
 *                    timer and status, as they were when the kernel was frozen;
 *                    0 when the device is no bridge
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
 * struct pci_ser - one block of the list
 * @next:     physical address of the next block, 0 in the last one
 * @count:    entries of @devices in use
 * @reserved: 0
 * @devices:  no device twice in the whole list, in no order
 */
struct pci_ser {
	u64 next;
	u32 count;
	u32 reserved;
	struct pci_dev_ser devices[];
} __packed;

#endif
