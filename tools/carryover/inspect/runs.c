// SPDX-License-Identifier: GPL-2.0-only
/* From an area to physical memory, by the runs of what backs it. */
#include "inspect.h"

/* Physical addresses have so many bits at most, on x86-64. */
#define PHYS_MAX	(1ull << 52)

static bool run_is_sane(const struct run *r, uint64_t next)
{
	return r->pages && r->page >= next && r->phys < PHYS_MAX &&
	       r->pages <= (PHYS_MAX - r->phys) / INSPECT_PAGE &&
	       r->page <= UINT64_MAX / INSPECT_PAGE - r->pages;
}

/* A group is adjacent in file and memory, a span in the file only. */
static bool number_runs(struct memfd *m)
{
	uint64_t next = 0;

	for (size_t i = 0; i < m->nr_runs; i++) {
		struct run *r = &m->run[i];
		bool hole = r->page != next, jump = hole;

		if (!run_is_sane(r, next))
			return false;
		if (i) {
			jump |= r->phys != r[-1].phys + r[-1].pages * INSPECT_PAGE;
			r->span = r[-1].span + hole;
			r->group = r[-1].group + jump;
		}
		next = r->page + r->pages;
	}
	return true;
}

void runs_index(struct memfd *m)
{
	m->ordered = number_runs(m);
	for (size_t i = m->nr_runs; m->ordered && i-- > 0;) {
		struct run *r = &m->run[i];

		r->next = i + 1 < m->nr_runs && r[1].group == r->group ? r[1].next : i + 1;
	}
}

uint64_t huge_pages(const struct memfd *m)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < m->nr_runs; i++)
		pages += m->run[i].pages;
	return m->page_size < INSPECT_PAGE ? 0 : pages / (m->page_size / INSPECT_PAGE);
}

/* The run that has a page. */
static const struct run *find_run(const struct memfd *m, uint64_t page)
{
	size_t low = 0, high = m->nr_runs;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct run *r = &m->run[middle];

		if (page < r->page)
			high = middle;
		else if (page - r->page < r->pages)
			return r;
		else
			low = middle + 1;
	}
	return NULL;
}

/* What backs an area, when it is known and has room for all of it. */
static const struct memfd *area_memory(const struct context *c, const struct area *a)
{
	const struct pages *p = refer_pages(c, a);
	const struct memfd *m = p ? refer_memory(c, p) : NULL;

	return m && m->ordered && c->page_size == INSPECT_PAGE && area_in_pages(a, p) ?
		m : NULL;
}

long area_count(const struct context *c, const struct area *a)
{
	const struct memfd *m = area_memory(c, a);
	const struct run *first, *last;
	uint64_t at;

	if (!m)
		return -1;
	at = area_byte(a, refer_pages(c, a));
	first = find_run(m, at / INSPECT_PAGE);
	last = find_run(m, (at + (a->last - a->iova)) / INSPECT_PAGE);
	if (!first || !last || first->span != last->span)
		return -1;
	return (long)(last->group - first->group) + 1;
}

bool area_piece(const struct context *c, const struct area *a, uint64_t done,
		struct piece *p)
{
	const struct memfd *m = area_memory(c, a);
	const struct run *r, *end;
	uint64_t at, left;

	if (!m || done > a->last - a->iova)
		return false;
	at = area_byte(a, refer_pages(c, a)) + done;
	r = find_run(m, at / INSPECT_PAGE);
	if (!r)
		return false;
	end = &m->run[r->next - 1];
	left = a->last - a->iova - done + 1;
	p->iova = a->iova + done;
	p->phys = r->phys + (at - r->page * INSPECT_PAGE);
	p->len = (end->page + end->pages) * INSPECT_PAGE - at;
	if (p->len > left)
		p->len = left;
	return true;
}
