// SPDX-License-Identifier: GPL-2.0-only
/* Nodes into structs, by tables. */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "read.h"

void *read_array(size_t n, size_t size)
{
	void *array = calloc(n ?: 1, size);

	if (!array) {
		exit(cmd_error("inspect", "out of memory"));
	}
	return array;
}

void add_extra(struct node *node, const char *name, bool is_node,
	       const void *data, int len)
{
	struct extra *extra = read_array(1, sizeof(*extra));

	if (asprintf(&extra->name, "%.200s%s", name, is_node ? "/" : "") < 0)
		abort();
	extra->data = data;
	extra->len = len;
	if (node->last)
		node->last->next = extra;
	else
		node->extra = extra;
	node->last = extra;
}

void free_extra(struct node *node)
{
	while (node->extra) {
		struct extra *extra = node->extra;

		node->extra = extra->next;
		free(extra->name);
		free(extra);
	}
	node->last = NULL;
}

static bool prop_fits(const struct prop *prop, const char *data, int len)
{
	switch (prop->type) {
	case PROP_U32:
		return len == 4;
	case PROP_U64:
		return len == 8;
	case PROP_STRING:
		return len > 0 && !data[len - 1] && strlen(data) + 1 == (size_t)len &&
		       (size_t)len <= prop->size;
	case PROP_BYTES:
		return true;
	}
	return false;
}

static void prop_store(const struct prop *prop, const void *data, int len,
		       struct node *into)
{
	char *to = (char *)into + prop->offset;

	switch (prop->type) {
	case PROP_U32:
		*(uint32_t *)to = fdt32_ld(data);
		break;
	case PROP_U64:
		*(uint64_t *)to = fdt64_ld(data);
		break;
	case PROP_STRING:
		memcpy(to, data, len);
		break;
	case PROP_BYTES:
		break;
	}
}

static int prop_find(const struct prop *table, const char *name)
{
	for (int i = 0; table[i].name; i++)
		if (!strcmp(table[i].name, name))
			return i;
	return -1;
}

/* A layout that changes has another name: what is in the table is there. */
static void read_missing(struct report *report, const struct prop *table,
			 const struct node *into)
{
	for (int i = 0; table[i].name; i++)
		if (!table[i].may && !(into->has & 1u << i))
			report_bad(report, into->where,
				   "property '%s' is missing or malformed",
				   table[i].name);
}

void read_node(struct report *report, const void *fdt, int node,
	       const struct prop *table, struct node *into)
{
	int at, len;

	fdt_for_each_property_offset(at, fdt, node) {
		const char *name;
		const void *data = fdt_getprop_by_offset(fdt, at, &name, &len);
		int i;

		if (!data)
			break;
		i = prop_find(table, name);
		if (i < 0) {
			add_extra(into, name, false, data, len);
			report_note(report, into->where, "property '%.64s' is not known",
				    name);
		} else if (into->has & 1u << i) {
			report_bad(report, into->where, "property '%s' twice", name);
		} else if (!prop_fits(&table[i], data, len)) {
			report_bad(report, into->where,
				   "property '%s' malformed, %d bytes", name, len);
		} else {
			into->has |= 1u << i;
			prop_store(&table[i], data, len, into);
		}
	}
	read_missing(report, table, into);
}

size_t read_cells(struct report *report, const void *fdt, int node,
		  const char *name, unsigned int per, const void **data,
		  const struct node *is)
{
	int len;

	*data = fdt_getprop(fdt, node, name, &len);
	if (!*data)
		return 0;
	if (len % (per * sizeof(uint64_t))) {
		report_bad(report, is->where, "property '%s' has %d bytes, no multiple of %zu",
			   name, len, per * sizeof(uint64_t));
		return 0;
	}
	return len / (per * sizeof(uint64_t));
}
