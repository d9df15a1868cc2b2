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

struct pci_ser *pci_ser_new(void);
struct pci_ser *pci_ser_next(const struct pci_ser *ser);
struct pci_dev_ser *pci_ser_find(struct pci_ser *ser, u32 domain, u16 bdf);
struct pci_dev_ser *pci_ser_add(struct pci_ser *ser);
void pci_ser_remove(struct pci_ser *ser, struct pci_dev_ser *entry);
void pci_ser_free(struct pci_ser *ser);
bool pci_ser_is_sane(u64 data);
void pci_ser_restore_free(struct pci_ser *ser);

/**
 * enum pci_incoming_state - what is known of a device that was left running
 * @PCI_INCOMING_AWAITED: not seen yet: it runs, wherever it is
 * @PCI_INCOMING_RUNNING: it is there, runs, and is unclaimed; or it is a bridge
 *                        above others
 * @PCI_INCOMING_CLAIMED: it has an owner again
 * @PCI_INCOMING_STOPPED: seen, and writes nothing any more: stopped, or gone
 * @PCI_INCOMING_LOST:    given up without having been seen: it may be running
 *
 * AWAITED -> RUNNING -> CLAIMED, and from each of these to STOPPED; AWAITED ->
 * LOST. RUNNING and CLAIMED have a device, the others have none.
 */
enum pci_incoming_state {
	PCI_INCOMING_AWAITED,
	PCI_INCOMING_RUNNING,
	PCI_INCOMING_CLAIMED,
	PCI_INCOMING_STOPPED,
	PCI_INCOMING_LOST,
};

/**
 * struct pci_incoming - a device the previous kernel left running
 * @ser:     its entry on the list, copied
 * @pdev:    the device, with a reference, while it is there
 * @state:   see there
 * @guarded: PCI_DEV_FLAGS_NO_BUS_RESET is set for us, because a reset of the bus
 *           for the sake of a neighbour would hit the device
 * @enabled: it is enabled a second time, see pci_liveupdate_enable()
 */
struct pci_incoming {
	struct pci_dev_ser ser;
	struct pci_dev *pdev;
	enum pci_incoming_state state;
	bool guarded;
	bool enabled;
};

extern struct mutex pci_incoming_lock;
extern struct xarray pci_incoming;

/* There was a list and it could not be read in full: any device may be running. */
extern bool pci_incoming_unknown;

static inline unsigned long pci_incoming_key(u32 domain, u16 bdf)
{
	return (unsigned long)domain << 16 | bdf;
}

static inline bool pci_incoming_is_bridge(const struct pci_incoming *in)
{
	return in->ser.flags & PCI_DEV_SER_BRIDGE;
}

void pci_incoming_load(void);
int pci_incoming_add(const struct pci_dev_ser *ser);
struct pci_incoming *pci_incoming_find(struct pci_dev *pdev);
struct pci_incoming *pci_incoming_running(struct pci_dev *pdev);
struct pci_incoming *pci_incoming_by_handle(u64 handle);
bool pci_incoming_leads_to(const struct pci_incoming *above,
			   const struct pci_incoming *in);
bool pci_incoming_halt(struct pci_dev *pdev);
void pci_incoming_silence(struct pci_dev *pdev);
void pci_incoming_unguard(struct pci_incoming *in);
void pci_incoming_disable(struct pci_incoming *in);
void pci_incoming_leave(struct pci_incoming *in);
void pci_incoming_drop(struct pci_incoming *in);
bool pci_incoming_suspect(struct pci_dev *pdev);
void pci_incoming_set_suspect(struct pci_dev *pdev, bool on);
void pci_incoming_set_lost(void);
bool pci_incoming_is_lost(void);

extern struct liveupdate_flb pci_liveupdate_flb;

int pci_liveupdate_flb_preserve(struct liveupdate_flb_op_args *args);
void pci_liveupdate_flb_unpreserve(struct liveupdate_flb_op_args *args);
bool pci_liveupdate_warn_outgoing(void);

void pci_liveupdate_identify(struct pci_dev *pdev, struct pci_dev_ser *ser);
const char *pci_liveupdate_difference(const struct pci_dev_ser *is,
				      const struct pci_dev_ser *was);
int pci_liveupdate_check_bridge(struct pci_dev *bridge,
				const struct pci_dev_ser *was);

#endif
