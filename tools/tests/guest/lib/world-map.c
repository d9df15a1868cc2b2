// SPDX-License-Identifier: GPL-2.0-only
/* Mappings of a world, and their model. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "harness.h"
#include "world.h"

#define FIXED		IOMMU_IOAS_MAP_FIXED_IOVA
#define READABLE	IOMMU_IOAS_MAP_READABLE
#define WRITEABLE	IOMMU_IOAS_MAP_WRITEABLE

bool world_has_table(const struct world *w, unsigned int ioas)
{
	for (unsigned int i = 0; i < WORLD_HWPTS; i++)
		if (w->note->hwpt[i].id && w->note->hwpt[i].ioas == ioas)
			return true;
	return false;
}

struct world_area *world_free_area(struct world *w)
{
	for (unsigned int i = 0; i < WORLD_AREAS; i++)
		if (!w->note->area[i].length)
			return &w->note->area[i];
	return NULL;
}

bool world_overlaps(const struct world *w, unsigned int ioas, uint64_t iova,
		    uint64_t length)
{
	for (unsigned int i = 0; i < WORLD_AREAS; i++) {
		const struct world_area *a = &w->note->area[i];

		if (a->length && a->ioas == ioas &&
		    a->iova <= iova + (length - 1) &&
		    iova <= a->iova + (a->length - 1))
			return true;
	}
	return false;
}

/* Any area, or one that has physical addresses; WORLD_NONE if there is none. */
int world_pick_area(struct world *w, bool with_table)
{
	unsigned int start = world_random(w, WORLD_AREAS);

	for (unsigned int i = 0; i < WORLD_AREAS; i++) {
		unsigned int n = (start + i) % WORLD_AREAS;
		const struct world_area *a = &w->note->area[n];

		if (a->length && (!with_table || a->runs))
			return n;
	}
	return WORLD_NONE;
}

static int pick_ioas(struct world *w)
{
	unsigned int start = world_random(w, WORLD_IOAS);

	for (unsigned int i = 0; i < WORLD_IOAS; i++)
		if (w->note->ioas[(start + i) % WORLD_IOAS].id)
			return (start + i) % WORLD_IOAS;
	return WORLD_NONE;
}

/* What was asked for, when it failed. */
static void say_area(const struct world_area *a, const char *what)
{
	test_say("%s: IOAS number %u IOVA %#llx + %#llx, offset %#llx, flags %u",
		 what, a->ioas, (unsigned long long)a->iova,
		 (unsigned long long)a->length, (unsigned long long)a->offset,
		 a->flags);
}

static int map_address(const struct world *w, struct world_area *a, bool fixed)
{
	struct iommu_ioas_map arg = {
		.size = sizeof(arg), .ioas_id = w->note->ioas[a->ioas].id,
		.flags = a->flags | (fixed ? FIXED : 0),
		.user_va = (uintptr_t)w->buffer[a->buffer].mem + a->offset,
		.length = a->length, .iova = a->iova,
	};

	if (ioctl(w->iommufd, IOMMU_IOAS_MAP, &arg)) {
		int err = errno;

		say_area(a, "map by address");
		return -err;
	}
	a->iova = arg.iova;
	return 0;
}

static int map_file(const struct world *w, struct world_area *a, bool fixed)
{
	struct iommu_ioas_map_file arg = {
		.size = sizeof(arg), .ioas_id = w->note->ioas[a->ioas].id,
		.flags = a->flags | (fixed ? FIXED : 0),
		.fd = w->buffer[a->buffer].fd, .start = a->offset,
		.length = a->length, .iova = a->iova,
	};

	if (ioctl(w->iommufd, IOMMU_IOAS_MAP_FILE, &arg)) {
		int err = errno;

		say_area(a, "map");
		return -err;
	}
	a->iova = arg.iova;
	return 0;
}

static int map(const struct world *w, struct world_area *a, bool fixed)
{
	return a->address ? map_address(w, a, fixed) : map_file(w, a, fixed);
}

static int copy(const struct world *w, const struct world_area *from,
		struct world_area *a, uint64_t skip)
{
	struct iommu_ioas_copy arg = {
		.size = sizeof(arg), .flags = a->flags | FIXED,
		.dst_ioas_id = w->note->ioas[a->ioas].id,
		.src_ioas_id = w->note->ioas[from->ioas].id,
		.length = a->length, .dst_iova = a->iova,
		.src_iova = from->iova + skip,
	};

	return ioctl(w->iommufd, IOMMU_IOAS_COPY, &arg) ? -errno : 0;
}

int world_unmap(struct world *w, const struct world_area *area,
		uint64_t offset, uint64_t length)
{
	struct iommu_ioas_unmap arg = {
		.size = sizeof(arg), .ioas_id = w->note->ioas[area->ioas].id,
		.iova = area->iova + offset, .length = length,
	};

	return ioctl(w->iommufd, IOMMU_IOAS_UNMAP, &arg) ? -errno : 0;
}

/* Somewhere in the IOAS: close to others, to its ends, or anywhere. */
static uint64_t pick_iova(struct world *w, const struct world_ioas *ioas,
			  uint64_t length, uint64_t align)
{
	/* The base can't map the last page of 2^64 bytes but in one run. */
	uint64_t room = WORLD_SPAN - WORLD_PAGE - length, where;

	switch (world_random(w, 8)) {
	case 0:
		where = room;	/* the last one, next to 2^64 */
		break;
	case 1:
	case 2:
	case 3:
		where = world_random(w, 64 << 20);
		break;
	default:
		where = world_random(w, room);
	}
	/* Leaves of 2 MiB and 1 GiB want IOVAs that allow for them. */
	if (length >= 2 << 20 && align == WORLD_PAGE && world_chance(w, 70))
		align = world_chance(w, 30) ? 1 << 30 : 2 << 20;
	return ioas->base + (where & ~(align - 1));
}

static bool place(struct world *w, struct world_area *a, uint64_t align)
{
	for (int tries = 0; tries < 20; tries++) {
		a->iova = pick_iova(w, &w->note->ioas[a->ioas], a->length,
				    align);
		if (!world_overlaps(w, a->ioas, a->iova, a->length))
			return true;
	}
	return false;
}

static uint32_t pick_flags(struct world *w, bool may_write)
{
	switch (world_random(w, 4)) {
	case 0:
		return READABLE;
	case 1:
		return may_write ? WRITEABLE : READABLE;
	default:
		return may_write ? READABLE | WRITEABLE : READABLE;
	}
}

static uint64_t alignment(const struct world *w, unsigned int ioas)
{
	return w->note->ioas[ioas].tableless && !w->note->ioas[ioas].small ?
		1 : WORLD_PAGE;
}

/* A piece of @room bytes from @from on: small mostly, or all of it. */
static void pick_piece(struct world *w, struct world_area *a, uint64_t from,
		       uint64_t room, uint64_t align)
{
	uint64_t most = world_chance(w, 15) ? room :
			world_chance(w, 30) ? 1 << 20 : 32 << 10;
	uint64_t length = 1 + world_random(w, most < room ? most : room);

	if (align > 1)
		length = (length + align - 1) & ~(align - 1);
	if (length > room)
		length = room;
	a->length = length;
	a->offset = from + (world_random(w, room - length + 1) & ~(align - 1));
}

static bool where_allowed(const struct world *w, const struct world_area *a)
{
	const struct world_ioas *ioas = &w->note->ioas[a->ioas];

	for (unsigned int i = 0; i < ioas->allowed; i++)
		if (a->iova >= ioas->allow[i].start &&
		    a->iova + (a->length - 1) <= ioas->allow[i].last)
			return true;
	return !ioas->allowed;
}

static void keep(struct world *w, const struct world_area *area)
{
	struct world_area *to = world_free_area(w);

	*to = *area;
	world_record_area(w, to);
}

bool world_new_area(struct world *w)
{
	struct world_area a = { .ioas = pick_ioas(w) };
	uint64_t align = alignment(w, a.ioas);
	bool fixed = world_chance(w, 90);

	if (!world_free_area(w))
		return false;
	a.buffer = world_random(w, w->note->buffers);
	a.flags = pick_flags(w, true);
	a.may_write = a.flags & WRITEABLE;
	pick_piece(w, &a, 0, w->note->size[a.buffer], align);
	a.address = world_has_table(w, a.ioas) && world_chance(w, 25);
	if (fixed && !place(w, &a, align))
		return false;
	WORLD_DID(map(w, &a, fixed));
	CHECK(fixed || where_allowed(w, &a));
	keep(w, &a);
	return true;
}

/* Where something is already, nothing else can be. */
void world_map_over(struct world *w)
{
	int n = world_pick_area(w, false);
	struct world_area a;

	if (n == WORLD_NONE)
		return;
	a = w->note->area[n];
	a.flags = READABLE;
	SAME(map(w, &a, true), -EEXIST);
}

/* All of an area, or a part, into any IOAS: it shares the pages object. */
bool world_copy_area(struct world *w)
{
	int n = world_pick_area(w, false);
	struct world_area a = { .ioas = pick_ioas(w) };
	const struct world_area *from = &w->note->area[n];
	uint64_t align = alignment(w, a.ioas), skip;

	if (n == WORLD_NONE || !world_free_area(w))
		return false;
	if (align > 1 && ((from->offset | from->length) % align))
		return false;
	a.buffer = from->buffer;
	a.may_write = from->may_write;
	a.address = from->address;
	a.flags = pick_flags(w, a.may_write);
	pick_piece(w, &a, from->offset, from->length, align);
	if (!place(w, &a, align))
		return false;
	skip = a.offset - from->offset;
	if (!a.may_write && world_chance(w, 20)) {
		a.flags |= WRITEABLE;
		SAME(copy(w, from, &a, skip), -EPERM);
		a.flags &= ~WRITEABLE;
	}
	WORLD_DID(copy(w, from, &a, skip));
	keep(w, &a);
	return true;
}

/*
 * Which file memory is of that was mapped by its address is found out from the
 * page table: where none is left, such areas can't be kept.
 */
void world_drop_unresolved(struct world *w)
{
	for (unsigned int i = 0; i < WORLD_AREAS; i++) {
		struct world_area *a = &w->note->area[i];

		if (!a->length || !a->address || world_has_table(w, a->ioas))
			continue;
		WORLD_DID(world_unmap(w, a, 0, a->length));
		a->length = 0;
	}
}
