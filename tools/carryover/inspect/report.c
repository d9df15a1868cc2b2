// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "inspect.h"

/* A hostile input has no more to say than this, a good one fewer notes. */
#define REPORT_MAX		1000
#define REPORT_MAX_NOTES	500

static void report_add(struct report *report, const char *kind, const char *where,
		       const char *format, va_list args)
{
	char text[256], *line;
	char **more;

	if (report->nr >= REPORT_MAX)
		return;
	vsnprintf(text, sizeof(text), format, args);
	more = realloc(report->line, (report->nr + 1) * sizeof(*more));
	if (!more)
		abort();
	report->line = more;
	if (asprintf(&line, "%s%s: %s", kind, where, text) < 0)
		abort();
	/* It goes to a terminal. */
	for (char *c = line; *c; c++)
		if (!isprint((unsigned char)*c))
			*c = '?';
	report->line[report->nr++] = line;
}

void report_bad(struct report *report, const char *where, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report->bad++;
	report_add(report, "", where, format, args);
	va_end(args);
}

void report_note(struct report *report, const char *where, const char *format, ...)
{
	va_list args;

	if (report->notes++ >= REPORT_MAX_NOTES)
		return;
	va_start(args, format);
	report_add(report, "note: ", where, format, args);
	va_end(args);
}

/* There is no need to look for more. */
bool report_is_full(const struct report *report)
{
	return report->nr >= REPORT_MAX;
}

void report_free(struct report *report)
{
	while (report->nr)
		free(report->line[--report->nr]);
	free(report->line);
	memset(report, 0, sizeof(*report));
}

const char *sbdf_name(uint64_t sbdf, char *to, size_t size)
{
	snprintf(to, size, "%04llx:%02x:%02x.%x", (unsigned long long)(sbdf >> 16),
		 (unsigned int)(sbdf >> 8) & 0xff, (unsigned int)(sbdf >> 3) & 0x1f,
		 (unsigned int)sbdf & 7);
	return to;
}

const char *size_name(uint64_t bytes, char *to, size_t size)
{
	static const char *const unit[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	unsigned int i = 0;

	while (i < 4 && bytes && !(bytes & 1023)) {
		bytes >>= 10;
		i++;
	}
	snprintf(to, size, "%llu %s", (unsigned long long)bytes, unit[i]);
	return to;
}
