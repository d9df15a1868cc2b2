/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * inspect: what one kernel hands over to the next, for people to read.
 *
 * Input (source.c) is a flattened device tree: the dump of debugfs, or one
 * handover blob. Nothing in it is believed: libfdt checks the tree (tree.c),
 * tables of known properties turn nodes into the structs below (read.c, file.c,
 * context.c), and what is missing, malformed or unknown is noted in a report
 * next to the node's name. Then it is shown (text.c, json.c, svg.c) or checked
 * as the kernel's reader would (verify.c).
 *
 * All structs belong to one struct handover and live until handover_free().
 */
#ifndef INSPECT_H
#define INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define INSPECT_PAGE	4096ull
#define INSPECT_BARS	6

/* What inspect exits with. */
enum inspect_exit {
	INSPECT_GOOD,
	INSPECT_BAD,		/* damaged, or --verify found something */
	INSPECT_USAGE,
	INSPECT_NO_INPUT,	/* not readable, or no handover at all */
};

/**
 * struct report - what is wrong, in the order it was found
 * @line:  one sentence each, the node's name first
 * @nr:    how many
 * @notes: of these only worth knowing, with "note: " in front
 */
struct report {
	char **line;
	size_t nr;
	size_t notes;
};

__attribute__((format(printf, 3, 4)))
void report_bad(struct report *report, const char *where, const char *format, ...);
__attribute__((format(printf, 3, 4)))
void report_note(struct report *report, const char *where, const char *format, ...);
void report_free(struct report *report);

/**
 * struct extra - a property or node that this program does not know
 * @next: another one
 * @name: its name, a node's with a "/" behind
 * @data: its value
 * @len:  bytes at @data
 */
struct extra {
	struct extra *next;
	char *name;
	const uint8_t *data;
	uint32_t len;
};

/**
 * struct node - what every node has
 * @where: its name for messages, "token 0x2: hwpt@3"
 * @unit:  its unit address
 * @has:   bit i: property i of the type's table is there and well-formed
 * @extra: properties nobody knows
 */
struct node {
	char where[96];
	uint64_t unit;
	uint32_t has;
	struct extra *extra;
};

/* A run of pages: of a file, where in memory. */
struct run {
	uint64_t page;
	uint64_t phys;
	uint64_t pages;
};

/*
 * A memfd, or memory of an iommufd that will be one; such memory has neither
 * position nor seals, and may have holes between its runs.
 */
struct memfd {
	struct node node;
	uint64_t size;
	uint64_t position;
	uint32_t seals;
	struct run *run;
	size_t nr_runs;
};

struct area {
	uint64_t iova;
	uint64_t last;
	uint32_t prot;
	uint32_t page_offset;
	uint64_t pages;
	uint64_t first_page;
};

struct ioas {
	struct node node;
	uint32_t small;
	uint64_t *allowed;	/* pairs */
	size_t nr_allowed;	/* pairs */
	struct area *area;
	size_t nr_areas;
};

struct pages {
	struct node node;
	uint32_t in_memory;
	uint32_t memory;	/* when it is in memory */
	uint64_t token;		/* when it is not */
	uint64_t start;
	uint64_t npages;
	uint32_t writable;
	uint32_t account_mode;
};

struct hwpt {
	struct node node;
	uint32_t ioas;
	uint32_t automatic;
	uint64_t top;
	uint64_t mapped;
	uint64_t sme_mask;
	uint32_t features;
	uint32_t level;
	uint32_t vasz;
	uint32_t oasz;
	uint32_t tables;
};

struct device {
	struct node node;
	uint32_t hwpt;
	uint64_t sbdf;
	uint32_t kept;
};

/* A handover blob's root, whatever it is of. */
struct blob {
	char release[65];
	uint32_t crc;
	uint32_t crc_is;
	bool sealed;
};

struct context {
	struct node node;
	uint32_t account_mode;
	struct ioas *ioas;
	size_t nr_ioas;
	struct pages *pages;
	size_t nr_pages;
	struct memfd *memory;
	size_t nr_memories;
	struct hwpt *hwpt;
	size_t nr_hwpts;
	struct device *device;
	size_t nr_devices;
};

struct vfio {
	struct node node;
	uint64_t sbdf;
	uint32_t vendor, device, subvendor, subdevice, class, revision;
	uint64_t serial;
	uint64_t bar[INSPECT_BARS][2];
	uint32_t reset;
	uint32_t device_id;
	uint64_t iommufd_token;
	uint32_t pt_id;
	uint32_t command;
	const uint8_t *vconfig;
	uint32_t vconfig_len;
	const uint8_t *saved;	/* "saved-state" */
	uint32_t saved_len;
};

/**
 * struct file - one preserved file
 * @node:       its node, with what is unknown of it
 * @handler:    compatible string of its handler
 * @token:      what userspace calls it
 * @handle:     the handler's number
 * @status:     0, 1 when it was retrieved, or why that failed
 * @unreadable: why the kernel did not show its state, or 0
 * @blob:       root of its handover blob, if it has one
 * @memfd:      its state, when it is of this kind, or NULL; so are @context
 *              and @vfio
 */
struct file {
	struct node node;
	char handler[49];
	uint64_t token;
	uint64_t handle;
	int32_t status;
	int32_t unreadable;
	bool single;
	struct blob blob;
	struct memfd *memfd;
	struct context *context;
	struct vfio *vfio;
	void *tree;
};

struct session {
	struct node node;
	char name[65];
	uint32_t retrieved;
	struct file *file;
	size_t nr_files;
};

/**
 * struct handover - all of it
 * @node:      root of the dump
 * @direction: "outgoing", "incoming" or "" for a single blob
 * @blob:      what every root has
 * @session:   the sessions; a single blob is in one without a name
 * @report:    what was wrong while reading
 * @tree:      the input
 */
struct handover {
	struct node node;
	char direction[16];
	struct blob blob;
	struct session *session;
	size_t nr_sessions;
	struct report report;
	void *tree;
	size_t size;
};

/* source.c: input into memory. 0, or -1 after a message on stderr. */
int source_read(const char *path, void **data, size_t *size);

/* handover.c: reads everything, good or bad. False when it is no handover. */
bool handover_read(struct handover *h, void *data, size_t size);
void handover_free(struct handover *h);

/* refer.c: who refers to whom. NULL when there is nobody. */
struct file *refer_token(const struct session *s, uint64_t token);
struct file *refer_memfd(const struct session *s, const struct file *f,
			 const struct pages *pages);
/* What has the bytes of a pages node: that memfd, or memory of the iommufd. */
const struct memfd *refer_backing(const struct session *s, const struct file *f,
				  const struct pages *pages);
struct memfd *refer_memory(const struct context *c, uint64_t number);
struct pages *refer_pages(const struct context *c, uint64_t number);
struct ioas *refer_ioas(const struct context *c, uint32_t id);
struct hwpt *refer_hwpt(const struct context *c, uint32_t id);
struct file *refer_vfio(const struct session *s, const struct device *d);

/**
 * area_runs - Where the bytes of an area are in physical memory
 * @s:    the session
 * @f:    the iommufd
 * @a:    the area
 * @each: called for every run that is contiguous in both
 * @arg:  passed on
 *
 * Return: number of runs, -1 when it is not known for all of the area.
 */
long area_runs(const struct session *s, const struct file *f, const struct area *a,
	       void (*each)(void *arg, uint64_t iova, uint64_t phys, uint64_t len),
	       void *arg);

/* verify.c: what the kernel's reader would refuse, and what contradicts. */
void verify(const struct handover *h, struct report *report);
void verify_memories(const struct context *c, const struct node *is,
		     struct report *report);
void verify_context(const struct session *s, const struct file *f,
		    struct report *report);

void show_text(const struct handover *h, FILE *out);
void show_json(const struct handover *h, const struct report *report, FILE *out);
int show_svg(const struct handover *h, const char *path);
int show_extract(const struct handover *h, const char *folder);

/* "0000:00:01.0" of a segment << 16 | bus << 8 | devfn */
const char *sbdf_name(uint64_t sbdf, char *to, size_t size);
/* "8 MiB", exact */
const char *size_name(uint64_t bytes, char *to, size_t size);

int cmd_inspect(int argc, char **argv);

#endif
