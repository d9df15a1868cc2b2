/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading nodes by a table of what they may have. */
#ifndef INSPECT_READ_H
#define INSPECT_READ_H

#include "inspect.h"

enum prop_type { PROP_U32, PROP_U64, PROP_STRING, PROP_BYTES };

/**
 * struct prop - one property of a kind of node
 * @name:   its name; NULL ends a table
 * @type:   what it holds
 * @offset: where in the struct the value goes; PROP_BYTES are not stored
 * @size:   of a string's array
 * @may:    it may be missing
 */
struct prop {
	const char *name;
	enum prop_type type;
	size_t offset;
	size_t size;
	bool may;
};

/* All of these note in the report what is wrong, and go on. */

void read_node(struct report *report, const void *fdt, int node,
	       const struct prop *table, struct node *into);
/* Values of an array of 64 bit cells, 0 when its length is no multiple. */
size_t read_cells(struct report *report, const void *fdt, int node,
		  const char *name, unsigned int per, const void **data,
		  const struct node *is);
bool node_is(const void *fdt, int node, const char *name);
uint64_t read_unit(struct report *report, const void *fdt, int node,
		   const char *where);
size_t count_nodes(const void *fdt, int parent, const char *name);
void *read_array(size_t n, size_t size);
void add_extra(struct node *node, const char *name, bool is_node,
	       const void *data, int len);
void free_extra(struct node *node);

bool tree_check(const void *data, size_t size, const char **why);
void tree_blob(struct report *report, const void *fdt, const char *where,
	       struct blob *blob);

void file_read_tree(struct handover *h, struct file *f, const void *data, size_t size);
void context_read(struct report *report, struct file *f, const void *fdt);
void vfio_read(struct report *report, struct file *f, const void *fdt);
void memfd_read(struct report *report, struct file *f, const void *fdt, int node);
void hugetlb_read(struct report *report, struct file *f, const void *fdt);
void memfd_read_runs(struct report *report, const void *fdt, int node, struct memfd *m);
void context_free(struct context *c);

#endif
