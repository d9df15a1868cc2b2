/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A context of any shape, made from a number, and the model of it that goes
 * along into the next kernel: what there is, and what GET_PA said.
 *
 * Everything in here ends the program when it fails, but for what a check finds:
 * that is noted, and the check goes on.
 */
#ifndef WORLD_H
#define WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/iommufd.h>

#include "helpers.h"

#define WORLD_IOAS	8
#define WORLD_AREAS	500
#define WORLD_BUFFERS	6
#define WORLD_HWPTS	20
#define WORLD_DEVICES	3
#define WORLD_ALLOWED	2
#define WORLD_PAGE	4096ull
#define WORLD_SPAN	(64ull << 30)	/* of the IOVAs of an IOAS */
#define WORLD_NONE	(-1)

/**
 * struct world_ioas - an IOAS
 * @id: iommufd's, 0 for none
 * @tableless: never has a HWPT, and so may have areas that are not aligned
 * @small: large pages are off
 * @base: where its IOVAs begin; they end WORLD_SPAN later
 * @allowed: how many of @allow count
 * @allow: what iommufd may choose from
 */
struct world_ioas {
	uint32_t id;
	bool tableless;
	bool small;
	uint64_t base;
	unsigned int allowed;
	struct iommu_iova_range allow[WORLD_ALLOWED];
};

/**
 * struct world_area - a mapping
 * @length: 0 for none
 * @ioas: index of its IOAS
 * @buffer: index of the memory behind it
 * @iova: where it is
 * @offset: where it begins in the memory
 * @flags: readable, writable, of IOMMU_IOAS_MAP
 * @may_write: could a copy of it be writable?
 * @address: it, or what it is a copy of, was mapped by its address in this kernel
 * @runs: of physical addresses, 0 if nobody knows
 * @hash: of these
 */
struct world_area {
	uint64_t length;
	unsigned int ioas;
	unsigned int buffer;
	uint64_t iova;
	uint64_t offset;
	uint32_t flags;
	bool may_write;
	bool address;
	unsigned int runs;
	uint64_t hash;
};

/**
 * struct world_hwpt - a HWPT
 * @id: iommufd's, 0 for none
 * @ioas: index of its IOAS
 * @by_itself: made by attaching a device to the IOAS, gone with the last one
 */
struct world_hwpt {
	uint32_t id;
	unsigned int ioas;
	bool by_itself;
};

/**
 * struct world_device - a device
 * @bdf: its address
 * @id: iommufd's
 * @hwpt: index of what it is attached to, or WORLD_NONE
 */
struct world_device {
	char bdf[CO_BDF_SIZE];
	uint32_t id;
	int hwpt;
};

/**
 * struct world_note - the model, in memory that goes along
 * @magic: WORLD_MAGIC
 * @seed: what all this was made from
 * @rlimit_mode: option of the context
 * @buffers: in use
 * @size: of each buffer
 * @content: hash of each buffer
 */
struct world_note {
	uint64_t magic;
	uint64_t seed;
	uint64_t rlimit_mode;
	unsigned int buffers;
	uint64_t size[WORLD_BUFFERS];
	uint64_t content[WORLD_BUFFERS];
	struct world_ioas ioas[WORLD_IOAS];
	struct world_hwpt hwpt[WORLD_HWPTS];
	struct world_device device[WORLD_DEVICES];
	struct world_area area[WORLD_AREAS];
	long long pins, locked, tables;
};

#define WORLD_MAGIC 0x646c726f776f6f63ull

/**
 * struct world - the model, and the files of this kernel
 * @note: the model
 * @paper: the memory of the model
 * @buffer: the memory that is mapped
 * @iommufd: the context
 * @device: the devices
 * @random: state of the generator
 */
struct world {
	struct world_note *note;
	struct co_buffer paper;
	struct co_buffer buffer[WORLD_BUFFERS];
	int iommufd;
	int device[WORLD_DEVICES];
	uint64_t random;
};

/* The ioctl, which returned this, succeeded. */
#define WORLD_DID(ret) world_did(ret, #ret, __FILE__, __LINE__)

/* world.c: numbers, memory, and into a session and out of it */
uint64_t world_random(struct world *w, uint64_t below);
bool world_chance(struct world *w, unsigned int percent);
uint64_t world_hash(const void *data, uint64_t bytes);
void world_preserve(const struct world *w, int session);
void world_retrieve(struct world *w, int session, uint64_t seed);
void world_close(struct world *w);
void world_did(int ret, const char *what, const char *file, int line);

/* world-build.c: make one, with the devices from number @first on */
void world_build(struct world *w, uint64_t seed, unsigned int first);

/* world-map.c: mappings; those that return int may fail as the call does */
bool world_has_table(const struct world *w, unsigned int ioas);
struct world_area *world_free_area(struct world *w);
bool world_overlaps(const struct world *w, unsigned int ioas, uint64_t iova,
		    uint64_t length);
int world_pick_area(struct world *w, bool with_table);
bool world_new_area(struct world *w);
bool world_copy_area(struct world *w);
void world_map_over(struct world *w);
void world_drop_unresolved(struct world *w);
int world_unmap(struct world *w, const struct world_area *area,
		uint64_t offset, uint64_t length);

/* world-objects.c: HWPTs and devices */
bool world_new_hwpt(struct world *w);
bool world_drop_hwpt(struct world *w, unsigned int least);
void world_attach(struct world *w, unsigned int device);
void world_detach(struct world *w, unsigned int device);

/* world-check.c: the model against what the kernel says */
void world_record(struct world *w);
void world_record_area(struct world *w, struct world_area *area);
void world_check(const struct world *w);

/* world-ops.c: what may become of it, and the end of it */
void world_live(struct world *w, unsigned int operations);
void world_end(struct world *w);

#endif /* WORLD_H */
