/* SPDX-License-Identifier: GPL-2.0-only */
/* What the checks found. */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>

#include <jansson.h>

#include "cmd.h"

/**
 * enum level - how a finding counts
 * @LEVEL_GOOD: as it should be
 * @LEVEL_NOTE: worth knowing
 * @LEVEL_WARN: a live update works, and may not be what was wanted
 * @LEVEL_FAIL: stands in the way of a live update
 */
enum level {
	LEVEL_GOOD,
	LEVEL_NOTE,
	LEVEL_WARN,
	LEVEL_FAIL,
	LEVELS,
};

/**
 * struct report - findings in the order they were made
 * @findings: an array of objects
 * @count: of findings by level
 * @most: so many are kept, half of them notes at most, and others only counted; 0 for all
 */
struct report {
	json_t *findings;
	unsigned int count[LEVELS];
	unsigned int most;
};

/* Checks whose failure means that memory in use is overwritten. */
#define CHECK_KHO	"image-kho"
#define CHECK_MEMORY	"image-memory"

void report_begin(struct report *report);
void report_end(struct report *report);

/**
 * report_add - a finding
 * @report: where it goes
 * @level: how it counts
 * @check: which check, a stable word for programs
 * @object: what it is about: a device's address, a file
 * @remedy: what to do about it, or NULL
 * @fmt: what was found
 */
void report_add(struct report *report, enum level level, const char *check,
		const char *object, const char *remedy, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

/* Is there no use in looking for more? */
bool report_is_full(const struct report *report);

static inline bool report_failed(const struct report *report)
{
	return report->count[LEVEL_FAIL];
}

/* The verdict as an exit code. */
static inline enum cmd_exit report_code(const struct report *report)
{
	if (report_failed(report))
		return EXIT_NO;
	return report->count[LEVEL_WARN] ? EXIT_WARNINGS : EXIT_GOOD;
}

/* How many of the failures are of checks that save memory. */
unsigned int report_corrupts(const struct report *report);

/* For people; good findings and notes only if asked for. */
void report_print(const struct report *report, bool all);

/* For programs: the findings and the verdict, a new reference. */
json_t *report_json(const struct report *report);

#endif /* REPORT_H */
