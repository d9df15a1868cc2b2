// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that were stopped, and might go on when a driver turns Bus Master on;
 * and whether a device may be running that will never be stopped.
 */
#include <linux/compiler.h>
#include <linux/pci.h>
#include <linux/xarray.h>

#include "liveupdate.h"

static bool incoming_lost;

/* Devices that were stopped and not reset, by address; a value is all there is. */
static DEFINE_XARRAY(incoming_suspects);

/* A device may be running that was not stopped, and LUO does not keep its memory. */
void pci_incoming_set_lost(void)
{
	WRITE_ONCE(incoming_lost, true);
}

bool pci_incoming_is_lost(void)
{
	return READ_ONCE(incoming_lost);
}

static unsigned long suspect_key(struct pci_dev *pdev)
{
	return pci_incoming_key(pci_domain_nr(pdev->bus), pci_dev_id(pdev));
}

/* Was the device stopped and not reset since? */
bool pci_incoming_suspect(struct pci_dev *pdev)
{
	return xa_load(&incoming_suspects, suspect_key(pdev));
}

void pci_incoming_set_suspect(struct pci_dev *pdev, bool on)
{
	unsigned long key = suspect_key(pdev);

	if (!on)
		xa_erase(&incoming_suspects, key);
	else if (xa_err(xa_store(&incoming_suspects, key, xa_mk_value(1),
				 GFP_KERNEL)))
		pci_incoming_set_lost();
}
