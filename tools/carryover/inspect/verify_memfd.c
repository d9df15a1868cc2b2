// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of memory: one of ordinary pages has all of them, one of huge pages may
 * have holes, and its runs are whole huge pages, in the file and in memory.
 */
#include "inspect.h"

#define BAD(node, ...)	report_bad(report, (node)->where, __VA_ARGS__)

#define FILE_MAX	0x7fffffffffffffffull
#define SEALS_KNOWN	0x3fu	/* up to F_SEAL_EXEC */

/* Of hugetlb; which sizes a kernel has is not to be seen here. */
bool page_size_is_huge(uint64_t size)
{
	return size > INSPECT_PAGE && !(size & (size - 1));
}

/* A page size is a power of two, or was said to be bad. */
bool run_is_whole(const struct memfd *m, const struct run *r)
{
	uint64_t mask = m->page_size / INSPECT_PAGE - 1;

	return !((r->page | r->pages) & mask) && !(r->phys & (m->page_size - 1));
}

static void verify_runs(const struct file *f, struct report *report)
{
	const struct memfd *m = f->memfd;
	uint64_t next = 0, pages = m->size / INSPECT_PAGE + !!(m->size % INSPECT_PAGE);

	for (size_t i = 0; i < m->nr_runs; i++) {
		const struct run *r = &m->run[i];

		if (r->page != next || !r->pages || r->pages > pages - next) {
			BAD(&f->node, "it has pages %#llx+%#llx where page %#llx of %#llx is next",
			    (unsigned long long)r->page, (unsigned long long)r->pages,
			    (unsigned long long)next, (unsigned long long)pages);
			return;
		}
		if (!r->phys || r->phys % INSPECT_PAGE)
			BAD(&f->node, "its page %#llx is at %#llx",
			    (unsigned long long)r->page, (unsigned long long)r->phys);
		next += r->pages;
	}
	if (next != pages)
		BAD(&f->node, "its pages end at %#llx of %#llx", (unsigned long long)next,
		    (unsigned long long)pages);
	else if (!m->ordered)
		BAD(&f->node, "it has pages beyond physical memory");
}

/* Runs ascend; between them there may be nothing. */
static void verify_huge_runs(const struct file *f, struct report *report)
{
	const struct memfd *m = f->memfd;
	uint64_t next = 0, pages = m->size / INSPECT_PAGE;

	for (size_t i = 0; i < m->nr_runs; i++) {
		const struct run *r = &m->run[i];

		if (r->page < next || r->page >= pages || !r->pages ||
		    r->pages > pages - r->page) {
			BAD(&f->node, "it has pages %#llx+%#llx, not within %#llx-%#llx that are left",
			    (unsigned long long)r->page, (unsigned long long)r->pages,
			    (unsigned long long)next, (unsigned long long)pages);
			return;
		}
		if (!r->phys || !run_is_whole(m, r))
			BAD(&f->node, "its pages %#llx+%#llx at %#llx are no whole pages of %#llx bytes",
			    (unsigned long long)r->page, (unsigned long long)r->pages,
			    (unsigned long long)r->phys, (unsigned long long)m->page_size);
		next = r->page + r->pages;
	}
	if (!m->ordered)
		BAD(&f->node, "it has pages beyond physical memory");
}

static void verify_huge(const struct file *f, struct report *report)
{
	const struct memfd *m = f->memfd;

	if (m->position > FILE_MAX)
		BAD(&f->node, "position %#llx", (unsigned long long)m->position);
	if (m->seals & ~SEALS_KNOWN)
		BAD(&f->node, "seals %#x, of which %#x are known", m->seals, SEALS_KNOWN);
	if (m->noexec > 1)
		BAD(&f->node, "noexec is %u", m->noexec);
	if (!page_size_is_huge(m->page_size))
		BAD(&f->node, "page-size %#llx is none of huge pages",
		    (unsigned long long)m->page_size);
	else if (m->size % m->page_size || m->size > FILE_MAX)
		BAD(&f->node, "size %#llx, of pages of %#llx", (unsigned long long)m->size,
		    (unsigned long long)m->page_size);
	else
		verify_huge_runs(f, report);
}

/**
 * verify_memfd - What the kernel would refuse of a memfd
 * @f:      its file
 * @report: what is wrong goes there
 */
void verify_memfd(const struct file *f, struct report *report)
{
	if (f->memfd->huge)
		verify_huge(f, report);
	else
		verify_runs(f, report);
}
