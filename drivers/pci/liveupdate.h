/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DRIVERS_PCI_LIVEUPDATE_H
#define _DRIVERS_PCI_LIVEUPDATE_H

#include <linux/kho/abi/pci.h>
#include <linux/liveupdate.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/xarray.h>

struct pci_dev;

#define PCI_SER_SIZE	(PAGE_SIZE << PCI_SER_ORDER)
#define PCI_SER_MAX	((PCI_SER_SIZE - sizeof(struct pci_ser)) /	\
			 sizeof(struct pci_dev_ser))

/* The driver that can take over what it left running. */
#define PCI_LIVEUPDATE_DRIVER	"vfio-pci"

/**
 * struct pci_incoming - a device the previous kernel left running
 * @ser:     its entry on the list, copied
 * @pdev:    the device, with a reference, once it was enumerated
 * @claimed: somebody owns it again
 * @guarded: PCI_DEV_FLAGS_NO_BUS_RESET is set for us, because a reset of the bus
 *           for the sake of a neighbour would hit the device
 */
struct pci_incoming {
	struct pci_dev_ser ser;
	struct pci_dev *pdev;
	bool claimed;
	bool guarded;
};

extern struct mutex pci_incoming_lock;
extern struct xarray pci_incoming;

static inline unsigned long pci_incoming_key(u32 domain, u16 bdf)
{
	return (unsigned long)domain << 16 | bdf;
}

static inline bool pci_incoming_is_bridge(const struct pci_incoming *in)
{
	return in->ser.flags & PCI_DEV_SER_BRIDGE;
}

struct pci_incoming *pci_incoming_find(struct pci_dev *pdev);
void pci_incoming_silence(struct pci_dev *pdev);

extern struct liveupdate_flb pci_liveupdate_flb;

int pci_liveupdate_flb_preserve(struct liveupdate_flb_op_args *args);
void pci_liveupdate_flb_unpreserve(struct liveupdate_flb_op_args *args);

void pci_liveupdate_identify(struct pci_dev *pdev, struct pci_dev_ser *ser);
const char *pci_liveupdate_difference(const struct pci_dev_ser *is,
				      const struct pci_dev_ser *was);
int pci_liveupdate_check_bridge(struct pci_dev *bridge,
				const struct pci_dev_ser *was);

#endif
