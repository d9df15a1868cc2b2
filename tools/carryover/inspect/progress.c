// SPDX-License-Identifier: GPL-2.0-only
/* How far it is, for people who wait: only on a terminal, and after a second. */
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "inspect.h"

#define PROGRESS_AFTER		1.0
#define PROGRESS_EVERY		0.2

static bool shown;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/**
 * progress - Say how far it is, if that is worth a line by now
 * @what: what is being done
 * @done: how much of it
 * @all:  of how much, 0 when that is not known
 */
void progress(const char *what, uint64_t done, uint64_t all)
{
	static double next;
	static int terminal = -1;
	double time;

	if (terminal < 0)
		terminal = isatty(STDERR_FILENO);
	if (!terminal)
		return;
	time = now();
	if (!next)
		next = time + PROGRESS_AFTER;
	if (time < next)
		return;
	next = time + PROGRESS_EVERY;
	shown = true;
	if (all)
		fprintf(stderr, "\r\033[Kcarryover inspect: %s, %" PRIu64 " %%", what,
			(uint64_t)((double)done * 100 / (double)all));
	else
		fprintf(stderr, "\r\033[Kcarryover inspect: %s, %" PRIu64 " KiB", what, done >> 10);
}

/* Takes the line away, before others are written. */
void progress_end(void)
{
	if (shown)
		fputs("\r\033[K", stderr);
	shown = false;
}
