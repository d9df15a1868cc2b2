// SPDX-License-Identifier: GPL-2.0-only
/* The channels to the runner: program output, reports, and the kernel's log. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "init.h"

static struct window *window;

void wire_open(struct window *w)
{
	window = w;
}

/*
 * The counter moves after the bytes: whoever reads it sees whole text. Each
 * channel has room for more than a test should print; what does not fit is
 * dropped and the counter stands above the size, which the runner reports.
 */
static void put(struct window_log *log, const char *text, size_t len)
{
	if (log->used + len <= log->size)
		memcpy((char *)window + log->offset + log->used, text, len);
	__atomic_store_n(&log->used, log->used + len, __ATOMIC_RELEASE);
}

/* One line of a stage's output, stamped with when and in which stage it was seen. */
void wire_line(int stage, const char *text, size_t len)
{
	char stamp[64];
	struct timespec now;
	int n;

	clock_gettime(CLOCK_MONOTONIC, &now);
	n = snprintf(stamp, sizeof(stamp), "[%d %lld.%06ld] ", stage,
		     (long long)now.tv_sec, now.tv_nsec / 1000);
	put(&window->program, stamp, n);
	put(&window->program, text, len);
	put(&window->program, "\n", 1);
}

void wire_report(const char *fmt, ...)
{
	char line[512];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(line, sizeof(line) - 1, fmt, args);
	va_end(args);
	if (n < 0)
		return;
	if (n > (int)sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n++] = '\n';
	put(&window->report, line, n);
}

void wire_kmsg(const char *fmt, ...)
{
	char line[256];
	va_list args;
	int fd, n;

	va_start(args, fmt);
	n = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (n > 0 && write(fd, line, strlen(line)) < 0)
		perror("kmsg");
	close(fd);
}
