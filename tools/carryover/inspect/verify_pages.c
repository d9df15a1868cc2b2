// SPDX-License-Identifier: GPL-2.0-only
/*
 * What areas show: the memfds, which have to be in the session, and the runs of
 * pages of them and of the memory without a file. A run may overlap another, for
 * one file can be mapped twice; but areas show all of it, and no page besides.
 */
#include <stdlib.h>

#include "inspect.h"
#include "read.h"

#define BAD(where, ...)	report_bad(report, where, __VA_ARGS__)

#define FILE_MAX	0x7fffffffffffffffull
#define BACKING_FLAGS	(BACKING_KNOWN | BACKING_HUGETLB)
#define PAGES_FLAGS	(PAGES_MEMORY | PAGES_WRITABLE | PAGES_FILE_RDONLY)
/* Mappings named for one missing memfd. */
#define MISSING_MAX	4

/* An area, by what it shows. */
struct shown {
	const struct ioas *ioas;
	const struct area *area;
};

/**
 * struct view - areas of a context, sorted by entry and first page
 * @shown: the areas whose entry is there
 * @nr:    how many
 * @first: per entry, and one behind the last: index of its first area
 */
struct view {
	struct shown *shown;
	size_t nr;
	size_t *first;
};

static int compare_shown(const void *a, const void *b)
{
	const struct shown *one = a, *other = b;

	if (one->area->pages != other->area->pages)
		return one->area->pages < other->area->pages ? -1 : 1;
	if (one->area->first_page != other->area->first_page)
		return one->area->first_page < other->area->first_page ? -1 : 1;
	return one->area < other->area ? -1 : one->area > other->area;
}

static void view_make(const struct context *c, struct view *view)
{
	size_t n = 0, at = 0;

	for (size_t i = 0; i < c->nr_ioas; i++)
		n += c->ioas[i].nr_areas;
	view->shown = read_array(n, sizeof(*view->shown));
	view->nr = 0;
	for (size_t i = 0; i < c->nr_ioas; i++)
		for (size_t j = 0; j < c->ioas[i].nr_areas; j++)
			if (refer_pages(c, &c->ioas[i].area[j]))
				view->shown[view->nr++] = (struct shown) {
					&c->ioas[i], &c->ioas[i].area[j] };
	qsort(view->shown, view->nr, sizeof(*view->shown), compare_shown);
	view->first = read_array(c->nr_pages + 1, sizeof(*view->first));
	for (size_t i = 0; i <= c->nr_pages; i++) {
		while (at < view->nr && view->shown[at].area->pages < i)
			at++;
		view->first[i] = at;
	}
}

static void view_free(struct view *view)
{
	free(view->shown);
	free(view->first);
}

static const char *name_area(const struct ioas *ioas, uint64_t iova, uint64_t last,
			     char *to, size_t size)
{
	snprintf(to, size, "%.60s IOVA %#llx-%#llx", ioas->node.where,
		 (unsigned long long)iova, (unsigned long long)last);
	return to;
}

static const char *name_backing(const struct backing *b, char *to, size_t size)
{
	if (b->flags & BACKING_KNOWN)
		snprintf(to, size, "memfd with token %#llx (inode %llu)",
			 (unsigned long long)b->token, (unsigned long long)b->inode);
	else
		snprintf(to, size, "memfd (inode %llu)", (unsigned long long)b->inode);
	return to;
}

/* An entry is named by the mapping that shows its first pages, if any does. */
static const char *name_pages(const struct file *f, const struct view *view, size_t i,
			      char *to, size_t size)
{
	const struct pages *p = &f->context->pages[i];
	const struct backing *b = refer_backing(f->context, p);
	const struct shown *first = &view->shown[view->first[i]];
	char name[96] = "memory without a file";

	if (view->first[i] < view->first[i + 1])
		return name_area(first->ioas, first->area->iova, first->area->last, to, size);
	if (b)
		name_backing(b, name, sizeof(name));
	else if (!(p->flags & PAGES_MEMORY))
		snprintf(name, sizeof(name), "what is of no file");
	snprintf(to, size, "%.24s: %s from byte %#llx", f->node.where, name,
		 (unsigned long long)p->start);
	return to;
}

/* ------------------------------------------------------------- the memfds -- */

static int compare_token(const void *a, const void *b)
{
	const struct backing *one = *(const struct backing *const *)a;
	const struct backing *other = *(const struct backing *const *)b;

	return one->token < other->token ? -1 : one->token > other->token;
}

static void verify_tokens_differ(const struct file *f, struct report *report)
{
	const struct context *c = f->context;
	const struct backing **known = read_array(c->nr_backings, sizeof(*known));
	size_t n = 0;

	for (size_t i = 0; i < c->nr_backings; i++)
		if (c->backing[i].flags & BACKING_KNOWN)
			known[n++] = &c->backing[i];
	qsort(known, n, sizeof(*known), compare_token);
	for (size_t i = 1; i < n; i++)
		if (known[i]->token == known[i - 1]->token)
			BAD(f->node.where, "memfds with inodes %llu and %llu have the same token %#llx",
			    (unsigned long long)known[i - 1]->inode,
			    (unsigned long long)known[i]->inode,
			    (unsigned long long)known[i]->token);
	free(known);
}

static void verify_backing(const struct file *f, const struct backing *b,
			   struct report *report)
{
	char name[96];

	name_backing(b, name, sizeof(name));
	if (b->flags & ~BACKING_FLAGS)
		BAD(f->node.where, "%s has flags %#x, of which %#x are known", name, b->flags,
		    BACKING_FLAGS);
	if (b->reserved)
		BAD(f->node.where, "%s has %#x where 0 is reserved", name, b->reserved);
}

static bool is_missing(const struct file *f, const struct backing *b)
{
	if (f->single)
		return !(b->flags & BACKING_KNOWN);
	return !b->file;
}

/* Says that a memfd is not there, as the kernel's log does. */
static void say_missing(const struct handover *h, const struct file *f,
			const struct backing *b, const char *where,
			struct report *report)
{
	if (b->flags & BACKING_KNOWN)
		BAD(where, "its memfd (inode %llu) is not in the session, nothing has token %#llx",
		    (unsigned long long)b->inode, (unsigned long long)b->token);
	else if (*h->direction == 'i' || !f->context->may_come[!!(b->flags & BACKING_HUGETLB)])
		BAD(where, "its memfd (inode %llu) is not in the session",
		    (unsigned long long)b->inode);
	else
		report_note(report, where,
			    "its memfd (inode %llu) was not in the session when the iommufd was preserved; freeze looks again",
			    (unsigned long long)b->inode);
}

static const struct backing *area_backing(const struct context *c, const struct area *a)
{
	const struct pages *p = refer_pages(c, a);

	return p ? refer_backing(c, p) : NULL;
}

/* Mappings of one memfd that follow each other are one range: the last of them. */
static size_t range_end(const struct context *c, const struct ioas *ioas, size_t i)
{
	const struct backing *b = area_backing(c, &ioas->area[i]);

	while (i + 1 < ioas->nr_areas && ioas->area[i].last + 1 == ioas->area[i + 1].iova &&
	       area_backing(c, &ioas->area[i + 1]) == b)
		i++;
	return i;
}

/* @said: per memfd, how often it was said. */
static void verify_ioas_memfds(const struct handover *h, const struct file *f,
			       const struct ioas *ioas, unsigned int *said,
			       struct report *report)
{
	const struct context *c = f->context;
	char where[128];

	for (size_t i = 0; i < ioas->nr_areas; i++) {
		const struct backing *b = area_backing(c, &ioas->area[i]);
		size_t first = i;

		if (!b || !is_missing(f, b))
			continue;
		i = range_end(c, ioas, i);
		if (said[b - c->backing]++ >= MISSING_MAX)
			continue;
		snprintf(where, sizeof(where), "%.60s IOVA %#llx", ioas->node.where,
			 (unsigned long long)ioas->area[first].iova);
		say_missing(h, f, b, where, report);
	}
}

static void verify_memfds(const struct handover *h, const struct file *f,
			  struct report *report)
{
	const struct context *c = f->context;
	unsigned int *said = read_array(c->nr_backings, sizeof(*said));

	for (size_t i = 0; i < c->nr_backings; i++)
		verify_backing(f, &c->backing[i], report);
	verify_tokens_differ(f, report);
	for (size_t i = 0; i < c->nr_ioas; i++)
		verify_ioas_memfds(h, f, &c->ioas[i], said, report);
	for (size_t i = 0; i < c->nr_backings; i++) {
		char name[96];

		name_backing(&c->backing[i], name, sizeof(name));
		if (!said[i] && is_missing(f, &c->backing[i]))
			say_missing(h, f, &c->backing[i], f->node.where, report);
		if (said[i] > MISSING_MAX)
			report_note(report, f->node.where,
				    "%s: %u more ranges of IOVAs show it", name,
				    said[i] - MISSING_MAX);
	}
	free(said);
}

/* ------------------------------------------------------------ the entries -- */

static void verify_flags(const struct pages *p, const char *where, struct report *report)
{
	if (p->flags & ~PAGES_FLAGS)
		BAD(where, "its pages have flags %#x, of which %#x are known", p->flags,
		    PAGES_FLAGS);
	if (p->flags & PAGES_MEMORY && p->flags & PAGES_FILE_RDONLY)
		BAD(where, "its pages are of no file and of a read-only one");
}

/* What a table maps is whole pages of the file. */
static uint64_t room(const struct context *c, const struct pages *p, bool mapped)
{
	const struct memfd *m = refer_memory(c, p);

	return mapped ? m->size & -INSPECT_PAGE :
			m->size / INSPECT_PAGE * INSPECT_PAGE +
			(m->size % INSPECT_PAGE ? INSPECT_PAGE : 0);
}

static bool is_of_kind(const struct file *f, bool huge)
{
	if (f->memfd && f->memfd->huge != huge)
		return false;
	return file_is_memfd(f, huge) && (f->memfd || f->status || f->unreadable);
}

/* The file with the token is another than the entry says, or no memfd at all. */
static void say_kind(const struct backing *b, const char *where, struct report *report)
{
	bool huge = b->flags & BACKING_HUGETLB;
	const char *is = huge ? "no memfd of huge pages" : is_of_kind(b->file, true) ?
			 "a memfd of huge pages, its pages are of an ordinary one" : "no memfd";

	BAD(where, "token %#llx is %s", (unsigned long long)b->token, is);
}

static void verify_source(const struct context *c, const struct pages *p, bool mapped,
			  const char *where, struct report *report)
{
	const struct backing *b = refer_backing(c, p);
	const struct memfd *m = refer_memory(c, p);
	uint64_t end = p->start + p->npages * INSPECT_PAGE;

	if (!(p->flags & PAGES_MEMORY) && !b)
		BAD(where, "its pages are of no file of %zu", c->nr_backings);
	else if (p->flags & PAGES_MEMORY && !m)
		BAD(where, "its memory %u, which had no file, is not there", p->file);
	else if (b && b->file && !is_of_kind(b->file, b->flags & BACKING_HUGETLB))
		say_kind(b, where, report);
	else if (m && end > room(c, p, mapped))
		BAD(where, "it ends at byte %#llx of a %s of %#llx", (unsigned long long)end,
		    b ? "memfd" : "memory", (unsigned long long)m->size);
}

static void verify_entry(const struct file *f, const struct view *view, size_t i,
			 struct report *report)
{
	const struct pages *p = &f->context->pages[i];
	bool mapped = false;
	uint64_t bytes, end;
	char where[128];

	for (size_t j = view->first[i]; j < view->first[i + 1] && !mapped; j++)
		mapped = view->shown[j].ioas->has_table;
	name_pages(f, view, i, where, sizeof(where));
	verify_flags(p, where, report);
	if (p->start % INSPECT_PAGE || !p->npages)
		BAD(where, "its pages begin at byte %#llx, and are %#llx",
		    (unsigned long long)p->start, (unsigned long long)p->npages);
	else if (__builtin_mul_overflow(p->npages, INSPECT_PAGE, &bytes) ||
		 __builtin_add_overflow(p->start, bytes, &end) || end > FILE_MAX)
		BAD(where, "its %#llx pages from byte %#llx on are beyond any file",
		    (unsigned long long)p->npages, (unsigned long long)p->start);
	else
		verify_source(f->context, p, mapped, where, report);
}

static void say_not_shown(const struct pages *p, uint64_t from, uint64_t to,
			  const char *where, struct report *report)
{
	BAD(where, "no area shows bytes %#llx-%#llx of what is kept for it",
	    (unsigned long long)(p->start + from * INSPECT_PAGE),
	    (unsigned long long)(p->start + to * INSPECT_PAGE - 1));
}

/* Areas show an entry from its first page to its last; one that does not fit
 * was, or will be, said to be bad.
 */
static void verify_shown(const struct file *f, const struct view *view, size_t i,
			 struct report *report)
{
	const struct pages *p = &f->context->pages[i];
	uint64_t next = 0;
	char where[128];

	name_pages(f, view, i, where, sizeof(where));
	for (size_t j = view->first[i]; j < view->first[i + 1]; j++) {
		const struct ioas *ioas = view->shown[j].ioas;
		const struct area *a = view->shown[j].area;
		uint64_t end;

		if (!area_in_pages(a, p))
			return;
		if (a->first_page > next)
			say_not_shown(p, next, a->first_page, where, report);
		end = a->first_page + (a->last - a->iova + a->page_offset) / INSPECT_PAGE + 1;
		if (end <= next)
			continue;
		next = end;
		name_area(ioas, a->iova, a->last, where, sizeof(where));
	}
	if (next < p->npages && p->npages <= FILE_MAX / INSPECT_PAGE)
		say_not_shown(p, next, p->npages, where, report);
}

static int compare_start(const void *a, const void *b)
{
	const struct pages *one = *(const struct pages *const *)a;
	const struct pages *other = *(const struct pages *const *)b;

	if (one->file != other->file)
		return one->file < other->file ? -1 : 1;
	return one->start < other->start ? -1 : one->start > other->start;
}

/* Entries of memories, sorted by the memory's number; how many. */
static size_t memory_entries(const struct context *c, const struct pages **sorted)
{
	size_t n = 0;

	for (size_t i = 0; i < c->nr_pages; i++)
		if (c->pages[i].flags & PAGES_MEMORY)
			sorted[n++] = &c->pages[i];
	qsort(sorted, n, sizeof(*sorted), compare_start);
	return n;
}

/**
 * struct used - entries of one memory, sorted
 * @entry: those that were not looked at
 * @nr:    how many
 * @per:   pages of INSPECT_PAGE in one that is kept as a whole
 */
struct used {
	const struct pages **entry;
	size_t nr;
	uint64_t per;
};

/* Pages from @have on are of entries up to the one that is returned. */
static uint64_t used_until(struct used *used, uint64_t have)
{
	for (; used->nr; used->nr--, used->entry++) {
		const struct pages *p = *used->entry;
		uint64_t first = p->start / INSPECT_PAGE, end;

		if (first - first % used->per > have)
			break;
		if (__builtin_add_overflow(first, p->npages, &end) ||
		    __builtin_add_overflow(end, used->per - 1, &end))
			continue;
		end -= end % used->per;
		if (end > have)
			have = end;
	}
	return have;
}

/* Each page of a memory is of an entry: else nobody could ask for it. */
static void verify_used(const struct memfd *m, struct used *used, struct report *report)
{
	uint64_t have = 0;

	for (size_t i = 0; i < m->nr_runs; i++) {
		uint64_t page = m->run[i].page;

		have = used_until(used, have < page ? page : have);
		if (have >= page + m->run[i].pages)
			continue;
		report_note(report, m->node.where, "no mapping shows its byte %#llx of %#llx",
			    (unsigned long long)have * INSPECT_PAGE,
			    (unsigned long long)m->size);
		return;
	}
}

static void verify_memory_used(const struct file *f, struct report *report)
{
	const struct context *c = f->context;
	const struct pages **sorted = read_array(c->nr_pages, sizeof(*sorted));
	size_t n = memory_entries(c, sorted), at = 0, end;

	for (size_t i = 0; i < c->nr_memories; i++) {
		const struct memfd *m = (const struct memfd *)c->memory_by_id[i];
		struct used used;

		while (at < n && sorted[at]->file < m->node.unit)
			at++;
		for (end = at; end < n && sorted[end]->file == m->node.unit;)
			end++;
		used = (struct used) { sorted + at, end - at, m->page_size / INSPECT_PAGE };
		if (m->ordered && used.per)
			verify_used(m, &used, report);
		at = end;
	}
	free(sorted);
}

/**
 * verify_pages - The memfds and runs of pages of an iommufd
 * @h:      the handover
 * @f:      the iommufd
 * @report: what is wrong goes there
 */
void verify_pages(const struct handover *h, const struct file *f, struct report *report)
{
	const struct context *c = f->context;
	struct view view;

	view_make(c, &view);
	verify_memfds(h, f, report);
	for (size_t i = 0; i < c->nr_pages; i++) {
		verify_entry(f, &view, i, report);
		verify_shown(f, &view, i, report);
		if (!(i % 4096))
			progress("checking what areas show", i, c->nr_pages);
	}
	verify_memory_used(f, report);
	view_free(&view);
}
