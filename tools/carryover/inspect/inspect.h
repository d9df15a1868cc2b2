/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * inspect: what one kernel hands over to the next, for people to read.
 *
 * Input is a flattened device tree: the dump of debugfs, or one
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

#include "report.h"

#define INSPECT_PAGE	4096ull
#define INSPECT_BARS	6
#define INSPECT_LEVELS	6	/* of a table at most */

/*
 * found.c: what is wrong with the input, and what is only worth knowing, about @where.
 * It goes to a terminal: what is not printable is not kept.
 */
__attribute__((format(printf, 3, 4)))
void report_bad(struct report *report, const char *where, const char *format, ...);
__attribute__((format(printf, 3, 4)))
void report_note(struct report *report, const char *where, const char *format, ...);
/* One of them as a sentence, what it is about first. */
const char *report_line(const struct report *report, size_t i, char *to, size_t size);

/* A hostile input has no more to say than this. */
#define INSPECT_FINDINGS	1000
#define INSPECT_LINE		400

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
 * @where: its name for messages, "token 0x2: HWPT 3"
 * @unit:  its unit address
 * @has:   bit i: property i of the type's table is there and well-formed
 * @extra: properties nobody knows
 * @last:  the last of them
 */
struct node {
	char where[96];
	uint64_t unit;
	uint32_t has;
	struct extra *extra;
	struct extra *last;
};

/**
 * struct run - pages of a file, adjacent in memory
 * @page:  page of the file
 * @phys:  physical address
 * @pages: how many
 * @next:  index of the first run that is not adjacent to this one in memory or
 *         in the file, with only adjacent ones between
 * @group: number of what is so adjacent
 * @span:  number of what has no hole in the file
 */
struct run {
	uint64_t page;
	uint64_t phys;
	uint64_t pages;
	size_t next;
	size_t group;
	size_t span;
};

/**
 * struct memfd - a memfd, or memory of an iommufd that will be one
 * @node:      its node
 * @page_size: bytes of each of its pages
 * @size:      bytes
 * @position:  of the file; memory has none
 * @seals:     memory has none
 * @noexec:    1 when it can't be executed; only those of huge pages tell
 * @huge:      its pages are of hugetlb
 * @run:       where its pages are, counted in INSPECT_PAGE
 * @nr_runs:   entries in @run
 * @ordered:   the runs ascend, so that they can be looked up
 * @number:    running number of all in the handover
 */
struct memfd {
	struct node node;
	uint64_t page_size;
	uint64_t size;
	uint64_t position;
	uint32_t seals;
	uint32_t noexec;
	bool huge;
	struct run *run;
	size_t nr_runs;
	bool ordered;
	size_t number;
};

/* One mapping of an IOAS, see struct iommufd_area_ser. */
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
	/* of refer_index() */
	uint64_t mapped;	/* bytes, modulo 2^64 */
	bool has_table;
	uint64_t tables[INSPECT_LEVELS];	/* by top level, at least so many */
};

#define BACKING_KNOWN		0x1u
#define BACKING_HUGETLB		0x2u
#define PAGES_MEMORY		0x1u
#define PAGES_WRITABLE		0x2u
#define PAGES_FILE_RDONLY	0x4u

/**
 * struct backing - a memfd that areas show
 * @token:    under which it is in the session, with BACKING_KNOWN
 * @inode:    its number in the kernel that wrote it
 * @flags:    BACKING_*
 * @reserved: 0
 * @file:     the file with the token, whatever it is of, or NULL
 */
struct backing {
	uint64_t token;
	uint64_t inode;
	uint32_t flags;
	uint32_t reserved;
	struct file *file;
};

/* What areas show, see struct iommufd_pages_ser. */
struct pages {
	uint64_t start;
	uint64_t npages;
	uint32_t file;
	uint32_t flags;
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
	uint32_t page_size;
	struct ioas *ioas;
	size_t nr_ioas;
	struct backing *backing;
	size_t nr_backings;
	struct pages *pages;
	size_t nr_pages;
	struct memfd *memory;
	size_t nr_memories;
	struct hwpt *hwpt;
	size_t nr_hwpts;
	struct device *device;
	size_t nr_devices;
	/* of refer_index(), sorted by ID */
	const struct node **memory_by_id;
	const struct node **ioas_by_id;
	const struct node **hwpt_by_id;
	const struct node **device_by_id;
	/* a memfd without a token may be there, of huge pages or not: freeze tells */
	bool may_come[2];
	/* of shown_index(), sorted by memory and first byte */
	struct shown_bytes *shown;
	size_t nr_shown;
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
	uint64_t inode;	/* 0 when the dump does not tell */
	int32_t status;
	int32_t unreadable;
	bool single;
	struct blob blob;
	struct memfd *memfd;
	struct context *context;
	struct vfio *vfio;
	void *tree;
	/* of refer_index() */
	size_t memfds_before[2];	/* memfds, of huge pages or not, preserved before it */
};

struct session {
	struct node node;
	char name[65];
	uint32_t retrieved;
	struct file *file;
	size_t nr_files;
	/* of refer_index(): sorted, by_sbdf has the VFIO files only */
	struct file **by_token;
	struct file **by_sbdf;
	size_t nr_vfio;
	size_t nr_memfds[2];	/* those of huge pages are the second */
	bool hidden;	/* it has files whose state is not to be had */
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

/* handover.c: reads everything, good or bad. False when it is no handover. */
bool handover_read(struct handover *h, void *data, size_t size);
void handover_free(struct handover *h);

/*
 * refer.c: who refers to whom. Looked up in what was sorted once, for there may
 * be as many of each as fit into the input. NULL when there is nobody.
 */
void refer_index(struct handover *h);
void refer_free(struct handover *h);
struct file *refer_token(const struct session *s, uint64_t token);
/* Is it a memfd, of huge pages or not, whatever is known of its state? */
bool file_is_memfd(const struct file *f, bool huge);
struct file *refer_vfio(const struct session *s, uint64_t sbdf);
const struct ioas *refer_ioas(const struct context *c, uint32_t id);
const struct hwpt *refer_hwpt(const struct context *c, uint32_t id);
const struct device *refer_device(const struct context *c, uint32_t id);
const struct pages *refer_pages(const struct context *c, const struct area *a);
/* Memory without a file by its number. */
const struct memfd *refer_number(const struct context *c, uint64_t number);
/* The memfd of an entry, when there is one and it is known. */
const struct backing *refer_backing(const struct context *c, const struct pages *p);
/* What has the bytes of an entry: that memfd, or memory of the iommufd. */
const struct memfd *refer_memory(const struct context *c, const struct pages *p);
/* Does an area show pages that are all in its entry? */
bool area_in_pages(const struct area *a, const struct pages *p);
/* The first byte of the memfd or memory that an area shows. */
uint64_t area_byte(const struct area *a, const struct pages *p);

/**
 * struct shown_bytes - bytes of a memory without a file that an area shows
 * @memory:   the memory's number
 * @first:    the first of them
 * @end:      behind the last
 * @ioas:     of the area
 * @area:     the area
 * @furthest: of this entry and those of the memory before it: which has the
 *            largest @end
 */
struct shown_bytes {
	uint64_t memory;
	uint64_t first;
	uint64_t end;
	const struct ioas *ioas;
	const struct area *area;
	size_t furthest;
};

/* shown.c: prepares a context, whose areas were read, for the one below. */
void shown_index(struct context *c);
/* Names a page of a memory without a file by IOAS and IOVA, if any shows it. */
const char *shown_name(const struct file *f, const struct memfd *m, uint64_t page,
		       char *to, size_t size);

/* runs.c: prepares a memfd, whose runs were read, for those below. */
void runs_index(struct memfd *m);
/* How many pages of its page size the runs have, modulo 2^64. */
uint64_t huge_pages(const struct memfd *m);

/**
 * struct piece - memory that is contiguous in IOVA and physical address
 * @iova: where the device sees it
 * @phys: where it is
 * @len:  bytes
 */
struct piece {
	uint64_t iova;
	uint64_t phys;
	uint64_t len;
};

/**
 * area_count - In how many pieces the bytes of an area are
 * @c: the iommufd
 * @a: the area
 *
 * Return: the number, -1 when it is not known for all of the area.
 */
long area_count(const struct context *c, const struct area *a);

/**
 * area_piece - One piece of an area
 * @c:    the iommufd
 * @a:    an area for which area_count() knows the number
 * @done: bytes of the area that were in earlier pieces
 * @p:    [OUT] the piece that begins there
 *
 * Return: false at the area's end.
 */
bool area_piece(const struct context *c, const struct area *a, uint64_t done,
		struct piece *p);

/* verify.c: what the kernel's reader would refuse, and what contradicts. */
void verify(const struct handover *h, struct report *report);
void verify_context(const struct handover *h, const struct session *s,
		    const struct file *f, struct report *report);
void verify_pages(const struct handover *h, const struct file *f, struct report *report);
/* Prepares an IOAS, whose areas were read, for the one below. */
void tables_index(struct ioas *ioas);
void verify_hwpt(const struct file *f, const struct hwpt *t, struct report *report);
bool page_size_is_huge(uint64_t size);
bool run_is_whole(const struct memfd *m, const struct run *r);
void verify_memfd(const struct file *f, struct report *report);
void verify_memory(const struct file *f, struct report *report);
void verify_frames(const struct handover *h, struct report *report);

/* progress.c: on a terminal, once it takes long. */
void progress(const char *what, uint64_t done, uint64_t all);
void progress_end(void);

void show_text(const struct handover *h, FILE *out);
void show_json(const struct handover *h, const struct report *report, FILE *out);
int show_svg(const struct handover *h, const char *path);
int show_extract(const struct handover *h, const char *folder);

/* "0000:00:01.0" of a segment << 16 | bus << 8 | devfn */
const char *sbdf_name(uint64_t sbdf, char *to, size_t size);
/* "8 MiB", exact */
const char *size_name(uint64_t bytes, char *to, size_t size);

#endif
