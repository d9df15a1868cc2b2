/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU's edu device: one DMA at a time between memory and a buffer of its own
 * of 4096 bytes. A transfer takes 100 ms. It cannot be reset.
 */
#ifndef EDU_H
#define EDU_H

#include <stdbool.h>
#include <stdint.h>

#include "helpers.h"

#define EDU_VENDOR	0x1234
#define EDU_DEVICE	0x11e8
#define EDU_MAX		4095u	/* bytes a transfer */

enum edu_way {
	EDU_LOAD = 0,		/* memory to device */
	EDU_STORE = 2,		/* device to memory */
	EDU_IRQ = 4,		/* and an interrupt at the end, or'ed in */
};

/* Does it answer? The BAR has to be open. */
bool edu_alive(const struct co_bar *bar);

/* Start a transfer; none may be going on. */
void edu_start(const struct co_bar *bar, enum edu_way way, uint64_t pa,
	       uint32_t length);

/* Is a transfer going on? */
bool edu_busy(const struct co_bar *bar);

/* Raise an interrupt. It stays raised until it is acknowledged. */
void edu_irq_raise(const struct co_bar *bar);

/* Which interrupts are raised; 0 for none. */
uint32_t edu_irq_status(const struct co_bar *bar);

/* Acknowledge all that are raised. */
void edu_irq_acknowledge(const struct co_bar *bar);

/* Wait for the end of the transfer. 0, or -ETIMEDOUT after two seconds. */
int edu_wait(const struct co_bar *bar);

#endif /* EDU_H */
