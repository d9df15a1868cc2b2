// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* The guest's clock: how long it stood, and whether it went back. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/reboot.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

static _Atomic uint64_t latest;
static struct ticker ticker;

static void step_back(uint64_t step)
{
	uint64_t furthest = ticker.furthest;

	ticker.back++;
	while (step > furthest &&
	       !atomic_compare_exchange_weak(&ticker.furthest, &furthest, step))
		;
}

/* A look that ended before this one began, by whichever thread, saw no later time. */
uint64_t now_ns(void)
{
	uint64_t before = latest, now;
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = ts.tv_sec * 1000000000ull + ts.tv_nsec;
	if (now < before)
		step_back(before - now);
	latest = now;
	return now;
}

static void *tick(void *unused)
{
	const struct timespec step = { .tv_nsec = 10000000 };
	uint64_t last = now_ns(), now;

	(void)unused;
	for (;; last = now) {
		nanosleep(&step, NULL);
		now = now_ns();
		ticker.ticks++;
		if (now > last && now - last > ticker.longest)
			ticker.longest = now - last;
	}
	return NULL;
}

const struct ticker *ticker_start(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, tick, NULL);
	return &ticker;
}

void tcdrain_and_reboot(void)
{
	tcdrain(1);
	reboot(RB_AUTOBOOT);
	_exit(1);
}
