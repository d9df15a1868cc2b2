/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hotplug slots of the guest, and QEMU's hand that plugs and pulls. The ports
 * are pcie-root-port,power_controller_present=off, hotplug is native.
 */
#ifndef SLOT_H
#define SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "carryover.h"

/* Have QEMU's monitor do something; see tools/vm/vmlib/monitor.py. */
void slot_monitor(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Have an edu device plugged into this port of QEMU's, one that reaches all memory
 * as those that the runner makes.
 */
void slot_plug_edu(const char *port);

/* Pull the device below a port out, without asking anybody. */
void slot_pull(const char *port);

/* The port that is the slot, by the number in its capability. */
void slot_port(unsigned int slot, char port[CO_BDF_SIZE]);

/* Until the port's driver has taken what is plugged there for good. */
bool slot_wait_on(const char *port);

/* Write to the slot's "power", when it is done with the last event. 0 or -errno. */
int slot_power(unsigned int slot, bool on);

/* Until the device is there, or is not. False if that takes too long. */
bool slot_wait(const char *bdf, bool there);

/* Until it is not there, and something else can be plugged in its place. */
bool slot_wait_empty(const char *bdf, const char *port);

/* Until it is there, noticed at once, while its driver may not yet have it. */
bool slot_wait_seen(const char *bdf);

/* Until the driver of a VFIO device waits for it to be closed. */
bool slot_wait_leaving(const char *bdf);

/* Write a register of the device, as setpci does. */
void slot_config(const char *bdf, unsigned int at, uint16_t value);

/* Is the device bound to a driver of this name? */
bool slot_driver(const char *bdf, const char *driver);

#endif /* SLOT_H */
