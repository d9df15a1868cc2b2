// SPDX-License-Identifier: GPL-2.0-only
/* Who refers to whom: tokens, addresses of devices, IDs. */
#include <stdlib.h>
#include <string.h>

#include "inspect.h"
#include "layout.h"
#include "read.h"

#define FILE_MAX	0x7fffffffffffffffull
/* Of the base, whatever version. */
#define MEMFD_COMPATIBLE	"memfd-v2"

/* Of two that are equal the first in the input comes first. */
static int compare(uint64_t a, uint64_t b, const void *first, const void *other)
{
	if (a != b)
		return a < b ? -1 : 1;
	return first < other ? -1 : first > other;
}

static int compare_token(const void *a, const void *b)
{
	const struct file *one = *(struct file *const *)a, *other = *(struct file *const *)b;

	return compare(one->token, other->token, one, other);
}

static int compare_sbdf(const void *a, const void *b)
{
	const struct file *one = *(struct file *const *)a, *other = *(struct file *const *)b;

	return compare(one->vfio->sbdf, other->vfio->sbdf, one, other);
}

static int compare_id(const void *a, const void *b)
{
	const struct node *one = *(const struct node *const *)a;
	const struct node *other = *(const struct node *const *)b;

	return compare(one->unit, other->unit, one, other);
}

bool file_is_memfd(const struct file *f, bool huge)
{
	return layout_is_like(f->handler, huge ? HUGETLB_LUO_FH_COMPATIBLE : MEMFD_COMPATIBLE);
}

static void count_memfd(struct session *s, struct file *f)
{
	for (int huge = 0; huge < 2; huge++) {
		f->memfds_before[huge] = s->nr_memfds[huge];
		s->nr_memfds[huge] += file_is_memfd(f, huge);
	}
}

static void index_session(struct session *s)
{
	s->by_token = read_array(s->nr_files, sizeof(struct file *));
	s->by_sbdf = read_array(s->nr_files, sizeof(struct file *));
	for (size_t i = 0; i < s->nr_files; i++) {
		s->by_token[i] = &s->file[i];
		count_memfd(s, &s->file[i]);
		if (!s->file[i].memfd && !s->file[i].context && !s->file[i].vfio)
			s->hidden = true;
		if (s->file[i].vfio)
			s->by_sbdf[s->nr_vfio++] = &s->file[i];
	}
	qsort(s->by_token, s->nr_files, sizeof(*s->by_token), compare_token);
	qsort(s->by_sbdf, s->nr_vfio, sizeof(*s->by_sbdf), compare_sbdf);
}

/* Nodes of @size bytes, each the first member of its struct. */
static const struct node **index_ids(const void *nodes, size_t n, size_t size)
{
	const struct node **by_id = read_array(n, sizeof(*by_id));

	for (size_t i = 0; i < n; i++)
		by_id[i] = (const void *)((const char *)nodes + i * size);
	qsort(by_id, n, sizeof(*by_id), compare_id);
	return by_id;
}

/*
 * A memfd has its token when it was preserved before the iommufd; freeze finds
 * the others. Is there a memfd behind the iommufd that is none of those known?
 * A dump that has inodes leaves no doubt.
 */
static bool memfds_may_come(const struct session *s, const struct file *f,
			    const struct context *c, bool huge)
{
	size_t known = 0;

	if (f->single)
		return true;
	if (f->inode)
		return false;
	for (size_t i = 0; i < c->nr_backings; i++) {
		const struct file *memfd = c->backing[i].file;

		known += memfd > f && file_is_memfd(memfd, huge);
	}
	return s->nr_memfds[huge] - f->memfds_before[huge] > known;
}

static struct file *find_memfd(const struct session *s, const struct file *f,
			       const struct backing *b)
{
	if (b->flags & BACKING_KNOWN)
		return refer_token(s, b->token);
	for (struct file *memfd = s->file; f->inode && memfd < s->file + s->nr_files; memfd++)
		if (memfd->inode == b->inode && file_is_memfd(memfd, b->flags & BACKING_HUGETLB))
			return memfd;
	return NULL;
}

static void index_context(const struct session *s, const struct file *f,
			  struct context *c)
{
	c->memory_by_id = index_ids(c->memory, c->nr_memories, sizeof(*c->memory));
	c->ioas_by_id = index_ids(c->ioas, c->nr_ioas, sizeof(*c->ioas));
	c->hwpt_by_id = index_ids(c->hwpt, c->nr_hwpts, sizeof(*c->hwpt));
	c->device_by_id = index_ids(c->device, c->nr_devices, sizeof(*c->device));
	for (size_t i = 0; i < c->nr_ioas; i++)
		tables_index(&c->ioas[i]);
	for (size_t i = 0; i < c->nr_hwpts; i++) {
		struct ioas *ioas = (struct ioas *)refer_ioas(c, c->hwpt[i].ioas);

		if (ioas)
			ioas->has_table = true;
	}
	shown_index(c);
	for (size_t i = 0; i < c->nr_backings && !f->single; i++)
		c->backing[i].file = find_memfd(s, f, &c->backing[i]);
	for (int huge = 0; huge < 2; huge++)
		c->may_come[huge] = memfds_may_come(s, f, c, huge);
}

static void index_memfd(struct memfd *m, size_t *number)
{
	m->number = (*number)++;
	runs_index(m);
}

static void index_file(const struct session *s, struct file *f, size_t *number)
{
	if (f->memfd)
		index_memfd(f->memfd, number);
	for (size_t i = 0; f->context && i < f->context->nr_memories; i++)
		index_memfd(&f->context->memory[i], number);
	if (f->context)
		index_context(s, f, f->context);
}

void refer_index(struct handover *h)
{
	size_t number = 0;

	for (size_t i = 0; i < h->nr_sessions; i++) {
		struct session *s = &h->session[i];

		index_session(s);
		for (size_t j = 0; j < s->nr_files; j++)
			index_file(s, &s->file[j], &number);
	}
}

void refer_free(struct handover *h)
{
	for (size_t i = 0; i < h->nr_sessions; i++) {
		struct session *s = &h->session[i];

		free(s->by_token);
		free(s->by_sbdf);
		for (size_t j = 0; j < s->nr_files; j++)
			if (s->file[j].context) {
				free(s->file[j].context->memory_by_id);
				free(s->file[j].context->ioas_by_id);
				free(s->file[j].context->hwpt_by_id);
				free(s->file[j].context->device_by_id);
				free(s->file[j].context->shown);
			}
	}
}

static uint64_t key_token(const void *entry) { return ((const struct file *)entry)->token; }
static uint64_t key_sbdf(const void *entry) { return ((const struct file *)entry)->vfio->sbdf; }
static uint64_t key_id(const void *entry) { return ((const struct node *)entry)->unit; }

/* The first of @n sorted entries with this key. */
static const void *find(const void *const *entry, size_t n, uint64_t wanted,
			uint64_t (*key)(const void *entry))
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (key(entry[middle]) < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && key(entry[low]) == wanted ? entry[low] : NULL;
}

struct file *refer_token(const struct session *s, uint64_t token)
{
	return (struct file *)find((const void *const *)s->by_token, s->nr_files, token,
				   key_token);
}

/* The VFIO file of a device of an iommufd. */
struct file *refer_vfio(const struct session *s, uint64_t sbdf)
{
	return (struct file *)find((const void *const *)s->by_sbdf, s->nr_vfio, sbdf,
				   key_sbdf);
}

/* The node is the first member of these. */
const struct memfd *refer_number(const struct context *c, uint64_t number)
{
	return find((const void *const *)c->memory_by_id, c->nr_memories, number, key_id);
}

const struct ioas *refer_ioas(const struct context *c, uint32_t id)
{
	return find((const void *const *)c->ioas_by_id, c->nr_ioas, id, key_id);
}

const struct hwpt *refer_hwpt(const struct context *c, uint32_t id)
{
	return find((const void *const *)c->hwpt_by_id, c->nr_hwpts, id, key_id);
}

const struct device *refer_device(const struct context *c, uint32_t id)
{
	return find((const void *const *)c->device_by_id, c->nr_devices, id, key_id);
}

const struct pages *refer_pages(const struct context *c, const struct area *a)
{
	return a->pages < c->nr_pages ? &c->pages[a->pages] : NULL;
}

const struct backing *refer_backing(const struct context *c, const struct pages *p)
{
	if (p->flags & PAGES_MEMORY || p->file >= c->nr_backings)
		return NULL;
	return &c->backing[p->file];
}

const struct memfd *refer_memory(const struct context *c, const struct pages *p)
{
	const struct backing *b = refer_backing(c, p);

	if (p->flags & PAGES_MEMORY)
		return refer_number(c, p->file);
	return b && b->file ? b->file->memfd : NULL;
}

bool area_in_pages(const struct area *a, const struct pages *p)
{
	uint64_t bytes, last, end;

	return a->iova <= a->last && a->page_offset < INSPECT_PAGE &&
	       !__builtin_add_overflow(a->last - a->iova, (uint64_t)a->page_offset, &bytes) &&
	       !__builtin_add_overflow(a->first_page, bytes / INSPECT_PAGE, &last) &&
	       last < p->npages && !__builtin_mul_overflow(p->npages, INSPECT_PAGE, &end) &&
	       !__builtin_add_overflow(end, p->start, &end) && end <= FILE_MAX;
}

uint64_t area_byte(const struct area *a, const struct pages *p)
{
	return p->start + a->first_page * INSPECT_PAGE + a->page_offset;
}
