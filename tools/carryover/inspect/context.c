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
	U32(struct context, "page-size", page_size),
	BYTES("files"), BYTES("pages"),
	BYTES("compatible"), BYTES("kernel-release"), BYTES("crc32"), { 0 }
};

static const struct prop memory_props[] = {
	U64(struct memfd, "page-size", page_size),
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

/* One kind of node: how messages call it, what it may have. */
struct kind {
	const char *name;
	const char *word;
	const struct prop *props;
	size_t size;
};

static const struct kind kinds[] = {
	{ "memory", "memory without a file", memory_props, sizeof(struct memfd) },
	{ "ioas", "IOAS", ioas_props, sizeof(struct ioas) },
	{ "hwpt", "HWPT", hwpt_props, sizeof(struct hwpt) },
	{ "device", "device", device_props, sizeof(struct device) },
};

enum { KIND_MEMORY, KIND_IOAS, KIND_HWPT, KIND_DEVICE, KINDS };

/* What has no ID has a better name, see name_memories() and name_devices(). */
static void name_node(const struct file *f, const struct kind *kind, struct node *into)
{
	if (kind == &kinds[KIND_MEMORY])
		snprintf(into->where, sizeof(into->where), "%.24s: %s", f->node.where,
			 kind->word);
	else
		snprintf(into->where, sizeof(into->where), "%.24s: %s %llu", f->node.where,
			 kind->word, (unsigned long long)into->unit);
}

/* Reads the properties of every node of a kind into an array of structs. */
static void *read_all(struct report *report, const struct file *f, const void *fdt,
		      const struct kind *kind, size_t *nr)
{
	char *array = read_array(count_nodes(fdt, 0, kind->name), kind->size);
	int node;

	fdt_for_each_subnode(node, fdt, 0) {
		struct node *into = (struct node *)(array + *nr * kind->size);

		if (!node_is(fdt, node, kind->name))
			continue;
		snprintf(into->where, sizeof(into->where), "%.24s: %.60s", f->node.where,
			 fdt_get_name(fdt, node, NULL));
		into->unit = read_unit(report, fdt, node, into->where);
		name_node(f, kind, into);
		read_node(report, fdt, node, kind->props, into);
		++*nr;
	}
	return array;
}

/* There is one for each size of pages. */
static void name_memories(const struct file *f, struct context *c)
{
	char size[32];

	for (size_t i = 0; i < c->nr_memories; i++) {
		struct memfd *m = &c->memory[i];

		m->huge = m->page_size != INSPECT_PAGE;
		if (m->huge)
			snprintf(m->node.where, sizeof(m->node.where),
				 "%.24s: memory of %s pages without a file", f->node.where,
				 size_name(m->page_size, size, sizeof(size)));
	}
}

static void name_devices(const struct file *f, struct context *c)
{
	char name[32];

	for (size_t i = 0; i < c->nr_devices; i++) {
		struct device *d = &c->device[i];

		snprintf(d->node.where, sizeof(d->node.where), "%.24s: device %s",
			 f->node.where, sbdf_name(d->sbdf, name, sizeof(name)));
	}
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
		ioas->mapped += ioas->area[i].last - ioas->area[i].iova + 1;
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

static void read_backings(struct report *report, const void *fdt, struct context *c)
{
	const void *data;
	size_t n = read_cells(report, fdt, 0, "files", 3, &data, &c->node);

	c->backing = read_array(n, sizeof(*c->backing));
	for (size_t i = 0; i < n; i++) {
		const fdt64_t *cell = (const fdt64_t *)data + 3 * i;
		uint64_t both = fdt64_ld(cell + 2);

		c->backing[i] = (struct backing) {
			.token = fdt64_ld(cell), .inode = fdt64_ld(cell + 1),
			.flags = both >> 32, .reserved = both,
		};
	}
	c->nr_backings = n;
}

static void read_pages(struct report *report, const void *fdt, struct context *c)
{
	const void *data;
	size_t n = read_cells(report, fdt, 0, "pages", 3, &data, &c->node);

	c->pages = read_array(n, sizeof(*c->pages));
	for (size_t i = 0; i < n; i++) {
		const fdt64_t *cell = (const fdt64_t *)data + 3 * i;
		uint64_t both = fdt64_ld(cell + 2);

		c->pages[i] = (struct pages) {
			.start = fdt64_ld(cell), .npages = fdt64_ld(cell + 1),
			.file = both >> 32, .flags = both,
		};
	}
	c->nr_pages = n;
}

static void read_memories(struct report *report, const void *fdt, struct context *c)
{
	size_t i = 0;
	int node;

	fdt_for_each_subnode(node, fdt, 0)
		if (node_is(fdt, node, "memory"))
			memfd_read_runs(report, fdt, node, &c->memory[i++]);
}

static bool kind_is_known(const void *fdt, int node)
{
	for (int i = 0; i < KINDS; i++)
		if (node_is(fdt, node, kinds[i].name))
			return true;
	return false;
}

static void read_others(struct report *report, const void *fdt, struct context *c)
{
	int node;

	fdt_for_each_subnode(node, fdt, 0) {
		if (kind_is_known(fdt, node))
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
	c->memory = read_all(report, f, fdt, &kinds[KIND_MEMORY], &c->nr_memories);
	c->ioas = read_all(report, f, fdt, &kinds[KIND_IOAS], &c->nr_ioas);
	c->hwpt = read_all(report, f, fdt, &kinds[KIND_HWPT], &c->nr_hwpts);
	c->device = read_all(report, f, fdt, &kinds[KIND_DEVICE], &c->nr_devices);
	name_memories(f, c);
	name_devices(f, c);
	read_backings(report, fdt, c);
	read_pages(report, fdt, c);
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
	for (size_t i = 0; i < c->nr_memories; i++) {
		free(c->memory[i].run);
		free_extra(&c->memory[i].node);
	}
	for (size_t i = 0; i < c->nr_hwpts; i++)
		free_extra(&c->hwpt[i].node);
	for (size_t i = 0; i < c->nr_devices; i++)
		free_extra(&c->device[i].node);
	free(c->ioas);
	free(c->backing);
	free(c->pages);
	free(c->memory);
	free(c->hwpt);
	free(c->device);
	free_extra(&c->node);
	free(c);
}
