// SPDX-License-Identifier: GPL-2.0-only
/* HWPTs and devices of a world, and their model. */
#include <errno.h>
#include <string.h>

#include "harness.h"
#include "world.h"

/* Areas have physical addresses as long as their IOAS has a table. */
static void tables_changed(struct world *w, unsigned int ioas, bool had)
{
	bool has = world_has_table(w, ioas);

	for (unsigned int i = 0; i < WORLD_AREAS && has != had; i++)
		if (w->note->area[i].length && w->note->area[i].ioas == ioas)
			world_record_area(w, &w->note->area[i]);
}

static int pick_tabled_ioas(struct world *w)
{
	unsigned int start = world_random(w, WORLD_IOAS);

	for (unsigned int i = 0; i < WORLD_IOAS; i++) {
		const struct world_ioas *ioas =
			&w->note->ioas[(start + i) % WORLD_IOAS];

		if (ioas->id && !ioas->tableless)
			return (start + i) % WORLD_IOAS;
	}
	return WORLD_NONE;
}

static int add_hwpt(struct world *w, uint32_t id, unsigned int ioas,
		    bool by_itself)
{
	for (unsigned int i = 0; i < WORLD_HWPTS; i++) {
		if (w->note->hwpt[i].id)
			continue;
		w->note->hwpt[i] = (struct world_hwpt){ id, ioas, by_itself };
		return i;
	}
	MUST(!"room for a HWPT");
	return WORLD_NONE;
}

static int find_hwpt(const struct world *w, uint32_t id)
{
	for (unsigned int i = 0; i < WORLD_HWPTS; i++)
		if (w->note->hwpt[i].id == id)
			return i;
	return WORLD_NONE;
}

static bool is_used(const struct world *w, int hwpt)
{
	for (unsigned int i = 0; i < WORLD_DEVICES; i++)
		if (w->note->device[i].id && w->note->device[i].hwpt == hwpt)
			return true;
	return false;
}

static unsigned int count_hwpts(const struct world *w)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < WORLD_HWPTS; i++)
		count += !!w->note->hwpt[i].id;
	return count;
}

bool world_new_hwpt(struct world *w)
{
	int ioas = pick_tabled_ioas(w);
	bool had = world_has_table(w, ioas);
	uint32_t id;

	/* Attaching devices may need some, too. */
	if (count_hwpts(w) + WORLD_DEVICES >= WORLD_HWPTS)
		return false;
	WORKS(co_hwpt_alloc(w->iommufd, w->note->device[0].id,
			    w->note->ioas[ioas].id, &id));
	add_hwpt(w, id, ioas, false);
	tables_changed(w, ioas, had);
	return true;
}

/* One that is in use stays; tables of which there are @least go nowhere. */
bool world_drop_hwpt(struct world *w, unsigned int least)
{
	int n = world_random(w, WORLD_HWPTS);
	struct world_hwpt *hwpt = &w->note->hwpt[n];
	unsigned int ioas = hwpt->ioas;

	if (!hwpt->id || hwpt->by_itself || count_hwpts(w) <= least)
		return false;
	if (is_used(w, n)) {
		FAILS(co_iommufd_destroy(w->iommufd, hwpt->id), EBUSY);
		return false;
	}
	WORKS(co_iommufd_destroy(w->iommufd, hwpt->id));
	hwpt->id = 0;
	tables_changed(w, ioas, true);
	return true;
}

/* A HWPT that came by itself goes when nobody uses it any more. */
static void left(struct world *w, int n)
{
	struct world_hwpt *hwpt = &w->note->hwpt[n];

	if (n == WORLD_NONE || !hwpt->by_itself || is_used(w, n))
		return;
	hwpt->id = 0;
	tables_changed(w, hwpt->ioas, true);
}

static void now_at(struct world *w, unsigned int device, int hwpt)
{
	int before = w->note->device[device].hwpt;

	w->note->device[device].hwpt = hwpt;
	if (before != hwpt)
		left(w, before);
}

static void attach_to_ioas(struct world *w, unsigned int device)
{
	int ioas = pick_tabled_ioas(w), hwpt;
	bool had = world_has_table(w, ioas);
	uint32_t id = w->note->ioas[ioas].id;

	WORKS(co_device_attach(w->device[device], &id));
	hwpt = find_hwpt(w, id);
	if (hwpt == WORLD_NONE)
		hwpt = add_hwpt(w, id, ioas, true);
	CHECK(w->note->hwpt[hwpt].by_itself);
	tables_changed(w, ioas, had);
	now_at(w, device, hwpt);
}

/* To an IOAS or to a HWPT; replaces what it is attached to already. */
void world_attach(struct world *w, unsigned int device)
{
	int n = world_random(w, WORLD_HWPTS);
	uint32_t id = w->note->hwpt[n].id;

	if (!w->note->device[device].id)
		return;
	if (!id) {
		attach_to_ioas(w, device);
		return;
	}
	WORKS(co_device_attach(w->device[device], &id));
	SAME(id, w->note->hwpt[n].id);
	now_at(w, device, n);
}

void world_detach(struct world *w, unsigned int device)
{
	if (!w->note->device[device].id ||
	    w->note->device[device].hwpt == WORLD_NONE)
		return;
	WORKS(co_device_detach(w->device[device]));
	now_at(w, device, WORLD_NONE);
}
