// SPDX-License-Identifier: GPL-2.0-only
/* Findings about the input, and how they and what they are about are named. */
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "inspect.h"

#define CHECK_HANDOVER	"handover"

static const char *printable(char *text)
{
	for (char *c = text; *c; c++)
		if (!isprint((unsigned char)*c))
			*c = '?';
	return text;
}

static void add(struct report *report, enum level level, const char *where,
		const char *format, va_list args)
{
	char object[128], text[256];

	snprintf(object, sizeof(object), "%s", where);
	vsnprintf(text, sizeof(text), format, args);
	report_add(report, level, CHECK_HANDOVER, printable(object), NULL, "%s", printable(text));
}

void report_bad(struct report *report, const char *where, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(report, LEVEL_FAIL, where, format, args);
	va_end(args);
}

void report_note(struct report *report, const char *where, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(report, LEVEL_NOTE, where, format, args);
	va_end(args);
}

const char *report_line(const struct report *report, size_t i, char *to, size_t size)
{
	json_t *finding = json_array_get(report->findings, i);
	bool note = json_integer_value(json_object_get(finding, "rank")) == LEVEL_NOTE;

	snprintf(to, size, "%s%s: %s", note ? "note: " : "",
		 json_string_value(json_object_get(finding, "object")),
		 json_string_value(json_object_get(finding, "text")));
	return to;
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
