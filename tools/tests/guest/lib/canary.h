/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A canary: most of the free memory, filled with a pattern. If a page a device
 * still writes to was given back, it is among it, and the pattern breaks.
 */
#ifndef CANARY_H
#define CANARY_H

#include <stdint.h>

/*
 * Take the memory. Ends the program on failure.
 *
 * What is given back a page at a time stays in small pieces, which a huge page
 * leaves alone: a part of the canary is taken in small pages, and first.
 */
void canary_take(void);

/* How many of these pages are in it; sorts the addresses. */
unsigned int canary_holds(uint64_t *pa, unsigned int count);

/* How many pages changed; gives the memory back. */
unsigned int canary_release(void);

#endif /* CANARY_H */
