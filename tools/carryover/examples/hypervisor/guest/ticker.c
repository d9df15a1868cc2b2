// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* How long the guest stood, as far as it can tell. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/reboot.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

static _Atomic uint64_t longest;

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void *tick(void *unused)
{
	const struct timespec step = { .tv_nsec = 1000000 };
	uint64_t last = now_ns(), now;

	(void)unused;
	for (;; last = now) {
		nanosleep(&step, NULL);
		now = now_ns();
		if (now - last > longest)
			longest = now - last;
	}
	return NULL;
}

void ticker_start(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, tick, NULL);
}

uint64_t ticker_gap(void)
{
	return longest;
}

void tcdrain_and_reboot(void)
{
	tcdrain(1);
	reboot(RB_AUTOBOOT);
	_exit(1);
}
