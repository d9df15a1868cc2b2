/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A canary: most of the free memory, filled with a pattern. If a page a device
 * still writes to was given back, it is among it, and the pattern breaks.
 */
#ifndef CANARY_H
#define CANARY_H

/* Take the memory. Ends the program on failure. */
void canary_take(void);

/* How many pages changed; gives the memory back. */
unsigned int canary_release(void);

#endif /* CANARY_H */
