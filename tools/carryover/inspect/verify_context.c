// SPDX-License-Identifier: GPL-2.0-only
/* An iommufd: the checks of the kernel's reader, in its order. */
#include "inspect.h"

#define BAD(node, ...)	report_bad(report, (node)->where, __VA_ARGS__)

/* Limits of the kernel, see struct iommufd_object and enum iopt_pages. */
#define ID_MAX			0x7fffffffull
#define ACCOUNT_MODES		3
#define PROT_KNOWN		7u	/* IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE */
#define PROT_WRITE		2u
#define TOP_LEVEL_MAX		5u
#define FILE_MAX		0x7fffffffffffffffull

static void verify_id(const struct node *node, struct report *report)
{
	if (!node->unit || node->unit > ID_MAX)
		BAD(node, "malformed ID");
}

static size_t count_id(const struct context *c, uint64_t id)
{
	size_t n = 0;

	for (size_t i = 0; i < c->nr_ioas; i++)
		n += c->ioas[i].node.unit == id;
	for (size_t i = 0; i < c->nr_hwpts; i++)
		n += c->hwpt[i].node.unit == id;
	for (size_t i = 0; i < c->nr_devices; i++)
		n += c->device[i].node.unit == id;
	return n;
}

static void verify_ids(const struct context *c, const struct node *node,
		       struct report *report)
{
	verify_id(node, report);
	if (count_id(c, node->unit) > 1)
		BAD(node, "ID used twice");
}

static void verify_token(const struct session *s, const struct file *f,
			 const struct pages *p, struct report *report)
{
	const struct file *mem;
	uint64_t end;

	if (f->single || !f->blob.sealed)
		return;
	mem = refer_token(s, p->token);
	if (!mem) {
		BAD(&p->node, "no file with token %#llx in the session",
		    (unsigned long long)p->token);
	} else if (mem->memfd) {
		end = p->start + p->npages * INSPECT_PAGE;
		if (end > ((mem->memfd->size + INSPECT_PAGE - 1) & -INSPECT_PAGE))
			BAD(&p->node, "ends at byte %#llx of a memfd of %#llx",
			    (unsigned long long)end, (unsigned long long)mem->memfd->size);
	} else if (!mem->status && !mem->unreadable) {
		BAD(&p->node, "token %#llx is no memfd", (unsigned long long)p->token);
	}
}

static void verify_in_memory(const struct context *c, const struct pages *p,
			     struct report *report)
{
	const struct memfd *m = refer_memory(c, p->memory);
	uint64_t end = p->start + p->npages * INSPECT_PAGE;

	if (!m)
		BAD(&p->node, "no memory@%x", p->memory);
	else if (end > m->size)
		BAD(&p->node, "ends at byte %#llx of a memory of %#llx",
		    (unsigned long long)end, (unsigned long long)m->size);
}

static void verify_pages(const struct session *s, const struct file *f, size_t i,
			 struct report *report)
{
	const struct pages *p = &f->context->pages[i];
	uint64_t bytes, end;

	if (!refer_pages(f->context, i))
		BAD(&f->node, "no pages@%zx among %zu", i, f->context->nr_pages);
	if (refer_pages(f->context, p->node.unit) != p)
		BAD(&p->node, "number used twice");
	if (p->node.extra) {
		report_note(report, p->node.where, "of a kind that is not known, not checked");
		return;
	}
	if (p->in_memory > 1)
		BAD(&p->node, "in-memory is %u", p->in_memory);
	if (p->start % INSPECT_PAGE || !p->npages || p->writable > 1 ||
	    p->account_mode >= ACCOUNT_MODES)
		BAD(&p->node, "start %#llx, %#llx pages, writable %u, account-mode %u",
		    (unsigned long long)p->start, (unsigned long long)p->npages,
		    p->writable, p->account_mode);
	else if (__builtin_mul_overflow(p->npages, INSPECT_PAGE, &bytes) ||
		 __builtin_add_overflow(p->start, bytes, &end) || end > FILE_MAX)
		BAD(&p->node, "start %#llx, %#llx pages: beyond any file",
		    (unsigned long long)p->start, (unsigned long long)p->npages);
	else if (p->in_memory)
		verify_in_memory(f->context, p, report);
	else
		verify_token(s, f, p, report);
}

static bool area_fits(const struct area *a, const struct pages *p, uint64_t align)
{
	uint64_t bytes, last;

	if (a->iova > a->last || a->page_offset >= INSPECT_PAGE ||
	    a->prot & ~PROT_KNOWN || (a->prot & PROT_WRITE && !p->writable))
		return false;
	if (__builtin_add_overflow(a->last - a->iova, (uint64_t)a->page_offset, &bytes) ||
	    __builtin_add_overflow(a->first_page, bytes / INSPECT_PAGE, &last) ||
	    last >= p->npages)
		return false;
	return !((a->iova | (a->last + 1) | a->page_offset) & (align - 1));
}

/* A table aligns mappings to its smallest page, and so does the option. */
static uint64_t alignment(const struct context *c, const struct ioas *ioas)
{
	for (size_t i = 0; i < c->nr_hwpts; i++)
		if (c->hwpt[i].ioas == ioas->node.unit)
			return INSPECT_PAGE;
	return ioas->small ? INSPECT_PAGE : 1;
}

static void verify_area(const struct session *s, const struct file *f,
			const struct ioas *ioas, size_t i, struct report *report)
{
	const struct area *a = &ioas->area[i];
	const struct pages *p = refer_pages(f->context, a->pages);

	if (!p) {
		BAD(&ioas->node, "area %zu at %#llx: no pages@%llx", i,
		    (unsigned long long)a->iova, (unsigned long long)a->pages);
		return;
	}
	if (i && a->iova <= ioas->area[i - 1].last)
		BAD(&ioas->node, "area %zu at %#llx: not behind the one before it", i,
		    (unsigned long long)a->iova);
	if (p->node.extra)
		return;
	if (!area_fits(a, p, alignment(f->context, ioas)))
		BAD(&ioas->node,
		    "area %zu, %#llx-%#llx prot %#x offset %#x, does not fit pages@%llx from %#llx",
		    i, (unsigned long long)a->iova, (unsigned long long)a->last, a->prot,
		    a->page_offset, (unsigned long long)a->pages,
		    (unsigned long long)a->first_page);
	else if (refer_backing(s, f, p) && area_runs(s, f, a, NULL, NULL) < 0)
		BAD(&ioas->node, "area %zu at %#llx: the %s has a hole there", i,
		    (unsigned long long)a->iova, p->in_memory ? "memory" : "memfd");
}

static void verify_ioas(const struct session *s, const struct file *f,
			const struct ioas *ioas, struct report *report)
{
	verify_ids(f->context, &ioas->node, report);
	if (ioas->small > 1)
		BAD(&ioas->node, "disable-large-pages is %u", ioas->small);
	for (size_t i = 0; i < ioas->nr_allowed; i++) {
		const uint64_t *range = ioas->allowed + 2 * i;

		/* Ordered, as the kernel writes them, so that overlaps show. */
		if (range[0] >= range[1] || (i && range[0] <= range[-1]))
			BAD(&ioas->node, "allowed range %#llx-%#llx",
			    (unsigned long long)range[0], (unsigned long long)range[1]);
	}
	for (size_t i = 0; i < ioas->nr_areas; i++)
		verify_area(s, f, ioas, i, report);
}

static uint64_t mapped(const struct ioas *ioas)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < ioas->nr_areas; i++)
		sum += ioas->area[i].last - ioas->area[i].iova + 1;
	return sum;
}

static bool top_is_in(const struct hwpt *t, const struct memfd *m)
{
	for (size_t i = 0; m && i < m->nr_runs; i++)
		if ((t->top - m->run[i].phys) / INSPECT_PAGE < m->run[i].pages)
			return true;
	return false;
}

/* A table page in a memfd: the device would write the table. */
static void verify_top(const struct session *s, const struct context *c,
		       const struct hwpt *t, struct report *report)
{
	for (size_t i = 0; i < s->nr_files; i++)
		if (top_is_in(t, s->file[i].memfd))
			BAD(&t->node, "its top is a page of token %#llx",
			    (unsigned long long)s->file[i].token);
	for (size_t i = 0; i < c->nr_memories; i++)
		if (top_is_in(t, &c->memory[i]))
			BAD(&t->node, "its top is a page of memory@%zx", i);
}

static void verify_hwpt(const struct session *s, const struct file *f,
			const struct hwpt *t, struct report *report)
{
	const struct ioas *ioas = refer_ioas(f->context, t->ioas);

	verify_ids(f->context, &t->node, report);
	if (t->automatic > 1)
		BAD(&t->node, "auto is %u", t->automatic);
	if (!ioas)
		BAD(&t->node, "no IOAS %u", t->ioas);
	else if (mapped(ioas) != t->mapped)
		BAD(&t->node, "maps %#llx bytes, IOAS %u has %#llx",
		    (unsigned long long)t->mapped, t->ioas,
		    (unsigned long long)mapped(ioas));
	if (t->level > TOP_LEVEL_MAX)
		BAD(&t->node, "level %u", t->level);
	if (!t->top || t->top % INSPECT_PAGE)
		BAD(&t->node, "top at %#llx", (unsigned long long)t->top);
	if (!t->tables || (t->mapped && t->tables < t->level + 1))
		BAD(&t->node, "%u tables on %u levels", t->tables, t->level + 1);
	verify_top(s, f->context, t, report);
}

static void verify_device(const struct session *s, const struct file *f,
			  const struct device *d, struct report *report)
{
	verify_ids(f->context, &d->node, report);
	if (d->hwpt && !refer_hwpt(f->context, d->hwpt))
		BAD(&d->node, "attached to HWPT %u, which is not there", d->hwpt);
	if (d->sbdf >> 48)
		BAD(&d->node, "PCI address %#llx", (unsigned long long)d->sbdf);
	if (d->kept > 1)
		BAD(&d->node, "kept is %u", d->kept);
	if (!f->single && f->blob.sealed && d->kept && !refer_vfio(s, d))
		report_note(report, d->node.where,
			    "kept, but its file's state is not in the session");
}

void verify_context(const struct session *s, const struct file *f,
		    struct report *report)
{
	const struct context *c = f->context;

	if (c->account_mode >= ACCOUNT_MODES)
		BAD(&f->node, "account-mode %u", c->account_mode);
	verify_memories(c, &f->node, report);
	for (size_t i = 0; i < c->nr_pages; i++)
		verify_pages(s, f, i, report);
	for (size_t i = 0; i < c->nr_ioas; i++)
		verify_ioas(s, f, &c->ioas[i], report);
	for (size_t i = 0; i < c->nr_hwpts; i++)
		verify_hwpt(s, f, &c->hwpt[i], report);
	for (size_t i = 0; i < c->nr_devices; i++)
		verify_device(s, f, &c->device[i], report);
}
