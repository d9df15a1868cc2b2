/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a live update costs, step by step, in ticks of the processor's counter;
 * under QEMU's -icount a tick is an instruction.
 *
 * A program in each of four kernels: "keep" makes what SPEC says and preserves
 * it; "take" retrieves it, does the same again as a program would that has
 * nothing but its memfds, and preserves these; "floor" retrieves them, and keeps
 * nothing; "rest" sees how the last kernel came. What is measured is printed,
 * a line "row NAME VALUE" each; what has to be the same in all kernels of a run
 * as "same NAME VALUE".
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "helpers.h"

#define BENCH_DEVICES	8
#define BENCH_PAGE	4096ull

/* The memory behind the mappings. */
enum bench_kind {
	BENCH_SMALL,		/* a memfd in 4 KiB pages */
	BENCH_HUGE,		/* a memfd in 2 MiB pages */
	BENCH_SCATTERED,	/* a memfd, every page a run of its own */
	BENCH_ANON,		/* memory that is mapped by its address */
	BENCH_ANON_SCATTERED,
	BENCH_HUGETLB_2M,	/* a memfd of huge pages */
	BENCH_HUGETLB_1G,
};

/* How it is mapped. */
enum bench_how {
	BENCH_WHOLE,		/* at once */
	BENCH_FILE,		/* page after page, of one memfd */
	BENCH_FILES,		/* page after page, each of a memfd of its own */
	BENCH_COPY,		/* at once, and windows of a page by IOAS_COPY */
};

/**
 * struct bench_spec - one payload
 * @kind: of memory
 * @how: it is mapped
 * @size: of the memory; of all memfds, for BENCH_FILES
 * @count: of mappings; 1 for BENCH_WHOLE
 * @devices: how many, at most BENCH_DEVICES
 * @late: how much later the kexec comes, in ticks
 */
struct bench_spec {
	enum bench_kind kind;
	enum bench_how how;
	uint64_t size;
	unsigned int count;
	unsigned int devices;
	unsigned int late;
};

/**
 * struct bench - the objects of one kernel
 * @spec: what they are made from
 * @iommufd: the context
 * @ioas: the only one
 * @device: as many as the spec says
 * @files: how many memfds
 * @file: the memfds; none at first for memory that is mapped by its address
 * @memory: mapped in this process, or NULL
 */
struct bench {
	struct bench_spec spec;
	int iommufd;
	uint32_t ioas;
	int device[BENCH_DEVICES];
	unsigned int files;
	int *file;
	void *memory;
};

/* Words as KIND HOW MIB COUNT DEVICES; ends the program when they make no sense. */
void bench_parse(struct bench_spec *spec, char **words);

/* memory.c: memfds, or memory of this process, as the spec says. */
void bench_make_memory(struct bench *b);

/* map.c: all mappings of the spec, from @b->file, or else from @b->memory. */
void bench_map(const struct bench *b);
/* The windows of BENCH_COPY are made from a mapping that stays beside them. */
uint64_t bench_mapped(const struct bench_spec *spec, unsigned int n,
		      uint64_t *length);
/* Asks where everything is; the runs, and a hash of where they are. */
uint64_t bench_addresses(const struct bench *b, uint64_t *hash);

/* device.c */
void bench_open_devices(struct bench *b);
void bench_close(struct bench *b);

/* timeline.c: how this kernel came, each row with @prefix before its name. */
void bench_arrival(const char *prefix);

/* blob.c: what is handed over of the files that are not memfds. */
void bench_blobs(void);

/* Print a row. */
void bench_row(const char *name, uint64_t value);
void bench_same(const char *name, uint64_t value);

/* off.c: what calls cost when nothing is preserved. */
void bench_off(void);

#endif /* BENCH_H */
