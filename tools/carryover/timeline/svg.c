// SPDX-License-Identifier: GPL-2.0-only
/*
 * A picture: a row for each event, time from left to right, the kexec a line
 * from top to bottom.
 */
#include <string.h>

#include "timeline.h"

#define WIDTH	960
#define LEFT	250
#define RIGHT	40
#define TOP	50
#define ROW	20
#define LEAST	3.0	/* what takes no time is seen, too */

struct scale {
	int64_t first;
	double per_ns;
};

static struct scale scale_of(const struct timeline *t)
{
	int64_t first = t->event[0].begin, end = t->event[0].end;

	for (size_t i = 0; i < t->count; i++) {
		if (t->event[i].begin < first)
			first = t->event[i].begin;
		if (t->event[i].end > end)
			end = t->event[i].end;
	}
	return (struct scale){ first, (WIDTH - LEFT - RIGHT) / ((double)(end - first) + 1) };
}

static double x_of(const struct scale *s, int64_t ns)
{
	return LEFT + (double)(ns - s->first) * s->per_ns;
}

static void put(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '&')
			fputs("&amp;", out);
		else
			fputc(*text, out);
	}
}

static void row(FILE *out, const struct scale *s, const struct event *e, size_t n)
{
	double x = x_of(s, e->begin), wide = x_of(s, e->end) - x;
	size_t y = TOP + n * ROW;

	fprintf(out, "<text x=\"10\" y=\"%zu\">%s ", y + 13, e->phase);
	put(out, e->object);
	fprintf(out, "</text>\n<rect x=\"%.1f\" y=\"%zu\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n",
		x, y + 2, wide > LEAST ? wide : LEAST, ROW - 6,
		e->result ? "#b04868" : e->previous ? "#4878a8" : "#c86432");
	fprintf(out, "<text x=\"%.1f\" y=\"%zu\" class=\"ms\">%.1f</text>\n",
		x > WIDTH / 2 ? x - 4 : x + (wide > LEAST ? wide : LEAST) + 4, y + 13,
		(double)e->begin / 1e6);
}

static void kexec_line(FILE *out, const struct scale *s, const struct timeline *t)
{
	for (size_t i = 0; i < t->count; i++) {
		double x = x_of(s, t->event[i].end);

		if (strcmp(t->event[i].phase, "kexec"))
			continue;
		fprintf(out, "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%zu\" stroke=\"#888\"/>\n",
			x, TOP - 6, x, TOP + t->count * ROW);
	}
}

void timeline_svg(const struct timeline *t, FILE *out)
{
	struct scale s;

	fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%zu\">\n"
		"<style>text{font:12px sans-serif}.ms{fill:#666;font-size:11px}</style>\n"
		"<text x=\"10\" y=\"20\">Live update, ms from the freeze: the previous kernel blue, "
		"this one orange</text>\n", WIDTH, TOP + t->count * ROW + 10);
	if (t->count) {
		s = scale_of(t);
		kexec_line(out, &s, t);
		for (size_t i = 0; i < t->count; i++)
			row(out, &s, &t->event[i], i);
	}
	fputs("</svg>\n", out);
}
