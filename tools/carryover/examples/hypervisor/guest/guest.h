/* SPDX-License-Identifier: (LGPL-2.1 OR MIT) */
#ifndef GUEST_H
#define GUEST_H

#include <stdint.h>

/* CLOCK_MONOTONIC, in ns. */
uint64_t now_ns(void);

/* A thread that looks at the clock every ms, and the longest time between two looks. */
void ticker_start(void);
uint64_t ticker_gap(void);

/* The end, once all that was printed is out. */
_Noreturn void tcdrain_and_reboot(void);

#endif /* GUEST_H */
