// SPDX-License-Identifier: GPL-2.0-only
/* An iommufd: the checks of the kernel's reader, in its order. */
#include <stdlib.h>

#include "inspect.h"
#include "read.h"

#define BAD(node, ...)	report_bad(report, (node)->where, __VA_ARGS__)

/* Limits of the kernel, see struct iommufd_object and enum iopt_pages. */
#define ID_MAX			0x7fffffffull
#define ACCOUNT_MODES		3
#define PROT_KNOWN		7u	/* IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE */
#define PROT_WRITE		2u

static void verify_id(const struct node *node, struct report *report)
{
	if (!node->unit || node->unit > ID_MAX)
		BAD(node, "malformed ID");
}

static int compare_id(const void *a, const void *b)
{
	const struct node *one = *(const struct node *const *)a;
	const struct node *other = *(const struct node *const *)b;

	if (one->unit != other->unit)
		return one->unit < other->unit ? -1 : 1;
	return one < other ? -1 : one > other;
}

static void verify_ids(const struct context *c, struct report *report)
{
	size_t all = c->nr_ioas + c->nr_hwpts + c->nr_devices, n = 0;
	const struct node **node = read_array(all, sizeof(*node));

	for (size_t i = 0; i < c->nr_ioas; i++)
		node[n++] = c->ioas_by_id[i];
	for (size_t i = 0; i < c->nr_hwpts; i++)
		node[n++] = c->hwpt_by_id[i];
	for (size_t i = 0; i < c->nr_devices; i++)
		node[n++] = c->device_by_id[i];
	qsort(node, n, sizeof(*node), compare_id);
	for (size_t i = 0; i < n; i++) {
		verify_id(node[i], report);
		if (i && node[i]->unit == node[i - 1]->unit)
			BAD(node[i], "ID %llu used twice", (unsigned long long)node[i]->unit);
	}
	free(node);
}

/* A table aligns mappings to its smallest page, and so does the option. */
static uint64_t alignment(const struct ioas *ioas)
{
	return ioas->has_table || ioas->small ? INSPECT_PAGE : 1;
}

static bool area_fits(const struct area *a, const struct pages *p, uint64_t align)
{
	if (!area_in_pages(a, p) || a->prot & ~PROT_KNOWN ||
	    (a->prot & PROT_WRITE && !(p->flags & PAGES_WRITABLE)))
		return false;
	return !((a->iova | (a->last + 1) | a->page_offset) & (align - 1));
}

/* What no table maps is not looked at by the kernel. */
static void say_hole(const struct ioas *ioas, const struct pages *p, const char *where,
		     struct report *report)
{
	const char *what = p->flags & PAGES_MEMORY ? "memory" : "memfd";

	if (ioas->has_table)
		report_bad(report, where, "the %s has a hole there", what);
	else
		report_note(report, where, "the %s has a hole there, and no table maps it",
			    what);
}

static void verify_area(const struct file *f, const struct ioas *ioas, size_t i,
			struct report *report)
{
	const struct area *a = &ioas->area[i];
	const struct pages *p = refer_pages(f->context, a);
	const struct memfd *m = p ? refer_memory(f->context, p) : NULL;
	char where[128];

	snprintf(where, sizeof(where), "%.60s IOVA %#llx-%#llx", ioas->node.where,
		 (unsigned long long)a->iova, (unsigned long long)a->last);
	if (i && a->iova <= ioas->area[i - 1].last)
		report_bad(report, where, "not behind the mapping before it");
	if (!p)
		report_bad(report, where, "shows nothing that is there");
	else if (!area_fits(a, p, alignment(ioas)))
		report_bad(report, where,
			   "prot %#x, offset %#x, does not fit its %#llx%s pages from %#llx on",
			   a->prot, a->page_offset, (unsigned long long)p->npages,
			   p->flags & PAGES_WRITABLE ? "" : " read-only",
			   (unsigned long long)a->first_page);
	else if (m && area_count(f->context, a) < 0)
		say_hole(ioas, p, where, report);
}

static void verify_ioas(const struct file *f, const struct ioas *ioas,
			struct report *report)
{
	if (ioas->small > 1)
		BAD(&ioas->node, "disable-large-pages is %u", ioas->small);
	for (size_t i = 0; i < ioas->nr_allowed; i++) {
		const uint64_t *range = ioas->allowed + 2 * i;

		/* Ordered, as the kernel writes them, so that overlaps show. */
		if (range[0] >= range[1] || (i && range[0] <= range[-1]))
			BAD(&ioas->node, "allowed range %#llx-%#llx",
			    (unsigned long long)range[0], (unsigned long long)range[1]);
	}
	for (size_t i = 0; i < ioas->nr_areas; i++) {
		verify_area(f, ioas, i, report);
		if (!(i % 4096))
			progress("checking mappings", i, ioas->nr_areas);
	}
}

/*
 * What freeze writes, and what is not there to be written about. A file whose
 * state is in use, or not to be had, may be the device's.
 */
static void verify_kept(const struct handover *h, const struct session *s,
			const struct device *d, struct report *report)
{
	const struct file *vfio = refer_vfio(s, d->sbdf);

	if (vfio)
		return;
	if (d->kept && !s->hidden)
		BAD(&d->node, "kept, and its file is not in the session");
	else if (d->kept)
		report_note(report, d->node.where,
			    "kept, but its file's state is not in the session");
	else
		report_note(report, d->node.where,
			    *h->direction == 'i' ?
			    "kept 0, its file was not in the session: it is stopped" :
			    "kept 0, its file is not in the session: it will be stopped");
}

static void verify_device(const struct handover *h, const struct session *s,
			  const struct file *f, const struct device *d,
			  struct report *report)
{
	if (d->hwpt && !refer_hwpt(f->context, d->hwpt))
		BAD(&d->node, "attached to HWPT %u, which is not there", d->hwpt);
	if (d->sbdf >> 48)
		BAD(&d->node, "PCI address %#llx", (unsigned long long)d->sbdf);
	if (d->kept > 1)
		BAD(&d->node, "kept is %u", d->kept);
	else if (!f->single)
		verify_kept(h, s, d, report);
}

void verify_context(const struct handover *h, const struct session *s,
		    const struct file *f, struct report *report)
{
	const struct context *c = f->context;

	if (c->account_mode >= ACCOUNT_MODES)
		BAD(&f->node, "account-mode %u", c->account_mode);
	verify_ids(c, report);
	if (c->page_size == INSPECT_PAGE) {
		verify_memory(f, report);
		verify_pages(h, f, report);
	} else {
		BAD(&f->node, "page-size %u, only %llu is understood: pages are not checked",
		    c->page_size, INSPECT_PAGE);
	}
	for (size_t i = 0; i < c->nr_ioas && c->page_size == INSPECT_PAGE; i++)
		verify_ioas(f, &c->ioas[i], report);
	for (size_t i = 0; i < c->nr_hwpts; i++)
		verify_hwpt(f, &c->hwpt[i], report);
	for (size_t i = 0; i < c->nr_devices; i++)
		verify_device(h, s, f, &c->device[i], report);
}
