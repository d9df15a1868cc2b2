// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* The last error of each thread. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "internal.h"

static _Thread_local char last_error[256] = "no error";

static int keep(int err, const char *fmt, va_list args)
{
	int used = vsnprintf(last_error, sizeof(last_error), fmt, args);

	if (used >= 0 && (size_t)used < sizeof(last_error))
		snprintf(last_error + used, sizeof(last_error) - used, ": %s",
			 strerror(err));
	errno = err;
	return -err;
}

int co_fail(const char *fmt, ...)
{
	int err = errno;
	va_list args;

	va_start(args, fmt);
	err = keep(err, fmt, args);
	va_end(args);
	return err;
}

int co_fail_as(int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	err = keep(err, fmt, args);
	va_end(args);
	return err;
}

const char *co_error(void)
{
	return last_error;
}
