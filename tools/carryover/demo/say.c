// SPDX-License-Identifier: GPL-2.0-only
/* Output for people. */
#include <stdarg.h>
#include <stdio.h>

#include "helpers.h"
#include "say.h"

static unsigned int failures;

static void line(const char *mark, const char *what, const char *fmt,
		 va_list args)
{
	printf("  %-4s  %-34s  ", mark, what);
	vprintf(fmt, args);
	putchar('\n');
	fflush(stdout);
}

void say_head(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	putchar('\n');
	vprintf(fmt, args);
	putchar('\n');
	va_end(args);
}

void say(const char *what, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	line("", what, fmt, args);
	va_end(args);
}

bool say_check(bool ok, const char *what, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	line(ok ? "ok" : "FAIL", what, fmt, args);
	va_end(args);
	failures += !ok;
	return ok;
}

bool say_done(int ret, const char *what)
{
	if (ret < 0)
		say_check(false, what, "%s", co_error());
	return ret >= 0;
}

unsigned int say_failures(void)
{
	return failures;
}
