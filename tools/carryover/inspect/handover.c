// SPDX-License-Identifier: GPL-2.0-only
/* The whole: a dump with its sessions, or a single blob as if it were one. */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"
#include "read.h"

/* All of ours begin so. */
#define BLOB_COMPATIBLE		"carryover,"

static const struct prop dump_props[] = {
	{ "direction", PROP_STRING, offsetof(struct handover, direction),
	  sizeof(((struct handover *)0)->direction), false },
	{ "compatible", PROP_BYTES, 0, 0, false },
	{ "kernel-release", PROP_BYTES, 0, 0, false },
	{ "crc32", PROP_BYTES, 0, 0, false }, { 0 }
};

static const struct prop session_props[] = {
	{ "session-name", PROP_STRING, offsetof(struct session, name),
	  sizeof(((struct session *)0)->name), false },
	{ "retrieved", PROP_U32, offsetof(struct session, retrieved), 0, false }, { 0 }
};

static const struct prop file_props[] = {
	{ "handler", PROP_STRING, offsetof(struct file, handler),
	  sizeof(((struct file *)0)->handler), false },
	{ "token", PROP_U64, offsetof(struct file, token), 0, false },
	{ "handle", PROP_U64, offsetof(struct file, handle), 0, false },
	{ "status", PROP_U32, offsetof(struct file, status), 0, false },
	{ "inode", PROP_U64, offsetof(struct file, inode), 0, true },
	{ "unreadable", PROP_U32, offsetof(struct file, unreadable), 0, true },
	{ "blob", PROP_BYTES, 0, 0, true },
	{ "size", PROP_BYTES, 0, 0, true }, { "position", PROP_BYTES, 0, 0, true },
	{ "seals", PROP_BYTES, 0, 0, true }, { "runs", PROP_BYTES, 0, 0, true },
	{ 0 }
};

static void read_file(struct handover *h, struct session *s, struct file *f, int node)
{
	const void *blob;
	int len;

	snprintf(f->node.where, sizeof(f->node.where), "%.30s/%.30s", s->node.where,
		 fdt_get_name(h->tree, node, NULL));
	f->node.unit = read_unit(&h->report, h->tree, node, f->node.where);
	read_node(&h->report, h->tree, node, file_props, &f->node);
	snprintf(f->node.where, sizeof(f->node.where), "token %#llx",
		 (unsigned long long)f->token);
	if (f->unreadable)
		report_bad(&h->report, f->node.where, "the kernel cannot read it: error %d",
			   f->unreadable);
	blob = fdt_getprop(h->tree, node, "blob", &len);
	if (blob)
		file_read_tree(h, f, blob, len);
	else if (fdt_getprop(h->tree, node, "size", NULL))
		memfd_read(&h->report, f, h->tree, node);
}

static void read_session(struct handover *h, struct session *s, int node)
{
	int child;

	snprintf(s->node.where, sizeof(s->node.where), "%.60s",
		 fdt_get_name(h->tree, node, NULL));
	s->node.unit = read_unit(&h->report, h->tree, node, s->node.where);
	read_node(&h->report, h->tree, node, session_props, &s->node);
	s->file = read_array(count_nodes(h->tree, node, "file"), sizeof(*s->file));
	fdt_for_each_subnode(child, h->tree, node)
		if (node_is(h->tree, child, "file"))
			read_file(h, s, &s->file[s->nr_files++], child);
		else
			report_note(&h->report, s->node.where, "node '%.64s' is not known",
				    fdt_get_name(h->tree, child, NULL));
}

static void read_dump(struct handover *h)
{
	int node;

	strcpy(h->node.where, "dump");
	tree_blob(&h->report, h->tree, h->node.where, &h->blob);
	if (h->blob.sealed && h->blob.crc != h->blob.crc_is)
		report_bad(&h->report, h->node.where, "checksum %#x, should be %#x",
			   h->blob.crc, h->blob.crc_is);
	read_node(&h->report, h->tree, 0, dump_props, &h->node);
	h->session = read_array(count_nodes(h->tree, 0, "session"), sizeof(*h->session));
	fdt_for_each_subnode(node, h->tree, 0)
		if (node_is(h->tree, node, "session"))
			read_session(h, &h->session[h->nr_sessions++], node);
}

static void read_single(struct handover *h)
{
	const char *compatible = fdt_getprop(h->tree, 0, "compatible", NULL);
	struct session *s = read_array(1, sizeof(*s));
	struct file *f = read_array(1, sizeof(*f));

	h->session = s;
	h->nr_sessions = 1;
	s->file = f;
	s->nr_files = 1;
	f->single = true;
	strcpy(s->node.where, "session");
	strcpy(f->node.where, "blob");
	snprintf(f->handler, sizeof(f->handler), "%s", compatible);
	file_read_tree(h, f, h->tree, h->size);
	h->blob = f->blob;
}

/* Bytes behind the tree are what a page or a disk had there. */
static bool trim(struct handover *h)
{
	const char *why = "too short";

	if (h->size >= sizeof(struct fdt_header) &&
	    fdt_magic(h->tree) == FDT_MAGIC && fdt_totalsize(h->tree) < h->size)
		h->size = fdt_totalsize(h->tree);
	if (tree_check(h->tree, h->size, &why))
		return true;
	report_bad(&h->report, "input", "no flattened device tree: %s", why);
	return false;
}

bool handover_read(struct handover *h, void *data, size_t size)
{
	const char *compatible;
	int len;

	memset(h, 0, sizeof(*h));
	report_begin(&h->report);
	h->report.most = INSPECT_FINDINGS;
	h->tree = data;
	h->size = size;
	if (!trim(h))
		return false;
	compatible = fdt_getprop(h->tree, 0, "compatible", &len);
	if (!compatible || len <= 0 || compatible[len - 1]) {
		report_bad(&h->report, "input", "a tree without 'compatible'");
		return false;
	}
	if (!strcmp(compatible, LIVEUPDATE_DUMP_COMPATIBLE))
		read_dump(h);
	else if (layout_is_like(compatible, LIVEUPDATE_DUMP_COMPATIBLE))
		report_bad(&h->report, "input", "layout '%.64s' is not understood here, only '%s'",
			   compatible, LIVEUPDATE_DUMP_COMPATIBLE);
	else if (!strncmp(compatible, BLOB_COMPATIBLE, strlen(BLOB_COMPATIBLE)))
		read_single(h);
	else
		report_bad(&h->report, "input", "a tree for '%.64s' is no handover",
			   compatible);
	refer_index(h);
	return h->session;
}

static void free_file(struct file *f)
{
	if (f->memfd) {
		free_extra(&f->memfd->node);
		free(f->memfd->run);
		free(f->memfd);
	}
	if (f->vfio) {
		free_extra(&f->vfio->node);
		free(f->vfio);
	}
	if (f->context)
		context_free(f->context);
	free_extra(&f->node);
	free(f->tree);
}

void handover_free(struct handover *h)
{
	refer_free(h);
	for (size_t i = 0; i < h->nr_sessions; i++) {
		struct session *s = &h->session[i];

		for (size_t j = 0; j < s->nr_files; j++)
			free_file(&s->file[j]);
		free(s->file);
		free_extra(&s->node);
	}
	free(h->session);
	free_extra(&h->node);
	report_end(&h->report);
	free(h->tree);
	memset(h, 0, sizeof(*h));
}
