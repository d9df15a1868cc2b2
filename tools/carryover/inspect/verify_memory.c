// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where pages are: memory of an iommufd that no file had, as drivers/iommu/
 * iommufd/liveupdate_load_memory.c checks it, and no frame of any file twice.
 * Whether KHO kept the pages is not to be seen here.
 */
#include <stdlib.h>

#include "inspect.h"
#include "read.h"

#define BAD(where, ...)	report_bad(report, where, __VA_ARGS__)

#define FILE_MAX	0x7fffffffffffffffull

/* Nothing of a page that is kept as a whole is missing, or in two places. */
static void verify_whole(const struct file *f, const struct memfd *m, const struct run *r,
			 struct report *report)
{
	char where[128];

	if (!run_is_whole(m, r))
		BAD(shown_name(f, m, r->page, where, sizeof(where)),
		    "the memory's pages %#llx+%#llx at %#llx are no whole pages of %#llx bytes",
		    (unsigned long long)r->page, (unsigned long long)r->pages,
		    (unsigned long long)r->phys, (unsigned long long)m->page_size);
}

/* Runs follow each other from the first page to the last. */
static void verify_memory_runs(const struct file *f, const struct memfd *m,
			       struct report *report)
{
	uint64_t next = 0, pages = m->size / INSPECT_PAGE;
	char where[128];

	for (size_t i = 0; i < m->nr_runs; i++) {
		const struct run *r = &m->run[i];

		if (r->page != next || !r->pages || r->pages > pages - next) {
			BAD(shown_name(f, m, r->page, where, sizeof(where)),
			    "the memory has pages %#llx+%#llx where page %#llx of %#llx is next",
			    (unsigned long long)r->page, (unsigned long long)r->pages,
			    (unsigned long long)next, (unsigned long long)pages);
			return;
		}
		verify_whole(f, m, r, report);
		next = r->page + r->pages;
	}
	if (next != pages)
		BAD(shown_name(f, m, next, where, sizeof(where)),
		    "the memory's pages end at %#llx of %#llx", (unsigned long long)next,
		    (unsigned long long)pages);
	else if (!m->ordered)
		BAD(m->node.where, "it has pages beyond physical memory");
}

static void verify_one_memory(const struct file *f, const struct memfd *m,
			      struct report *report)
{
	if (!m->size || m->size % m->page_size || m->size > FILE_MAX)
		BAD(m->node.where, "size %#llx", (unsigned long long)m->size);
	else
		verify_memory_runs(f, m, report);
}

/**
 * verify_memory - What the kernel would refuse of the memory nodes
 * @f:      the iommufd
 * @report: what is wrong goes there
 */
void verify_memory(const struct file *f, struct report *report)
{
	const struct context *c = f->context;
	uint64_t sizes = 0;

	for (size_t i = 0; i < c->nr_memories; i++) {
		/* The node is the first member. */
		const struct memfd *m = (const struct memfd *)c->memory_by_id[i];

		if (m->node.unit != i)
			BAD(m->node.where, "its number is %#llx, not %#zx",
			    (unsigned long long)m->node.unit, i);
		if (m->huge && !page_size_is_huge(m->page_size)) {
			BAD(m->node.where, "page-size %#llx", (unsigned long long)m->page_size);
			continue;
		}
		if (sizes & m->page_size)
			BAD(m->node.where, "another memory has such pages, too");
		sizes |= m->page_size;
		verify_one_memory(f, m, report);
	}
}

/* ------------------------------------------------- of all files together -- */

/* A run, or the top of a table, and what it is of. */
struct frame {
	uint64_t phys;
	uint64_t end;
	const struct file *file;
	const struct memfd *memfd;
	const struct run *run;
	const struct hwpt *hwpt;
};

struct frames {
	struct frame *frame;
	size_t nr;
};

static void add_memfd(struct frames *all, const struct file *f, const struct memfd *m)
{
	for (size_t i = 0; m->ordered && i < m->nr_runs; i++) {
		const struct run *r = &m->run[i];

		if (all->frame)
			all->frame[all->nr] = (struct frame) {
				.phys = r->phys, .end = r->phys + r->pages * INSPECT_PAGE,
				.file = f, .memfd = m, .run = r,
			};
		all->nr++;
	}
}

static void add_file(struct frames *all, const struct file *f)
{
	const struct context *c = f->context;

	if (f->memfd)
		add_memfd(all, f, f->memfd);
	for (size_t i = 0; c && i < c->nr_memories; i++)
		add_memfd(all, f, &c->memory[i]);
	for (size_t i = 0; c && i < c->nr_hwpts; i++) {
		uint64_t top = c->hwpt[i].top;

		if (top > UINT64_MAX - INSPECT_PAGE)
			continue;
		if (all->frame)
			all->frame[all->nr] = (struct frame) {
				.phys = top, .end = top + INSPECT_PAGE, .file = f,
				.hwpt = &c->hwpt[i],
			};
		all->nr++;
	}
}

static void add_all(struct frames *all, const struct handover *h)
{
	all->nr = 0;
	for (size_t i = 0; i < h->nr_sessions; i++)
		for (size_t j = 0; j < h->session[i].nr_files; j++)
			add_file(all, &h->session[i].file[j]);
}

static int compare_frame(const void *a, const void *b)
{
	const struct frame *one = a, *other = b;

	if (one->phys != other->phys)
		return one->phys < other->phys ? -1 : 1;
	if (one->file != other->file)
		return one->file < other->file ? -1 : 1;
	return one->run < other->run ? -1 : one->run > other->run;
}

/* Names the page of a frame that is at a physical address. */
static const char *name_frame(const struct frame *is, uint64_t phys, char *to, size_t size)
{
	if (is->hwpt)
		snprintf(to, size, "%s", is->hwpt->node.where);
	else if (is->memfd == is->file->memfd)
		snprintf(to, size, "%s", is->file->node.where);
	else
		shown_name(is->file, is->memfd,
			   is->run->page + (phys - is->phys) / INSPECT_PAGE, to, size);
	return to;
}

/* A table page among them: the device would write the table. */
static void say_twice(const struct frame *is, const struct frame *before,
		      struct report *report)
{
	char where[128], other[128];

	if (before->hwpt && !is->hwpt) {
		const struct frame *swap = is;

		is = before;
		before = swap;
	}
	BAD(name_frame(is, is->phys > before->phys ? is->phys : before->phys, where,
		       sizeof(where)),
	    "%s at %#llx is a page of %s, too", is->hwpt ? "its top" : "the page",
	    (unsigned long long)(is->phys > before->phys ? is->phys : before->phys),
	    name_frame(before, is->phys > before->phys ? is->phys : before->phys, other,
		       sizeof(other)));
}

/**
 * verify_frames - No page of physical memory is in two places
 * @h:      the handover
 * @report: what is wrong goes there
 */
void verify_frames(const struct handover *h, struct report *report)
{
	struct frames all = { 0 };
	size_t furthest = 0;

	add_all(&all, h);
	all.frame = read_array(all.nr, sizeof(*all.frame));
	add_all(&all, h);
	qsort(all.frame, all.nr, sizeof(*all.frame), compare_frame);
	for (size_t i = 1; i < all.nr && !report_is_full(report); i++) {
		if (all.frame[i].phys < all.frame[furthest].end)
			say_twice(&all.frame[i], &all.frame[furthest], report);
		if (all.frame[i].end > all.frame[furthest].end)
			furthest = i;
	}
	free(all.frame);
}
