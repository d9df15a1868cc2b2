// SPDX-License-Identifier: GPL-2.0
/*
 * A driver takes over a device that the previous kernel left running. Until it
 * has succeeded the device runs on, whatever fails on the way.
 */
#include <linux/export.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/pci_liveupdate.h>

#include "liveupdate.h"

/* Note that the device was enabled again; false when this has to be undone. */
static bool incoming_set_enabled(struct pci_dev *pdev)
{
	struct pci_incoming *in;

	guard(mutex)(&pci_incoming_lock);
	in = pci_incoming_find(pdev);
	if (!in || in->pdev != pdev || in->enabled)
		return false;
	in->enabled = true;
	return true;
}

static bool incoming_is_enabled(struct pci_dev *pdev)
{
	struct pci_incoming *in;

	guard(mutex)(&pci_incoming_lock);
	in = pci_incoming_find(pdev);
	return in && in->enabled;
}

/**
 * pci_liveupdate_enable - A driver is going to take over an incoming device
 * @pdev: the device
 *
 * A driver that fails to open the device disables it again, and with the last
 * count of pci_enable_device() goes Bus Master. This is one more, until
 * pci_liveupdate_claim() or until the device is given up.
 *
 * Context: The device's lock is held.
 * Return: 0, or the error of pci_enable_device().
 */
int pci_liveupdate_enable(struct pci_dev *pdev)
{
	int err;

	if (incoming_is_enabled(pdev))
		return 0;
	err = pci_enable_device(pdev);
	if (err)
		return err;
	/* Enabling the device has unmasked its INTx, which has no handler yet. */
	pci_incoming_silence(pdev);
	if (!incoming_set_enabled(pdev))
		pci_disable_device(pdev);
	return 0;
}
EXPORT_SYMBOL_GPL(pci_liveupdate_enable);

/**
 * pci_liveupdate_drop_saved_master - See to a device that is taken over
 * @pdev: the device, after pci_liveupdate_enable() and pci_save_state()
 *
 * A driver that saves the state of a stopped device, to restore it when it is
 * done, finds Bus Master on and INTx off in an incoming one, so that is taken
 * out of the saved state. Other devices are not touched.
 */
void pci_liveupdate_drop_saved_master(struct pci_dev *pdev)
{
	if (!pci_liveupdate_incoming(pdev))
		return;
	pdev->saved_config_space[PCI_COMMAND / 4] &=
			~(PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_drop_saved_master);

/**
 * pci_liveupdate_claim - Somebody owns the device again
 * @pdev: the device
 *
 * It stays in D0 until pci_liveupdate_release(). The driver has it enabled.
 */
void pci_liveupdate_claim(struct pci_dev *pdev)
{
	struct pci_incoming *in;

	guard(mutex)(&pci_incoming_lock);
	in = pci_incoming_find(pdev);
	if (!in || in->pdev != pdev)
		return;
	in->state = PCI_INCOMING_CLAIMED;
	pci_incoming_unguard(in);
	pci_incoming_disable(in);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_claim);
