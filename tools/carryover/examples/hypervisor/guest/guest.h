/* SPDX-License-Identifier: (LGPL-2.1 OR MIT) */
#ifndef GUEST_H
#define GUEST_H

#include <stdatomic.h>
#include <stdint.h>

/**
 * struct ticker - what a thread has seen that sleeps for 10 ms, looks at the clock and
 *	sleeps again
 * @ticks: how often a timer has woken it up
 * @longest: the longest time between two looks, in ns
 * @back: how often the clock was behind an earlier look, of any thread
 * @furthest: how far at most, in ns
 */
struct ticker {
	_Atomic uint64_t ticks, longest, back, furthest;
};

/* CLOCK_MONOTONIC, in ns. */
uint64_t now_ns(void);

const struct ticker *ticker_start(void);

/* The end, once all that was printed is out. */
_Noreturn void tcdrain_and_reboot(void);

#endif /* GUEST_H */
