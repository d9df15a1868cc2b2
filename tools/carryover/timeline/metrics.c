// SPDX-License-Identifier: GPL-2.0-only
/*
 * The last live update as metrics, in Prometheus' text format: HELP and TYPE
 * once for each, then its values. What is not known is not there.
 */
#include <stdarg.h>
#include <time.h>

#include "metrics.h"

#define LAST "carryover_last_update_"

static void describe(FILE *out, const char *name, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void number(FILE *out, const char *name, const char *help, double value)
{
	describe(out, name, help);
	fprintf(out, "%s %.15g\n", name, value);
}

/* How many bytes a character in UTF-8 has, 0 if it is none. */
static size_t character(const unsigned char *at)
{
	size_t more = at[0] < 0x80 ? 0 : at[0] >= 0xc2 && at[0] < 0xe0 ? 1 :
		      at[0] >= 0xe0 && at[0] < 0xf0 ? 2 : at[0] >= 0xf0 && at[0] < 0xf5 ? 3 : 4;

	/* Too long a form, a surrogate, beyond the last one. */
	if (more == 4 || (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] >= 0xa0) ||
	    (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] >= 0x90))
		return 0;
	for (size_t i = 1; i <= more; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	return more + 1;
}

/* The format knows three characters to escape, and takes nothing but UTF-8. */
static void label(FILE *out, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t len;

	for (; *at; at += len ? len : 1) {
		len = character(at);
		if (*at == '\n')
			fputs("\\n", out);
		else if (*at == '"' || *at == '\\')
			fprintf(out, "\\%c", *at);
		else if (len)
			fwrite(at, 1, len, out);
		else
			fputc('?', out);
	}
}

static double seconds(int64_t ns)
{
	return (double)ns / 1e9;
}

/* A moment on CLOCK_MONOTONIC as one of the calendar. */
static double calendar(int64_t ns)
{
	struct timespec real, mono;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	return seconds(ns) + (double)(real.tv_sec - mono.tv_sec) +
		seconds(real.tv_nsec - mono.tv_nsec);
}

static void phases(FILE *out, const struct timeline *t)
{
	struct span span[SPANS_MAX];
	size_t spans = timeline_spans(t, span);

	describe(out, LAST "phase_seconds", "How long a phase of the last live update took.");
	for (size_t i = 0; i < spans; i++)
		if (span[i].label)
			fprintf(out, LAST "phase_seconds{phase=\"%s\"} %.9f\n", span[i].label,
				seconds(span[i].end - span[i].begin));
}

/* Until a program says that it goes on, or without that until all files are there. */
static void blackout(FILE *out, const struct timeline *t, bool good)
{
	const struct event *freeze = timeline_freeze(t);
	const struct event *end = timeline_first(t, "mark", false);

	if (!end && good)
		end = timeline_last(t, "retrieve", false);
	if (freeze && end)
		number(out, LAST "blackout_seconds",
		       "From the freeze to the first mark, or to the last file that was retrieved.",
		       seconds(end->end - freeze->begin));
}

static void last_update(FILE *out, const struct timeline *t, const struct arrival *a, bool live)
{
	bool good = arrival_code(a) == EXIT_GOOD;

	number(out, LAST "success",
	       "Whether all that the previous kernel handed over was taken back.", good);
	if (live)
		number(out, LAST "timestamp_seconds",
		       "When the previous kernel froze its sessions, in Unix time.",
		       calendar(t->origin));
	blackout(out, t, good);
	phases(out, t);
	number(out, LAST "sessions", "Sessions that were handed over.", a->sessions);
	number(out, LAST "sessions_finished", "Sessions that were finished.", a->finished);
	number(out, LAST "files", "Files that were handed over.", a->files);
	number(out, LAST "files_retrieved", "Files that were retrieved.", a->retrieved);
}

static void waiting(FILE *out, const struct arrival *a)
{
	number(out, "carryover_sessions_waiting",
	       "Sessions that were handed over and not finished yet.", a->waiting_count);
	if (!a->waiting_count)
		return;
	describe(out, "carryover_session_waiting", "A session that was not finished yet.");
	for (size_t i = 0; i < a->waiting_count; i++) {
		fputs("carryover_session_waiting{session=\"", out);
		label(out, a->waiting[i]);
		fputs("\"} 1\n", out);
	}
}

void metrics_write(FILE *out, const struct timeline *t, const struct arrival *a, bool live)
{
	number(out, "carryover_live_updated",
	       "Whether the running kernel came by a live update.", a->came);
	if (a->came)
		last_update(out, t, a, live);
	waiting(out, a);
}
