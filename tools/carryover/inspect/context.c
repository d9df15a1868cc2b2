// SPDX-License-Identifier: GPL-2.0-only
/* The handover blob of an iommufd, see <linux/kho/abi/iommufd.h>. */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "read.h"

#define U32(type, name, field)	{ name, PROP_U32, offsetof(type, field), 0, false }
#define U64(type, name, field)	{ name, PROP_U64, offsetof(type, field), 0, false }
#define BYTES(name)		{ name, PROP_BYTES, 0, 0, false }

static const struct prop root_props[] = {
	U32(struct context, "account-mode", account_mode),
	BYTES("compatible"), BYTES("kernel-release"), BYTES("crc32"), { 0 }
};

static const struct prop pages_props[] = {
	U32(struct pages, "in-memory", in_memory),
	{ "token", PROP_U64, offsetof(struct pages, token), 0, true },
	{ "memory", PROP_U32, offsetof(struct pages, memory), 0, true },
	U64(struct pages, "start", start),
	U64(struct pages, "npages", npages),
	U32(struct pages, "writable", writable),
	U32(struct pages, "account-mode", account_mode), { 0 }
};

/* Bits of node.has */
#define PAGES_HAS_TOKEN		(1u << 1)
#define PAGES_HAS_MEMORY	(1u << 2)

static const struct prop memory_props[] = {
	U64(struct memfd, "size", size),
	BYTES("runs"), { 0 }
};

static const struct prop ioas_props[] = {
	U32(struct ioas, "disable-large-pages", small),
	BYTES("allowed"), BYTES("areas"), { 0 }
};

static const struct prop hwpt_props[] = {
	U32(struct hwpt, "ioas", ioas),
	U32(struct hwpt, "auto", automatic),
	U64(struct hwpt, "top", top),
	U64(struct hwpt, "mapped", mapped),
	U64(struct hwpt, "sme-mask", sme_mask),
	U32(struct hwpt, "features", features),
	U32(struct hwpt, "level", level),
	U32(struct hwpt, "vasz", vasz),
	U32(struct hwpt, "oasz", oasz),
	U32(struct hwpt, "tables", tables), { 0 }
};

static const struct prop device_props[] = {
	U32(struct device, "hwpt", hwpt),
	U64(struct device, "sbdf", sbdf),
	U32(struct device, "kept", kept), { 0 }
};

/* Reads the properties of every node "name@..." into an array of structs. */
static void *read_all(struct report *report, const struct file *f, const void *fdt,
		      const char *name, const struct prop *table, size_t size,
		      size_t *nr)
{
	char *array = read_array(count_nodes(fdt, 0, name), size);
	int node;

	fdt_for_each_subnode(node, fdt, 0) {
		struct node *into = (struct node *)(array + *nr * size);

		if (!node_is(fdt, node, name))
			continue;
		snprintf(into->where, sizeof(into->where), "%.24s: %.60s", f->node.where,
			 fdt_get_name(fdt, node, NULL));
		into->unit = read_unit(report, fdt, node, into->where);
		read_node(report, fdt, node, table, into);
		++*nr;
	}
	return array;
}

static void read_allowed(struct report *report, const void *fdt, int node,
			 struct ioas *ioas)
{
	const void *data;
	size_t n = read_cells(report, fdt, node, "allowed", 2, &data, &ioas->node);

	ioas->allowed = read_array(n, 2 * sizeof(*ioas->allowed));
	for (size_t i = 0; i < 2 * n; i++)
		ioas->allowed[i] = fdt64_ld((const fdt64_t *)data + i);
	ioas->nr_allowed = n;
}

static void read_areas(struct report *report, const void *fdt, int node,
		       struct ioas *ioas)
{
	const void *data;
	size_t n = read_cells(report, fdt, node, "areas", 5, &data, &ioas->node);

	ioas->area = read_array(n, sizeof(*ioas->area));
	for (size_t i = 0; i < n; i++) {
		const fdt64_t *cell = (const fdt64_t *)data + 5 * i;
		uint64_t both = fdt64_ld(cell + 2);

		ioas->area[i] = (struct area) {
			.iova = fdt64_ld(cell), .last = fdt64_ld(cell + 1),
			.prot = both >> 32, .page_offset = both,
			.pages = fdt64_ld(cell + 3), .first_page = fdt64_ld(cell + 4),
		};
	}
	ioas->nr_areas = n;
}

static void read_ioas_arrays(struct report *report, const void *fdt,
			     struct context *c)
{
	size_t i = 0;
	int node;

	fdt_for_each_subnode(node, fdt, 0) {
		if (!node_is(fdt, node, "ioas"))
			continue;
		read_allowed(report, fdt, node, &c->ioas[i]);
		read_areas(report, fdt, node, &c->ioas[i++]);
	}
}

/* Where pages are decides which of two properties they have. */
static void read_sources(struct report *report, struct context *c)
{
	for (size_t i = 0; i < c->nr_pages; i++) {
		const struct pages *p = &c->pages[i];
		uint32_t wanted = p->in_memory ? PAGES_HAS_MEMORY : PAGES_HAS_TOKEN;

		if (!(p->node.has & wanted) && !p->node.extra)
			report_bad(report, p->node.where,
				   "property '%s' is missing or malformed",
				   p->in_memory ? "memory" : "token");
	}
}

static void read_memory_runs(struct report *report, const void *fdt, int node,
			     struct memfd *m)
{
	const void *data;
	size_t n = read_cells(report, fdt, node, "runs", 3, &data, &m->node);

	m->run = read_array(n, sizeof(*m->run));
	for (size_t i = 0; i < n; i++) {
		const fdt64_t *cell = (const fdt64_t *)data + 3 * i;
		uint64_t pfn = fdt64_ld(cell + 1);

		m->run[i] = (struct run) { fdt64_ld(cell), pfn * INSPECT_PAGE,
					   fdt64_ld(cell + 2) };
		if (pfn > UINT64_MAX / INSPECT_PAGE)
			report_bad(report, m->node.where, "run %zu has frame number %#llx",
				   i, (unsigned long long)pfn);
	}
	m->nr_runs = n;
}

static void read_memories(struct report *report, const void *fdt, struct context *c)
{
	size_t i = 0;
	int node;

	fdt_for_each_subnode(node, fdt, 0)
		if (node_is(fdt, node, "memory"))
			read_memory_runs(report, fdt, node, &c->memory[i++]);
}

static void read_others(struct report *report, const void *fdt, struct context *c)
{
	int node;

	fdt_for_each_subnode(node, fdt, 0) {
		if (node_is(fdt, node, "ioas") || node_is(fdt, node, "pages") ||
		    node_is(fdt, node, "hwpt") || node_is(fdt, node, "device") ||
		    node_is(fdt, node, "memory"))
			continue;
		add_extra(&c->node, fdt_get_name(fdt, node, NULL), true, NULL, 0);
		report_note(report, c->node.where, "node '%.64s' is not known",
			    fdt_get_name(fdt, node, NULL));
	}
}

void context_read(struct report *report, struct file *f, const void *fdt)
{
	struct context *c = read_array(1, sizeof(*c));

	f->context = c;
	snprintf(c->node.where, sizeof(c->node.where), "%s", f->node.where);
	read_node(report, fdt, 0, root_props, &c->node);
	c->pages = read_all(report, f, fdt, "pages", pages_props,
			    sizeof(*c->pages), &c->nr_pages);
	c->memory = read_all(report, f, fdt, "memory", memory_props,
			     sizeof(*c->memory), &c->nr_memories);
	c->ioas = read_all(report, f, fdt, "ioas", ioas_props, sizeof(*c->ioas),
			   &c->nr_ioas);
	c->hwpt = read_all(report, f, fdt, "hwpt", hwpt_props, sizeof(*c->hwpt),
			   &c->nr_hwpts);
	c->device = read_all(report, f, fdt, "device", device_props,
			     sizeof(*c->device), &c->nr_devices);
	read_sources(report, c);
	read_memories(report, fdt, c);
	read_ioas_arrays(report, fdt, c);
	read_others(report, fdt, c);
}

void context_free(struct context *c)
{
	for (size_t i = 0; i < c->nr_ioas; i++) {
		free(c->ioas[i].allowed);
		free(c->ioas[i].area);
		free_extra(&c->ioas[i].node);
	}
	for (size_t i = 0; i < c->nr_pages; i++)
		free_extra(&c->pages[i].node);
	for (size_t i = 0; i < c->nr_memories; i++) {
		free(c->memory[i].run);
		free_extra(&c->memory[i].node);
	}
	for (size_t i = 0; i < c->nr_hwpts; i++)
		free_extra(&c->hwpt[i].node);
	for (size_t i = 0; i < c->nr_devices; i++)
		free_extra(&c->device[i].node);
	free(c->ioas);
	free(c->pages);
	free(c->memory);
	free(c->hwpt);
	free(c->device);
	free_extra(&c->node);
	free(c);
}
