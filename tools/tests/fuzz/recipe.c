// SPDX-License-Identifier: GPL-2.0-only
/* Bytes into trees: one byte says what comes next, others fill it. */
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"
#include "recipe.h"

#define RECIPE_MAX_DEPTH	4
#define RECIPE_MAX_BLOB		(16u << 10)

static const char *const compatibles[] = {
	LIVEUPDATE_DUMP_COMPATIBLE, IOMMUFD_LUO_FH_COMPATIBLE,
	VFIO_PCI_LUO_FH_COMPATIBLE, "carryover,something-else",
	HUGETLB_LUO_FH_COMPATIBLE,
};

static const char *const nodes[] = {
	"session", "file", "ioas", "hwpt", "device", "other", "", "memory",
};

static const char *const props[] = {
	"direction", "session-name", "retrieved", "handler", "token", "handle",
	"status", "unreadable", "size", "position", "seals", "runs",
	"account-mode", "page-size", "files", "pages", "disable-large-pages",
	"allowed", "areas", "ioas", "auto", "top", "mapped", "sme-mask",
	"features", "level", "vasz", "oasz", "tables", "hwpt", "sbdf", "kept",
	"vendor", "device", "subsystem-vendor", "subsystem-device", "class",
	"revision", "serial", "reset", "device-id", "iommufd-token", "pt-id",
	"command", "bars", "vconfig", "blob", "kind",
	"saved-state", "pos", "noexec",
};

static const char *const strings[] = {
	"incoming", "memfd-v2", HUGETLB_LUO_FH_COMPATIBLE, IOMMUFD_LUO_FH_COMPATIBLE,
};

#define PICK(table, n)	table[(n) % (sizeof(table) / sizeof(*table))]

struct recipe {
	const uint8_t *data;
	size_t left;
	void *fdt;
	int nodes;
	int blobs;
};

static uint8_t take(struct recipe *r)
{
	if (!r->left)
		return 0;
	r->left--;
	return *r->data++;
}

static size_t take_bytes(struct recipe *r, size_t want, const uint8_t **bytes)
{
	size_t n = want < r->left ? want : r->left;

	*bytes = r->data;
	r->data += n;
	r->left -= n;
	return n;
}

/* Numbers that matter are small, page sized or just too large. */
static uint64_t take_number(struct recipe *r)
{
	uint8_t how = take(r);

	switch (how & 3) {
	case 0:
		return how >> 2;
	case 1:
		return (uint64_t)(how >> 2) << 12;
	case 2:
		return ((uint64_t)take(r) << 56 | (uint64_t)take(r) << 24 | take(r)) << 12;
	default:
		return ~(uint64_t)(how >> 2);
	}
}

static size_t recipe_blob(struct recipe *r, void *tree, size_t room);

static void make_blob(struct recipe *r)
{
	void *blob = malloc(RECIPE_MAX_BLOB);
	size_t n;

	if (!blob)
		abort();
	n = r->blobs++ < 8 ? recipe_blob(r, blob, RECIPE_MAX_BLOB) : 0;
	fdt_property(r->fdt, "blob", blob, n);
	free(blob);
}

static void make_cells(struct recipe *r, const char *name)
{
	unsigned int n = take(r) % 40;
	fdt64_t cells[40];

	for (unsigned int i = 0; i < n; i++)
		cells[i] = cpu_to_fdt64(take_number(r));
	fdt_property(r->fdt, name, cells, n * sizeof(*cells));
}

static void make_prop(struct recipe *r, uint8_t how)
{
	const char *name = PICK(props, take(r));
	const uint8_t *bytes;
	size_t n;

	switch (how) {
	case 0:
		fdt_property_u32(r->fdt, name, take_number(r));
		break;
	case 1:
		fdt_property_u64(r->fdt, name, take_number(r));
		break;
	case 2:
		make_cells(r, name);
		break;
	case 3:
		n = take_bytes(r, take(r), &bytes);
		fdt_property(r->fdt, name, bytes, n);
		break;
	default:
		fdt_property_string(r->fdt, name, PICK(strings, how));
	}
}

/* The contents of a node, until the recipe says its end. */
static void make_node(struct recipe *r, int depth)
{
	char name[40];

	while (r->left) {
		uint8_t what = take(r);

		switch (what & 7) {
		case 0:
			return;
		case 1:
		case 2:
			if (depth >= RECIPE_MAX_DEPTH || r->nodes++ > 60)
				break;
			/* No node twice: the tree's own check would end it all. */
			snprintf(name, sizeof(name), what & 64 ? "%s@%x" : "%s@%x%x",
				 PICK(nodes, what >> 3), take(r), r->nodes);
			fdt_begin_node(r->fdt, name);
			make_node(r, depth + 1);
			fdt_end_node(r->fdt);
			break;
		case 3:
			make_blob(r);
			break;
		default:
			make_prop(r, what >> 3 & 7);
		}
	}
}

static size_t recipe_blob(struct recipe *outer, void *tree, size_t room)
{
	struct recipe r = *outer;
	const char *compatible;

	r.fdt = tree;
	/* fdt_property_string() is a macro that looks twice. */
	compatible = PICK(compatibles, take(&r));
	if (fdt_create(tree, room))
		return 0;
	fdt_finish_reservemap(tree);
	fdt_begin_node(tree, "");
	fdt_property_string(tree, "compatible", compatible);
	fdt_property_string(tree, "kernel-release", "7.3.4");
	fdt_property_u32(tree, "crc32", take(&r) & 1);
	make_node(&r, 0);
	fdt_end_node(tree);
	outer->data = r.data;
	outer->left = r.left;
	outer->blobs = r.blobs;
	return fdt_finish(tree) ? 0 : fdt_totalsize(tree);
}

size_t recipe_make(const uint8_t *data, size_t size, void *tree, size_t room)
{
	struct recipe r = { .data = data, .left = size };

	return recipe_blob(&r, tree, room);
}
