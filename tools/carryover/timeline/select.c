// SPDX-License-Identifier: GPL-2.0-only
/* Which events are the last live update's, and what lies between them. */
#include <string.h>

#include "timeline.h"

static bool is(const struct event *e, const char *phase)
{
	return !strcmp(e->phase, phase);
}

/* What a kernel does to go, not to come. */
static bool departs(const struct event *e)
{
	return is(e, "preserve") || is(e, "freeze") || is(e, "kexec");
}

/* The previous kernel came by a live update, too: it left after that. */
static size_t departure(const struct timeline *t)
{
	size_t from = 0;

	for (size_t i = 0; i < t->count && t->event[i].previous; i++)
		if (!departs(&t->event[i]) && !is(&t->event[i], "mark"))
			from = i + 1;
	return from;
}

static size_t arrival(const struct timeline *t)
{
	size_t to = 0;

	while (to < t->count && (t->event[to].previous || !departs(&t->event[to])))
		to++;
	return to;
}

const struct event *timeline_first(const struct timeline *t, const char *phase, bool previous)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->event[i].previous == previous && is(&t->event[i], phase))
			return &t->event[i];
	return NULL;
}

const struct event *timeline_last(const struct timeline *t, const char *phase, bool previous)
{
	for (size_t i = t->count; i-- > 0; )
		if (t->event[i].previous == previous && is(&t->event[i], phase))
			return &t->event[i];
	return NULL;
}

/* In a later attempt, that is: in one each session is frozen once. */
static bool frozen_later(const struct timeline *t, size_t i)
{
	for (size_t j = i + 1; j < t->count; j++)
		if (t->event[j].previous && is(&t->event[j], "freeze") &&
		    !strcmp(t->event[j].object, t->event[i].object))
			return true;
	return false;
}

const struct event *timeline_freeze(const struct timeline *t)
{
	const struct event *begin = NULL;

	for (size_t i = t->count; i-- > 0; ) {
		const struct event *e = &t->event[i];

		if (!e->previous || !is(e, "freeze"))
			continue;
		if (e->result || frozen_later(t, i))
			break;
		begin = e;
	}
	return begin;
}

bool timeline_hands_over(const struct timeline *t, const struct event *e)
{
	const struct event *end = t->event + t->count;
	size_t name = strrchr(e->object, '/') ? strrchr(e->object, '/') - e->object : 0;

	if (!e->previous || !is(e, "preserve") || e->result)
		return false;
	for (const struct event *f = e + 1; f < end; f++)
		if (f->previous && is(f, "preserve") && !f->result && !strcmp(f->object, e->object))
			return false;
	for (const struct event *f = timeline_freeze(t); f && f < end; f++)
		if (f->previous && is(f, "freeze") && strlen(f->object) == name &&
		    !strncmp(f->object, e->object, name))
			return true;
	return false;
}

void timeline_select(struct timeline *t)
{
	size_t from = departure(t), to = arrival(t);
	const struct event *freeze;

	/* Without a previous kernel there is only what this one prepares. */
	if (!t->count || !t->event[0].previous) {
		from = 0;
		to = t->count;
	}
	if (from >= to) {
		t->count = 0;
		return;
	}
	memmove(t->event, t->event + from, (to - from) * sizeof(*t->event));
	t->count = to - from;
	freeze = timeline_freeze(t);
	t->origin = freeze ? freeze->begin : t->event[0].begin;
	for (size_t i = 0; i < t->count; i++) {
		t->event[i].begin -= t->origin;
		t->event[i].end -= t->origin;
	}
}

struct spans {
	struct span *span;
	size_t count;
};

static void between(struct spans *s, const char *name, const char *label,
		    const struct event *from, const struct event *to)
{
	if (from && to && to->end >= from->begin)
		s->span[s->count++] = (struct span){ name, label, from->begin, to->end };
}

/* From the end of one to the end of the other. */
static void until(struct spans *s, const char *name, const char *label,
		  const struct event *from, const struct event *to)
{
	struct event after;

	if (!from)
		return;
	after = *from;
	after.begin = from->end;
	between(s, name, label, &after, to);
}

/* What was preserved and given up again before is no part of it. */
static void preserved(struct spans *s, const struct timeline *t)
{
	const struct event *from = NULL, *to = NULL;

	for (size_t i = 0; i < t->count; i++) {
		if (!timeline_hands_over(t, &t->event[i]))
			continue;
		from = from ? from : &t->event[i];
		to = &t->event[i];
	}
	between(s, "preserve", "preserve", from, to);
}

size_t timeline_spans(const struct timeline *t, struct span span[SPANS_MAX])
{
	struct spans s = { .span = span };
	const struct event *freeze = timeline_freeze(t);
	const struct event *frozen = timeline_last(t, "freeze", true);
	const struct event *gone = timeline_last(t, "kexec", true);
	const struct event *boot = timeline_first(t, "boot", false);
	const struct event *found = timeline_last(t, "found", false);
	const struct event *bound = timeline_last(t, "bound", false);
	const struct event *retrieved = timeline_last(t, "retrieve", false);
	const struct event *mark = timeline_first(t, "mark", false);

	preserved(&s, t);
	between(&s, "freeze", "freeze", freeze, frozen);
	until(&s, "shut down", "shutdown", frozen, gone);
	until(&s, "kexec to first initcall", "kexec", gone, boot);
	until(&s, "enumeration", "enumeration", boot, found);
	until(&s, "probe", "probe", found, bound);
	between(&s, "retrieve", "retrieve", timeline_first(t, "retrieve", false), retrieved);
	between(&s, "freeze to first mark", NULL, freeze, mark);
	return s.count;
}
