// SPDX-License-Identifier: GPL-2.0-only
/* The timeline for people and for programs. */
#include <jansson.h>

#include "timeline.h"

static double ms(int64_t ns)
{
	return (double)ns / 1e6;
}

static void print(const struct event *e, FILE *out)
{
	fprintf(out, "%12.3f  ", ms(e->begin));
	if (e->end > e->begin)
		fprintf(out, "%9.3f", ms(e->end - e->begin));
	else
		fprintf(out, "%9s", "");
	fprintf(out, "  %-8s  %-8s  %s", e->previous ? "previous" : "this", e->phase, e->object);
	if (e->result)
		fprintf(out, "  failed: errno %d", -e->result);
	fputc('\n', out);
}

void timeline_text(const struct timeline *t, FILE *out)
{
	struct span span[SPANS_MAX];
	size_t spans = timeline_spans(t, span);

	fprintf(out, "%12s  %9s  %-8s  %-8s  %s\n", "ms", "took", "kernel", "phase", "object");
	for (size_t i = 0; i < t->count; i++)
		print(&t->event[i], out);
	if (t->lost)
		fprintf(out, "%zu events that make no sense are left out\n", t->lost);
	if (spans)
		fputc('\n', out);
	for (size_t i = 0; i < spans; i++)
		fprintf(out, "%-26s%12.3f ms\n", span[i].name, ms(span[i].end - span[i].begin));
}

static json_t *event_json(const struct event *e)
{
	return json_pack("{sI sI ss ss si ss}", "begin", (json_int_t)e->begin, "end",
			 (json_int_t)e->end, "kernel", e->previous ? "previous" : "this",
			 "phase", e->phase, "result", e->result, "object", e->object);
}

void timeline_json(const struct timeline *t, FILE *out)
{
	json_t *events = json_array(), *parts = json_array(), *all;
	struct span span[SPANS_MAX];
	size_t spans = timeline_spans(t, span);

	for (size_t i = 0; i < t->count; i++)
		json_array_append_new(events, event_json(&t->event[i]));
	for (size_t i = 0; i < spans; i++)
		json_array_append_new(parts, json_pack("{ss sI sI}", "name", span[i].name, "begin",
						       (json_int_t)span[i].begin, "end",
						       (json_int_t)span[i].end));
	all = json_pack("{so so sI}", "events", events, "spans", parts, "lost",
			(json_int_t)t->lost);
	json_dumpf(all, out, JSON_INDENT(1));
	fputc('\n', out);
	json_decref(all);
}
