/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DRIVERS_PCI_LIVEUPDATE_H
#define _DRIVERS_PCI_LIVEUPDATE_H

#include <linux/kho/abi/pci.h>
#include <linux/liveupdate.h>
#include <linux/mm.h>

#define PCI_SER_SIZE	(PAGE_SIZE << PCI_SER_ORDER)
#define PCI_SER_MAX	((PCI_SER_SIZE - sizeof(struct pci_ser)) /	\
			 sizeof(struct pci_dev_ser))

extern struct liveupdate_flb pci_liveupdate_flb;

int pci_liveupdate_flb_preserve(struct liveupdate_flb_op_args *args);
void pci_liveupdate_flb_unpreserve(struct liveupdate_flb_op_args *args);

#endif
