// SPDX-License-Identifier: GPL-2.0-only
/* Assertions of the test programs. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "carryover.h"
#include "harness.h"

static unsigned int failures;

static void failed(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void failed(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	failures++;
	printf("FAIL %s:%d: ", file, line);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

void test_say(const char *fmt, ...)
{
	va_list args;

	printf("# ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

int test_result(void)
{
	printf("%s\n", failures ? "# failed" : "# passed");
	fflush(stdout);
	return !!failures;
}

bool test_check(bool ok, bool fatal, const char *what, const char *file,
		int line)
{
	if (!ok)
		failed(file, line, "%s (errno %d, %s)", what, errno,
		       strerror(errno));
	if (!ok && fatal)
		exit(1);
	return ok;
}

int test_works(int ret, const char *what, const char *file, int line)
{
	if (ret >= 0)
		return ret;
	failed(file, line, "%s: %s", what, co_error());
	exit(1);
}

void test_fails(int ret, int err, const char *what, const char *file,
		int line)
{
	if (ret == -err)
		return;
	failed(file, line, "%s: %s; expected: %s", what,
	       ret < 0 ? co_error() : "succeeded", strerror(err));
}

void test_same(long long a, long long b, const char *what, const char *as,
	       const char *file, int line)
{
	if (a != b)
		failed(file, line, "%s is %lld (0x%llx), %s is %lld (0x%llx)",
		       what, a, a, as, b, b);
}

long long test_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ll + now.tv_nsec / 1000;
}
