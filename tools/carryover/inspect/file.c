// SPDX-License-Identifier: GPL-2.0-only
/* One file's state: which kind it is of, and the one of VFIO. */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"
#include "read.h"

#define U32(field, name)	{ name, PROP_U32, offsetof(struct vfio, field), 0, false }
#define U64(field, name)	{ name, PROP_U64, offsetof(struct vfio, field), 0, false }
#define BYTES(name)		{ name, PROP_BYTES, 0, 0, false }

static const struct prop vfio_props[] = {
	U64(sbdf, "sbdf"),
	U32(vendor, "vendor"), U32(device, "device"),
	U32(subvendor, "subsystem-vendor"), U32(subdevice, "subsystem-device"),
	U32(class, "class"), U32(revision, "revision"),
	U64(serial, "serial"),
	U32(reset, "reset"), U32(device_id, "device-id"),
	U64(iommufd_token, "iommufd-token"),
	U32(pt_id, "pt-id"), U32(command, "command"),
	BYTES("bars"), BYTES("vconfig"), BYTES("saved-state"),
	BYTES("compatible"), BYTES("kernel-release"), BYTES("crc32"), { 0 }
};

void vfio_read(struct report *report, struct file *f, const void *fdt)
{
	struct vfio *v = read_array(1, sizeof(*v));
	const void *data;
	char name[32];
	int len;

	f->vfio = v;
	snprintf(v->node.where, sizeof(v->node.where), "%s", f->node.where);
	read_node(report, fdt, 0, vfio_props, &v->node);
	snprintf(v->node.where, sizeof(v->node.where), "%.24s: device %s", f->node.where,
		 sbdf_name(v->sbdf, name, sizeof(name)));
	data = fdt_getprop(fdt, 0, "bars", &len);
	if (data && len == sizeof(v->bar))
		for (int i = 0; i < 2 * INSPECT_BARS; i++)
			v->bar[i / 2][i % 2] = fdt64_ld((const fdt64_t *)data + i);
	else if (data)
		report_bad(report, v->node.where, "property 'bars' has %d bytes", len);
	v->vconfig = fdt_getprop(fdt, 0, "vconfig", &len);
	v->vconfig_len = v->vconfig ? len : 0;
	v->saved = fdt_getprop(fdt, 0, "saved-state", &len);
	v->saved_len = v->saved ? len : 0;
}

static void read_unknown(struct file *f, const void *fdt)
{
	static const struct prop none[] = {
		BYTES("compatible"), BYTES("kernel-release"), BYTES("crc32"), { 0 }
	};
	struct report ignored;
	int node;

	report_begin(&ignored);
	read_node(&ignored, fdt, 0, none, &f->node);
	report_end(&ignored);
	fdt_for_each_subnode(node, fdt, 0)
		add_extra(&f->node, fdt_get_name(fdt, node, NULL), true, NULL, 0);
}

/* A layout is what its name says to the last letter, or nothing is read of it. */
struct layout {
	const char *compatible;
	void (*read)(struct report *report, struct file *f, const void *fdt);
};

static const struct layout layouts[] = {
	{ IOMMUFD_LUO_FH_COMPATIBLE, context_read },
	{ HUGETLB_LUO_FH_COMPATIBLE, hugetlb_read },
	{ VFIO_PCI_LUO_FH_COMPATIBLE, vfio_read },
};

static void read_by_layout(struct report *report, struct file *f, const void *fdt)
{
	int len;
	const char *is = fdt_getprop(fdt, 0, "compatible", &len);

	if (!is || len <= 0 || strnlen(is, len) + 1 != (size_t)len) {
		report_bad(report, f->node.where, "its blob does not say its layout");
		return;
	}
	for (size_t i = 0; i < sizeof(layouts) / sizeof(*layouts); i++) {
		const struct layout *layout = &layouts[i];

		if (!strcmp(is, layout->compatible)) {
			layout->read(report, f, fdt);
			return;
		}
		if (layout_is_like(is, layout->compatible)) {
			report_bad(report, f->node.where,
				   "layout '%.64s' is not understood here, only '%s'", is,
				   layout->compatible);
			return;
		}
	}
	report_note(report, f->node.where,
		    "layout '%.64s' is not known here, only '%s', '%s' and '%s'", is,
		    IOMMUFD_LUO_FH_COMPATIBLE, HUGETLB_LUO_FH_COMPATIBLE, VFIO_PCI_LUO_FH_COMPATIBLE);
	read_unknown(f, fdt);
}

/* A handover blob; a copy is made, for in a dump it is not aligned. */
void file_read_tree(struct handover *h, struct file *f, const void *data, size_t size)
{
	struct report *report = &h->report;
	const char *why;

	f->tree = read_array(size, 1);
	memcpy(f->tree, data, size);
	if (!tree_check(f->tree, size, &why)) {
		report_bad(report, f->node.where, "its blob is no tree: %s", why);
		free(f->tree);
		f->tree = NULL;
		return;
	}
	tree_blob(report, f->tree, f->node.where, &f->blob);
	read_by_layout(report, f, f->tree);
}
