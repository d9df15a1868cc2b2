/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PCI devices that keep running across a live update.
 *
 * Outgoing: a driver that preserves a file of a device puts the device on a
 * list, the bridges above it come along. Listed devices keep Bus Master when
 * this kernel shuts down.
 *
 * Incoming: a device that the previous kernel listed. It is held in D0, only
 * the driver that takes it over may bind it, and it can't be reset, until it is
 * claimed (it has an owner again) or released.
 */
#ifndef _LINUX_PCI_LIVEUPDATE_H
#define _LINUX_PCI_LIVEUPDATE_H

#include <linux/errno.h>
#include <linux/types.h>

struct device;
struct liveupdate_file_handler;
struct pci_bus;
struct pci_dev;
struct pci_driver;
struct pci_saved_state;

/**
 * enum pci_liveupdate_blocker - why a device can't be left running
 * @PCI_LIVEUPDATE_NO_BLOCKER:   it can
 * @PCI_LIVEUPDATE_BEHIND_DEVICE: what it writes goes through another device that
 *                                is no bridge, as behind Intel's VMD: that one
 *                                is stopped
 * @PCI_LIVEUPDATE_HOST_STOPS:    the host bridge's driver stops the bus when the
 *                                kernel ends, or sets it up anew in the next one
 */
enum pci_liveupdate_blocker {
	PCI_LIVEUPDATE_NO_BLOCKER,
	PCI_LIVEUPDATE_BEHIND_DEVICE,
	PCI_LIVEUPDATE_HOST_STOPS,
};

#ifdef CONFIG_PCI_LIVEUPDATE
int pci_liveupdate_register(struct liveupdate_file_handler *fh);

int pci_liveupdate_preserve(struct pci_dev *pdev, u64 handle);
void pci_liveupdate_unpreserve(struct pci_dev *pdev);
int pci_liveupdate_freeze(struct pci_dev *pdev);
bool pci_liveupdate_leaving(struct pci_dev *pdev);
void pci_liveupdate_unfreeze(struct pci_dev *pdev);
bool pci_liveupdate_may_remove(struct pci_dev *pdev);
bool pci_liveupdate_outgoing(struct pci_dev *pdev);

void pci_liveupdate_setup_device(struct pci_dev *pdev);
bool pci_liveupdate_incoming(struct pci_dev *pdev);
bool pci_liveupdate_busy(struct pci_dev *pdev);
bool pci_liveupdate_slot_busy(struct pci_bus *bus, unsigned int slot);
bool pci_liveupdate_slot_kept(struct pci_bus *bus, unsigned int slot);
bool pci_liveupdate_keeps_driver(struct device *dev);
enum pci_liveupdate_blocker pci_liveupdate_blocker(struct pci_dev *pdev);
int pci_liveupdate_check(struct pci_dev *pdev, u64 handle);
struct pci_dev *pci_liveupdate_find(u64 handle);
bool pci_liveupdate_listed(u64 handle);
void pci_liveupdate_unlisted(u64 sbdf, u64 handle);
void pci_liveupdate_forget(u64 handle);
bool pci_liveupdate_may_probe(struct pci_dev *pdev,
			      const struct pci_driver *drv);
void pci_liveupdate_drop_saved_master(struct pci_dev *pdev);
int pci_liveupdate_get_saved(struct pci_saved_state *state, void **data,
			     size_t *len);
int pci_liveupdate_check_saved(const void *data, size_t len);
int pci_liveupdate_set_saved(struct pci_dev *pdev,
			     struct pci_saved_state *state, const void *data,
			     size_t len);
int pci_liveupdate_enable(struct pci_dev *pdev);
void pci_liveupdate_claim(struct pci_dev *pdev);
bool pci_liveupdate_quiesce(struct pci_dev *pdev);
void pci_liveupdate_release(struct pci_dev *pdev);
#else
static inline bool pci_liveupdate_outgoing(struct pci_dev *pdev)
{
	return false;
}

static inline bool pci_liveupdate_may_remove(struct pci_dev *pdev)
{
	return true;
}

static inline void pci_liveupdate_setup_device(struct pci_dev *pdev) { }

static inline bool pci_liveupdate_incoming(struct pci_dev *pdev)
{
	return false;
}

static inline bool pci_liveupdate_busy(struct pci_dev *pdev)
{
	return false;
}

static inline bool pci_liveupdate_slot_busy(struct pci_bus *bus,
					    unsigned int slot)
{
	return false;
}

static inline bool pci_liveupdate_slot_kept(struct pci_bus *bus,
					    unsigned int slot)
{
	return false;
}

#define pci_liveupdate_keeps_driver	NULL

static inline bool pci_liveupdate_may_probe(struct pci_dev *pdev,
					    const struct pci_driver *drv)
{
	return true;
}

static inline void pci_liveupdate_drop_saved_master(struct pci_dev *pdev) { }
#endif
#endif
