// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* Waiting for something that gives no notice, with a deadline. */
#include <errno.h>
#include <time.h>

#include "internal.h"

#define LIMIT_MS	5000
#define STEP_NS		1000000

static long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

int co_wait_for(int (*ask)(const void *arg), const void *arg, int timeout)
{
	const struct timespec step = { .tv_nsec = STEP_NS };
	long long end = now_ns() + timeout * 1000000ll;

	for (;;) {
		/* Before it asks: what came while nobody ran is seen by that. */
		bool is_last = timeout >= 0 && now_ns() >= end;
		int ret = ask(arg);

		if (ret != -EAGAIN)
			return ret;
		if (is_last)
			return -ETIMEDOUT;
		nanosleep(&step, NULL);
	}
}

int co_wait(int (*ask)(const void *arg), const void *arg)
{
	return co_wait_for(ask, arg, LIMIT_MS);
}
