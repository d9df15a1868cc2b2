// SPDX-License-Identifier: GPL-2.0-only
/* Who refers to whom: tokens, numbers, IDs; and from an IOVA to memory. */
#include "inspect.h"

struct file *refer_token(const struct session *s, uint64_t token)
{
	for (size_t i = 0; i < s->nr_files; i++)
		if (s->file[i].token == token)
			return &s->file[i];
	return NULL;
}

static bool holds(const struct file *f, const struct pages *p)
{
	uint64_t end;

	return f->memfd &&
	       !__builtin_mul_overflow(p->npages, INSPECT_PAGE, &end) &&
	       !__builtin_add_overflow(p->start, end, &end) &&
	       end <= ((f->memfd->size + INSPECT_PAGE - 1) & ~(INSPECT_PAGE - 1));
}

/*
 * The memfd of a pages node. Before freeze the node has no token; it is clear
 * even so when the session has one memfd only that can be meant.
 */
struct file *refer_memfd(const struct session *s, const struct file *f,
			 const struct pages *p)
{
	struct file *found = NULL;

	if (f->single || p->node.extra || p->in_memory)
		return NULL;
	if (f->blob.sealed) {
		found = refer_token(s, p->token);
		return found && found->memfd ? found : NULL;
	}
	for (size_t i = 0; i < s->nr_files; i++) {
		if (!holds(&s->file[i], p))
			continue;
		if (found)
			return NULL;
		found = &s->file[i];
	}
	return found;
}

struct memfd *refer_memory(const struct context *c, uint64_t number)
{
	for (size_t i = 0; i < c->nr_memories; i++)
		if (c->memory[i].node.unit == number)
			return &c->memory[i];
	return NULL;
}

const struct memfd *refer_backing(const struct session *s, const struct file *f,
				  const struct pages *p)
{
	const struct file *memfd;

	if (p->in_memory && !p->node.extra)
		return refer_memory(f->context, p->memory);
	memfd = refer_memfd(s, f, p);
	return memfd ? memfd->memfd : NULL;
}

struct pages *refer_pages(const struct context *c, uint64_t number)
{
	for (size_t i = 0; i < c->nr_pages; i++)
		if (c->pages[i].node.unit == number)
			return &c->pages[i];
	return NULL;
}

struct ioas *refer_ioas(const struct context *c, uint32_t id)
{
	for (size_t i = 0; i < c->nr_ioas; i++)
		if (c->ioas[i].node.unit == id)
			return &c->ioas[i];
	return NULL;
}

struct hwpt *refer_hwpt(const struct context *c, uint32_t id)
{
	for (size_t i = 0; i < c->nr_hwpts; i++)
		if (c->hwpt[i].node.unit == id)
			return &c->hwpt[i];
	return NULL;
}

/* The VFIO file of a device of an iommufd. */
struct file *refer_vfio(const struct session *s, const struct device *d)
{
	for (size_t i = 0; i < s->nr_files; i++)
		if (s->file[i].vfio && s->file[i].vfio->sbdf == d->sbdf)
			return &s->file[i];
	return NULL;
}

struct walk {
	void (*each)(void *arg, uint64_t iova, uint64_t phys, uint64_t len);
	void *arg;
	uint64_t iova, phys, len;
	long runs;
};

static void walk_flush(struct walk *w)
{
	if (w->len) {
		w->runs++;
		if (w->each)
			w->each(w->arg, w->iova, w->phys, w->len);
	}
	w->len = 0;
}

static void walk_add(struct walk *w, uint64_t iova, uint64_t phys, uint64_t len)
{
	if (w->len && w->phys + w->len == phys) {
		w->len += len;
		return;
	}
	walk_flush(w);
	w->iova = iova;
	w->phys = phys;
	w->len = len;
}

/* @at, @left: bytes of the memfd. False when a part of them is not in it. */
static bool walk_memfd(struct walk *w, const struct memfd *m, uint64_t iova,
		       uint64_t at, uint64_t left)
{
	for (size_t i = 0; i < m->nr_runs && left; i++) {
		const struct run *r = &m->run[i];
		uint64_t page = at / INSPECT_PAGE, skip, len;

		if (page < r->page || page - r->page >= r->pages)
			continue;
		skip = (page - r->page) * INSPECT_PAGE + at % INSPECT_PAGE;
		if (r->pages > UINT64_MAX / INSPECT_PAGE)
			return false;
		len = r->pages * INSPECT_PAGE - skip;
		if (len > left)
			len = left;
		walk_add(w, iova, r->phys + skip, len);
		iova += len;
		at += len;
		left -= len;
	}
	return !left;
}

long area_runs(const struct session *s, const struct file *f, const struct area *a,
	       void (*each)(void *arg, uint64_t iova, uint64_t phys, uint64_t len),
	       void *arg)
{
	const struct pages *p = refer_pages(f->context, a->pages);
	const struct memfd *mem = p ? refer_backing(s, f, p) : NULL;
	struct walk w = { .each = each, .arg = arg };
	uint64_t at, len = a->last - a->iova;

	if (!mem || a->last < a->iova || len > UINT64_MAX - 2 ||
	    __builtin_mul_overflow(a->first_page, INSPECT_PAGE, &at) ||
	    __builtin_add_overflow(at, p->start, &at) ||
	    __builtin_add_overflow(at, (uint64_t)a->page_offset, &at))
		return -1;
	if (!walk_memfd(&w, mem, a->iova, at, len + 1))
		return -1;
	walk_flush(&w);
	return w.runs;
}
