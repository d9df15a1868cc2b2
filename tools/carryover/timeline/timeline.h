/* SPDX-License-Identifier: GPL-2.0-only */
/* carryover timeline: what a live update did, and when. */
#ifndef TIMELINE_H
#define TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/**
 * struct event - a line of the kernel's timeline
 * @begin: ns, from a moment common to all events
 * @end: ns, not before @begin
 * @previous: the previous kernel did it
 * @result: 0 or a negative errno
 * @phase: such as "preserve"
 * @object: what it was done to; may be empty
 */
struct event {
	int64_t begin;
	int64_t end;
	bool previous;
	int result;
	char phase[16];
	char object[48];
};

/**
 * struct timeline - all of it, in the order in which the events ended
 * @event: the events, freed by timeline_free()
 * @count: how many
 * @lost: lines the kernel could make no sense of
 * @origin: what the events' times count from, in ns of CLOCK_MONOTONIC
 */
struct timeline {
	struct event *event;
	size_t count;
	size_t lost;
	int64_t origin;
};

/**
 * struct span - a part of the whole, named after what it lies between
 * @name: for people and programs
 * @label: in metrics, NULL if it is no phase
 * @begin: ns
 * @end: ns
 */
struct span {
	const char *name;
	const char *label;
	int64_t begin;
	int64_t end;
};

#define SPANS_MAX 8

/* Read from @path. 0 or -errno; -EBADMSG for a line that is none. */
int timeline_read(struct timeline *t, const char *path);
/* What an error of it means. */
const char *timeline_why(int err);
void timeline_free(struct timeline *t);

/*
 * Leave only the last live update: the previous kernel's departure, and this
 * one's arrival until it preserves something itself. Times count from the
 * beginning of the freeze, or from the first event without one.
 */
void timeline_select(struct timeline *t);

/*
 * The first freeze of the attempt by which the previous kernel went, NULL without
 * one: those before it came back.
 */
const struct event *timeline_freeze(const struct timeline *t);

/* Did it put a file into a session for this kernel, and not for an attempt before? */
bool timeline_hands_over(const struct timeline *t, const struct event *e);

/* The parts of the last live update, as far as there are. Returns how many. */
size_t timeline_spans(const struct timeline *t, struct span span[SPANS_MAX]);

/* The last or the first event of that phase in that kernel, or NULL. */
const struct event *timeline_last(const struct timeline *t, const char *phase, bool previous);
const struct event *timeline_first(const struct timeline *t, const char *phase, bool previous);

void timeline_text(const struct timeline *t, FILE *out);
void timeline_json(const struct timeline *t, FILE *out);
void timeline_svg(const struct timeline *t, FILE *out);

#endif /* TIMELINE_H */
