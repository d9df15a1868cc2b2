// SPDX-License-Identifier: GPL-2.0-only
/* The model of a world against what the kernel says. */
#include <errno.h>
#include <string.h>

#include "harness.h"
#include "rig.h"
#include "world.h"

#define SEED 0x9e3779b97f4a7c15ull

static uint64_t mix(uint64_t hash, const struct co_run *run)
{
	const uint64_t word[] = { run->iova, run->pa, run->length };

	return (hash ^ world_hash(word, sizeof(word))) * SEED;
}

/* Runs of physical addresses, each as long as it can be; 0 if there are none. */
static unsigned int hash_runs(const struct world *w,
			      const struct world_area *a, uint64_t *hash)
{
	struct co_run run = {}, next;
	uint64_t done = 0;
	unsigned int runs = 0;

	for (*hash = 0; done < a->length; done += next.length) {
		next = (struct co_run){ .iova = a->iova + done,
					.length = a->length - done };
		WORKS(co_pa(w->iommufd, w->note->ioas[a->ioas].id, next.iova,
			    &next.pa, &next.length));
		if (runs && run.pa + run.length == next.pa) {
			run.length += next.length;
			continue;
		}
		if (runs++)
			*hash = mix(*hash, &run);
		run = next;
	}
	*hash = mix(*hash, &run);
	return runs;
}

/* The first page of an area is the memory's own. */
static void check_memory(const struct world *w, const struct world_area *a)
{
	const char *memory = (const char *)w->buffer[a->buffer].mem + a->offset;
	uint64_t pa, length = 1;

	WORKS(co_pa(w->iommufd, w->note->ioas[a->ioas].id, a->iova, &pa,
		    &length));
	SAME(pa, rig_pagemap(memory));
}

static void check_no_addresses(const struct world *w,
			       const struct world_area *a)
{
	uint64_t pa, length = 1;

	FAILS(co_pa(w->iommufd, w->note->ioas[a->ioas].id, a->iova, &pa,
		    &length), EOPNOTSUPP);
}

void world_record_area(struct world *w, struct world_area *area)
{
	area->runs = 0;
	if (!world_has_table(w, area->ioas)) {
		check_no_addresses(w, area);
		return;
	}
	area->runs = hash_runs(w, area, &area->hash);
	check_memory(w, area);
}

void world_record(struct world *w)
{
	for (unsigned int i = 0; i < WORLD_AREAS; i++)
		if (w->note->area[i].length)
			world_record_area(w, &w->note->area[i]);
	for (unsigned int i = 0; i < w->note->buffers; i++)
		w->note->content[i] = world_hash(w->buffer[i].mem,
						 w->note->size[i]);
}

static void check_area(const struct world *w, const struct world_area *a)
{
	unsigned int runs;
	uint64_t hash;

	if (!world_has_table(w, a->ioas)) {
		check_no_addresses(w, a);
		return;
	}
	runs = hash_runs(w, a, &hash);
	if (runs != a->runs || hash != a->hash)
		test_say("IOAS %u IOVA %#llx + %#llx",
			 w->note->ioas[a->ioas].id,
			 (unsigned long long)a->iova,
			 (unsigned long long)a->length);
	SAME(runs, a->runs);
	SAME(hash, a->hash);
	check_memory(w, a);
}

/* Behind an area there is the next one, or nothing. */
static void check_end(const struct world *w, const struct world_area *a)
{
	uint64_t end = a->iova + a->length, pa, length = 1;

	if (end < a->iova || world_overlaps(w, a->ioas, end, 1) || end == ~0ull)
		return;
	FAILS(co_pa(w->iommufd, w->note->ioas[a->ioas].id, end, &pa, &length),
	      ENOENT);
}

static void check_ioas(const struct world *w, unsigned int n)
{
	const struct world_ioas *ioas = &w->note->ioas[n];
	struct iommu_iova_range range[4];
	uint32_t count = 4;
	uint64_t value;

	WORKS(co_option_get(w->iommufd, ioas->id, IOMMU_OPTION_HUGE_PAGES,
			    &value));
	SAME(value, !ioas->small);
	WORKS(co_ioas_ranges(w->iommufd, ioas->id, range, &count));
	if (world_has_table(w, n))
		FAILS(co_iommufd_destroy(w->iommufd, ioas->id), EBUSY);
}

static void check_device(const struct world *w, unsigned int n)
{
	const struct world_device *device = &w->note->device[n];
	uint32_t id;

	FAILS(co_iommufd_destroy(w->iommufd, device->id), EBUSY);
	if (device->hwpt == WORLD_NONE)
		return;
	id = w->note->hwpt[device->hwpt].id;
	FAILS(co_iommufd_destroy(w->iommufd, id), EBUSY);
	WORKS(co_device_attach(w->device[n], &id));
	SAME(id, w->note->hwpt[device->hwpt].id);
}

void world_check(const struct world *w)
{
	uint64_t value;

	for (unsigned int i = 0; i < WORLD_AREAS; i++) {
		if (!w->note->area[i].length)
			continue;
		check_area(w, &w->note->area[i]);
		check_end(w, &w->note->area[i]);
	}
	for (unsigned int i = 0; i < w->note->buffers; i++)
		SAME(world_hash(w->buffer[i].mem, w->note->size[i]),
		     w->note->content[i]);
	WORKS(co_option_get(w->iommufd, 0, IOMMU_OPTION_RLIMIT_MODE, &value));
	SAME(value, w->note->rlimit_mode);
	for (unsigned int i = 0; i < WORLD_IOAS; i++)
		if (w->note->ioas[i].id)
			check_ioas(w, i);
	for (unsigned int i = 0; i < WORLD_DEVICES; i++)
		if (w->note->device[i].id)
			check_device(w, i);
}
