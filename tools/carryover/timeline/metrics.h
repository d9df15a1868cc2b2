/* SPDX-License-Identifier: GPL-2.0-only */
/* The last live update for a monitoring system. */
#ifndef METRICS_H
#define METRICS_H

#include "arrival.h"

/**
 * struct metrics_plan - what is to be written
 * @from: a timeline
 * @live: it is that of the running kernel, which can be asked for more
 * @file: where to, "-" for standard output
 * @wait: how many seconds at most to wait until all sessions are finished
 */
struct metrics_plan {
	const char *from;
	bool live;
	const char *file;
	unsigned int wait;
};

/* In Prometheus' text format; without @live the time of day is not known. */
void metrics_write(FILE *out, const struct timeline *t, const struct arrival *a, bool live);

/*
 * textfile.c: write at once, and again when all sessions are finished or the time is
 * over. Returns the verdict on the update; what could not be done is said.
 */
enum cmd_exit metrics_textfile(const struct metrics_plan *plan);

#endif /* METRICS_H */
