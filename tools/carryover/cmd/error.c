// SPDX-License-Identifier: GPL-2.0-only
/* How a command says what is wrong. */
#include <stdarg.h>
#include <stdio.h>

#include "cmd.h"

int cmd_error(const char *name, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "carryover %s: ", name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return EXIT_ERROR;
}

int cmd_usage(const char *name)
{
	fprintf(stderr, "'carryover %s --help' says more\n", name);
	return EXIT_USAGE;
}
