// SPDX-License-Identifier: GPL-2.0-only
/*
 * A picture: areas of every IOAS on the left, the memfds that back them in the
 * middle, with memory that will be one, physical memory on the right; what
 * belongs together is joined.
 *
 * Boxes are as high as the memory is large, with a least height for what would
 * not be seen. Physical memory is drawn from the first to the last address that
 * is used. A box of the same memory has the same colour in all columns.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "inspect.h"
#include "read.h"

#define SVG_WIDTH	960
#define SVG_TOP		70
#define SVG_HEIGHT	640.0
#define SVG_BOX		180
#define SVG_AREA_X	30
#define SVG_MEMFD_X	390
#define SVG_PHYS_X	750
#define SVG_LEAST	16.0
#define SVG_GAP		6.0
/* A picture with more lines than this says no more. */
#define SVG_MAX_JOINS	2000

struct svg {
	FILE *out;
	const struct handover *h;
	uint64_t phys_first, phys_last;
	double area_y, memfd_y;		/* where the next box goes */
	double area_scale, memfd_scale;	/* pixels per byte */
	double *memfd_top;		/* by number, where its box is */
	size_t nr_memfds;
	unsigned int joins, dropped;
};

static const char *const colours[] = {
	"#4878a8", "#c86432", "#48945c", "#9860a0", "#a89030", "#b04868",
};

#define COLOUR(n)	colours[(n) % (sizeof(colours) / sizeof(*colours))]

static double high(double bytes, double scale)
{
	return bytes * scale > SVG_LEAST ? bytes * scale : SVG_LEAST;
}

static double phys_y(const struct svg *g, uint64_t phys)
{
	double all = (double)(g->phys_last - g->phys_first) + 1;

	return SVG_TOP + (double)(phys - g->phys_first) / all * SVG_HEIGHT;
}

static void box(struct svg *g, int x, double y, double height, const char *fill)
{
	fprintf(g->out, "<rect x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%.1f\" fill=\"%s\"/>\n",
		x, y, SVG_BOX, height, fill);
}

static void join(struct svg *g, int x, double y, double height, int to_x,
		 double to_y, double to_height, const char *fill)
{
	if (g->joins++ >= SVG_MAX_JOINS) {
		g->dropped++;
		return;
	}
	fprintf(g->out, "<path d=\"M%d %.1fL%d %.1fL%d %.1fL%d %.1fz\" fill=\"%s\" opacity=\".35\"/>\n",
		x, y, to_x, to_y, to_x, to_y + to_height, x, y + height, fill);
}

static void label(struct svg *g, int x, double y, const char *text)
{
	fprintf(g->out, "<text x=\"%d\" y=\"%.1f\">", x, y);
	for (; *text; text++)
		switch (*text) {
		case '<':
			fputs("&lt;", g->out);
			break;
		case '&':
			fputs("&amp;", g->out);
			break;
		default:
			putc(*text >= ' ' && *text <= '~' ? *text : '?', g->out);
		}
	fputs("</text>\n", g->out);
}

/* ------------------------------------------------------------- measuring -- */

/* Does something with the memfd @m of, or in the state of, @f. */
typedef void memfd_fn(struct svg *g, const struct file *f, const struct memfd *m);

/* Every memfd of every session, and every memory that will be one, by number. */
static void each_memfd(struct svg *g, memfd_fn *fn)
{
	for (size_t i = 0; i < g->h->nr_sessions; i++)
		for (size_t j = 0; j < g->h->session[i].nr_files; j++) {
			const struct file *f = &g->h->session[i].file[j];

			if (f->memfd)
				fn(g, f, f->memfd);
			for (size_t k = 0; f->context && k < f->context->nr_memories; k++)
				fn(g, f, &f->context->memory[k]);
		}
}

static void measure_memfd(struct svg *g, const struct file *f, const struct memfd *m)
{
	(void)f;
	g->nr_memfds++;
	g->memfd_scale += (double)m->size;
	for (size_t i = 0; i < m->nr_runs; i++) {
		const struct run *r = &m->run[i];
		uint64_t last = r->phys + r->pages * INSPECT_PAGE - 1;

		if (r->phys < g->phys_first)
			g->phys_first = r->phys;
		if (last > g->phys_last)
			g->phys_last = last;
	}
}

static void place_memfd(struct svg *g, const struct file *f, const struct memfd *m)
{
	(void)f;
	g->memfd_top[m->number] = g->memfd_y;
	g->memfd_y += high((double)m->size, g->memfd_scale) + SVG_GAP;
}

static void place(struct svg *g)
{
	g->memfd_top = read_array(g->nr_memfds, sizeof(*g->memfd_top));
	g->memfd_y = SVG_TOP;
	each_memfd(g, place_memfd);
}

static void measure(struct svg *g)
{
	double bytes = 0;

	g->phys_first = UINT64_MAX;
	each_memfd(g, measure_memfd);
	if (g->phys_first > g->phys_last)
		g->phys_first = g->phys_last = 0;
	for (size_t i = 0; i < g->h->nr_sessions; i++)
		for (size_t j = 0; j < g->h->session[i].nr_files; j++) {
			const struct context *c = g->h->session[i].file[j].context;

			for (size_t k = 0; c && k < c->nr_ioas; k++)
				for (size_t n = 0; n < c->ioas[k].nr_areas; n++)
					bytes += (double)(c->ioas[k].area[n].last -
							  c->ioas[k].area[n].iova) + 1;
		}
	g->area_scale = bytes > 0 ? SVG_HEIGHT / bytes : 0;
	g->memfd_scale = g->memfd_scale > 0 ? SVG_HEIGHT / g->memfd_scale : 0;
	g->area_y = SVG_TOP;
	place(g);
}

/* --------------------------------------------------------------- drawing -- */

static void label_memfd(struct svg *g, const struct file *f, const struct memfd *m, double y)
{
	const char *of = f->memfd ? "" : "memory of ";
	char text[96], size[32], page[32];

	size_name(m->size, size, sizeof(size));
	size_name(m->page_size, page, sizeof(page));
	snprintf(text, sizeof(text), "%stoken %" PRIu64 ", %s%s%s", of, f->token, size,
		 m->huge ? " / " : "", m->huge ? page : "");
	label(g, SVG_MEMFD_X + 6, y, text);
}

static void draw_memfd(struct svg *g, const struct file *f, const struct memfd *m)
{
	double top = g->memfd_top[m->number], height = high((double)m->size, g->memfd_scale);
	double per_page = m->size ? height * INSPECT_PAGE / (double)m->size : 0;

	for (size_t i = 0; i < m->nr_runs; i++) {
		const struct run *r = &m->run[i];
		double to = phys_y(g, r->phys), high_to =
			phys_y(g, r->phys + r->pages * INSPECT_PAGE - 1) - to;

		if (high_to < 0.5)
			high_to = 0.5;
		if (g->joins < SVG_MAX_JOINS)
			box(g, SVG_PHYS_X, to, high_to, COLOUR(m->number));
		join(g, SVG_MEMFD_X + SVG_BOX, top + (double)r->page * per_page,
		     (double)r->pages * per_page, SVG_PHYS_X, to, high_to, COLOUR(m->number));
	}
	box(g, SVG_MEMFD_X, top, height, COLOUR(m->number));
	label_memfd(g, f, m, top + 12);
}

static void join_area(struct svg *g, const struct area *a, const struct pages *p,
		      const struct memfd *m, double height)
{
	double all = high((double)m->size, g->memfd_scale);
	double per_byte = m->size ? all / (double)m->size : 0;
	double len = (double)(a->last - a->iova) + 1;

	join(g, SVG_AREA_X + SVG_BOX, g->area_y, height, SVG_MEMFD_X,
	     g->memfd_top[m->number] + (double)area_byte(a, p) * per_byte, len * per_byte,
	     COLOUR(m->number));
}

static void draw_area(struct svg *g, const struct file *f, const struct area *a)
{
	double height = high((double)(a->last - a->iova) + 1, g->area_scale);
	const struct pages *p = refer_pages(f->context, a);
	const struct memfd *memfd = p ? refer_memory(f->context, p) : NULL;
	const char *fill = "#808080";
	char text[64];

	if (memfd && area_in_pages(a, p)) {
		join_area(g, a, p, memfd, height);
		fill = COLOUR(memfd->number);
	}
	box(g, SVG_AREA_X, g->area_y, height, fill);
	snprintf(text, sizeof(text), "0x%" PRIx64, a->iova);
	label(g, SVG_AREA_X + 6, g->area_y + 12, text);
	g->area_y += height + SVG_GAP;
}

static void draw_context(struct svg *g, const struct file *f)
{
	char text[96];

	for (size_t i = 0; i < f->context->nr_ioas; i++) {
		const struct ioas *ioas = &f->context->ioas[i];

		snprintf(text, sizeof(text), "token %" PRIu64 ", IOAS %" PRIu64, f->token,
			 ioas->node.unit);
		label(g, SVG_AREA_X, g->area_y + 10, text);
		g->area_y += SVG_LEAST;
		for (size_t n = 0; n < ioas->nr_areas && n < SVG_MAX_JOINS; n++)
			draw_area(g, f, &ioas->area[n]);
	}
	for (size_t i = 0; i < f->context->nr_hwpts; i++) {
		const struct hwpt *t = &f->context->hwpt[i];

		if (t->top < g->phys_first || t->top > g->phys_last)
			continue;
		snprintf(text, sizeof(text), "< table of HWPT %" PRIu64, t->node.unit);
		label(g, SVG_PHYS_X + SVG_BOX - 110, phys_y(g, t->top) + 4, text);
	}
}

static void draw(struct svg *g)
{
	char text[96];

	box(g, SVG_PHYS_X, SVG_TOP, SVG_HEIGHT, "#e8e8e8");
	each_memfd(g, draw_memfd);
	for (size_t i = 0; i < g->h->nr_sessions; i++)
		for (size_t j = 0; j < g->h->session[i].nr_files; j++)
			if (g->h->session[i].file[j].context)
				draw_context(g, &g->h->session[i].file[j]);
	label(g, SVG_AREA_X, 24, "IOVA");
	label(g, SVG_MEMFD_X, 24, "memory files");
	label(g, SVG_PHYS_X, 24, "physical memory");
	snprintf(text, sizeof(text), "0x%" PRIx64, g->phys_first);
	label(g, SVG_PHYS_X, SVG_TOP - 6, text);
	snprintf(text, sizeof(text), "0x%" PRIx64, g->phys_last);
	label(g, SVG_PHYS_X, SVG_TOP + SVG_HEIGHT + 14, text);
	if (g->dropped) {
		snprintf(text, sizeof(text), "%u runs more are not drawn", g->dropped);
		label(g, SVG_MEMFD_X, SVG_TOP + SVG_HEIGHT + 30, text);
	}
}

int show_svg(const struct handover *h, const char *path)
{
	struct svg g = { .h = h, .out = strcmp(path, "-") ? fopen(path, "w") : stdout };
	bool bad;

	if (!g.out) {
		cmd_error("inspect", "%s: %s", path, strerror(errno));
		return -1;
	}
	measure(&g);
	/* Least heights and gaps may make it higher than it would be to scale. */
	fprintf(g.out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
		"font-family=\"sans-serif\" font-size=\"11\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
		SVG_WIDTH, (int)(SVG_TOP + SVG_HEIGHT) + 60);
	draw(&g);
	fputs("</svg>\n", g.out);
	free(g.memfd_top);
	bad = ferror(g.out);
	if (g.out != stdout)
		bad |= fclose(g.out) != 0;
	if (bad)
		cmd_error("inspect", "%s: not written", path);
	return bad ? -1 : 0;
}
