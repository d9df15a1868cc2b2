// SPDX-License-Identifier: GPL-2.0-only
/* What the checks found, collected and shown. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "report.h"

static const char *const words[LEVELS] = { "good", "note", "warn", "fail" };
static const char *const marks[LEVELS] = { "  ok  ", "      ", " warn ", " FAIL " };

void report_begin(struct report *report)
{
	*report = (struct report){ .findings = json_array() };
}

void report_end(struct report *report)
{
	json_decref(report->findings);
}

bool report_is_full(const struct report *report)
{
	return report->most && json_array_size(report->findings) >= report->most;
}

static bool is_kept(const struct report *report, enum level level)
{
	return !report_is_full(report) &&
	       (level > LEVEL_NOTE || !report->most || report->count[level] <= report->most / 2);
}

void report_add(struct report *report, enum level level, const char *check,
		const char *object, const char *remedy, const char *fmt, ...)
{
	char text[512];
	json_t *finding;
	va_list args;

	report->count[level]++;
	if (!is_kept(report, level))
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	finding = json_pack("{ss ss ss* ss ss* si}", "level", words[level],
			    "check", check, "object", object, "text", text,
			    "remedy", remedy, "rank", (int)level);
	/* What came from outside may be no UTF-8; the finding is not lost. */
	if (!finding)
		finding = json_pack("{ss ss ss ss* si}", "level", words[level],
				    "check", check, "text",
				    "(not printable)", "remedy", remedy,
				    "rank", (int)level);
	if (!finding)
		finding = json_pack("{ss ss ss si}", "level", words[level],
				    "check", check, "text", "(not printable)",
				    "rank", (int)level);
	json_array_append_new(report->findings, finding);
}

static const char *get(const json_t *finding, const char *key)
{
	const char *text = json_string_value(json_object_get(finding, key));

	return text ? text : "";
}

static void print(const json_t *finding, enum level level)
{
	const char *object = get(finding, "object"), *remedy = get(finding, "remedy");

	printf("%s%-14s  %s%s%s\n", marks[level], get(finding, "check"), object,
	       object[0] ? ": " : "", get(finding, "text"));
	if (remedy[0])
		printf("%22s-> %s\n", "", remedy);
}

unsigned int report_corrupts(const struct report *report)
{
	unsigned int count = 0;
	json_t *finding;
	size_t i;

	json_array_foreach(report->findings, i, finding) {
		const char *check = get(finding, "check");

		if (json_integer_value(json_object_get(finding, "rank")) == LEVEL_FAIL &&
		    (!strcmp(check, CHECK_KHO) || !strcmp(check, CHECK_MEMORY)))
			count++;
	}
	return count;
}

void report_print(const struct report *report, bool all)
{
	json_t *finding;
	size_t i;

	json_array_foreach(report->findings, i, finding) {
		enum level level = json_integer_value(json_object_get(finding, "rank"));

		if (all || level >= LEVEL_WARN)
			print(finding, level);
	}
	if (report_failed(report))
		printf("no live update: %u in the way, %u warnings\n",
		       report->count[LEVEL_FAIL], report->count[LEVEL_WARN]);
	else
		printf("ready for a live update, %u warnings\n",
		       report->count[LEVEL_WARN]);
}

json_t *report_json(const struct report *report)
{
	/* A copy: the ranks are asked for afterwards, too. */
	json_t *findings = json_deep_copy(report->findings), *finding;
	size_t i;

	json_array_foreach(findings, i, finding)
		json_object_del(finding, "rank");
	return json_pack("{sb so si si}", "ready", !report_failed(report),
			 "findings", findings,
			 "failed", (int)report->count[LEVEL_FAIL],
			 "warnings", (int)report->count[LEVEL_WARN]);
}
