/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupts of a VFIO device, by way of an eventfd.
 *
 * Everything in here but irq_set() ends the program when it fails.
 */
#ifndef IRQ_H
#define IRQ_H

#include <stdint.h>

/* VFIO_DEVICE_SET_IRQS with one file, or with -1 where there is none; 0 or -errno. */
int irq_set(int device, uint32_t index, uint32_t flags, uint32_t count,
	    int event);

/* Have the first vector of VFIO_PCI_*_IRQ_INDEX signal a new eventfd. */
int irq_open(int device, uint32_t index);

/* Turn it off and close the eventfd. */
void irq_close(int device, uint32_t index, int event);

/* INTx that came is masked until this. */
void irq_unmask_intx(int device);

/* How often the line of a device's INTx interrupted, whoever pulled it. */
uint64_t irq_intx_count(const char *bdf);

/* How often it was signalled; waits at most @ms for the first time. */
uint64_t irq_take(int event, int ms);

#endif /* IRQ_H */
