// SPDX-License-Identifier: GPL-2.0-only
/* Memory without a file has no name; people know it by the mapping that shows it. */
#include <stdlib.h>

#include "inspect.h"
#include "read.h"

static int compare_shown(const void *a, const void *b)
{
	const struct shown_bytes *one = a, *other = b;

	if (one->memory != other->memory)
		return one->memory < other->memory ? -1 : 1;
	if (one->first != other->first)
		return one->first < other->first ? -1 : 1;
	return one->area < other->area ? -1 : one->area > other->area;
}

/* Adds an area of a memory; @shown is NULL to count only. */
static void add_area(const struct context *c, const struct ioas *ioas,
		     const struct area *a, struct shown_bytes *shown, size_t *n)
{
	const struct pages *p = refer_pages(c, a);

	if (!p || !(p->flags & PAGES_MEMORY) || !area_in_pages(a, p))
		return;
	if (shown)
		shown[*n] = (struct shown_bytes) {
			.memory = p->file, .first = area_byte(a, p),
			.end = area_byte(a, p) + (a->last - a->iova) + 1,
			.ioas = ioas, .area = a,
		};
	++*n;
}

static size_t add_areas(const struct context *c, struct shown_bytes *shown)
{
	size_t n = 0;

	for (size_t i = 0; i < c->nr_ioas; i++)
		for (size_t j = 0; j < c->ioas[i].nr_areas; j++)
			add_area(c, &c->ioas[i], &c->ioas[i].area[j], shown, &n);
	return n;
}

void shown_index(struct context *c)
{
	c->nr_shown = add_areas(c, NULL);
	c->shown = read_array(c->nr_shown, sizeof(*c->shown));
	add_areas(c, c->shown);
	qsort(c->shown, c->nr_shown, sizeof(*c->shown), compare_shown);
	for (size_t i = 1; i < c->nr_shown; i++) {
		const struct shown_bytes *before = &c->shown[c->shown[i - 1].furthest];
		struct shown_bytes *s = &c->shown[i];
		bool further = s->memory != before->memory || s->end > before->end;

		s->furthest = further ? i : s[-1].furthest;
	}
}

/* Is it of a memory before that one, or of its bytes before @end? */
static bool is_before(const struct shown_bytes *s, uint64_t memory, uint64_t end)
{
	return s->memory < memory || (s->memory == memory && s->first < end);
}

/* An area that shows some of the bytes from @first up to @end, or NULL. */
static const struct shown_bytes *find_shown(const struct context *c, uint64_t memory,
					    uint64_t first, uint64_t end)
{
	const struct shown_bytes *s;
	size_t low = 0, high = c->nr_shown;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (is_before(&c->shown[middle], memory, end))
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	s = &c->shown[c->shown[low - 1].furthest];
	return s->memory == memory && s->end > first ? s : NULL;
}

const char *shown_name(const struct file *f, const struct memfd *m, uint64_t page,
		       char *to, size_t size)
{
	uint64_t byte = page * INSPECT_PAGE;
	const struct shown_bytes *s = NULL;

	if (page < UINT64_MAX / INSPECT_PAGE)
		s = find_shown(f->context, m->node.unit, byte, byte + INSPECT_PAGE);
	if (s)
		snprintf(to, size, "%.60s IOVA %#llx", s->ioas->node.where,
			 (unsigned long long)(s->area->iova +
					      (byte > s->first ? byte - s->first : 0)));
	else
		snprintf(to, size, "%s at byte %#llx", m->node.where,
			 (unsigned long long)byte);
	return to;
}
