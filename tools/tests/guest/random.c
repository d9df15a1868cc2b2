// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contexts of any shape (invariants I2, I3, I6, I7): each is made from a
 * seed, goes into the next kernel, says there what it said before, is an
 * ordinary context from then on, and goes into the kernel after that.
 *
 *   t-random 1|2|3 SEED [COUNT]
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "counts.h"
#include "harness.h"
#include "rig.h"
#include "world.h"

#define OPERATIONS	80

static uint64_t first;
static unsigned int count;

static const char *name(unsigned int n)
{
	static char text[32];

	snprintf(text, sizeof(text), "seed-%llu", (unsigned long long)first + n);
	return text;
}

static void say(const struct world *w)
{
	unsigned int areas = 0, runs = 0, ioas = 0, hwpts = 0, devices = 0;
	unsigned int addresses = 0;

	for (unsigned int i = 0; i < WORLD_AREAS; i++) {
		areas += !!w->note->area[i].length;
		addresses += w->note->area[i].length && w->note->area[i].address;
		runs += w->note->area[i].length ? w->note->area[i].runs : 0;
	}
	for (unsigned int i = 0; i < WORLD_IOAS; i++)
		ioas += !!w->note->ioas[i].id;
	for (unsigned int i = 0; i < WORLD_HWPTS; i++)
		hwpts += !!w->note->hwpt[i].id;
	for (unsigned int i = 0; i < WORLD_DEVICES; i++)
		devices += !!w->note->device[i].id;
	test_say("seed %llu: %u IOAS, %u areas (%u by address), %u runs, %u HWPTs, %u devices",
		 (unsigned long long)w->note->seed, ioas, areas, addresses,
		 runs, hwpts, devices);
}

/* While it is preserved it can be asked, and not changed. */
static void check_frozen(struct world *w)
{
	int n = world_pick_area(w, false);

	if (n != WORLD_NONE)
		SAME(world_unmap(w, &w->note->area[n], 0,
				 w->note->area[n].length), -EBUSY);
}

/* Given up once, and then for good. */
static void leave(struct world *w, unsigned int n)
{
	int session = rig_session_create(name(n));

	world_drop_unresolved(w);
	world_record(w);
	world_preserve(w, session);
	check_frozen(w);
	close(session);
	world_check(w);
	world_preserve(w, rig_session_create(name(n)));
}

static void build_all(struct world *w)
{
	for (unsigned int n = 0; n < count; n++) {
		world_build(&w[n], first + n, n * WORLD_DEVICES);
		say(&w[n]);
		world_check(&w[n]);
	}
}

static void take_all(struct world *w)
{
	for (unsigned int n = 0; n < count; n++) {
		int session = rig_session_retrieve(name(n));

		world_retrieve(&w[n], session, first + n);
		test_say("seed %llu", (unsigned long long)first + n);
		world_check(&w[n]);
		rig_session_finish(session);
		world_check(&w[n]);
	}
}

/* What all of it costs is noted in the first one. */
static void note_costs(const struct world *w)
{
	struct counts now = counts_now();

	w->note->pins = now.pins;
	w->note->locked = now.locked;
	w->note->tables = now.tables;
}

static void check_costs(const struct world *w)
{
	struct counts now = counts_now();

	SAME(now.pins, w->note->pins);
	SAME(now.locked, w->note->locked);
	SAME(now.tables, w->note->tables);
}

static void leave_all(struct world *w)
{
	for (unsigned int n = 0; n < count; n++)
		leave(&w[n], n);
	rig_linger();
}

static void end_all(struct world *w)
{
	struct counts none = {}, now;

	for (unsigned int n = 0; n < count; n++)
		world_end(&w[n]);
	now = counts_now();
	counts_say("all closed", &now);
	SAME(now.pins, none.pins);
	SAME(now.locked, none.locked);
	SAME(now.tables, none.tables);
}

int main(int argc, char **argv)
{
	int kernel = argc > 1 ? atoi(argv[1]) : 1;
	struct world *w;

	first = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	count = argc > 3 ? atoi(argv[3]) : 1;
	w = calloc(count, sizeof(*w));
	MUST(w);
	if (kernel == 1) {
		build_all(w);
		note_costs(w);
		leave_all(w);
		return test_result();
	}
	take_all(w);
	check_costs(w);
	for (unsigned int n = 0; n < count; n++) {
		world_live(&w[n], OPERATIONS);
		world_check(&w[n]);
		say(&w[n]);
	}
	note_costs(w);
	if (kernel == 2)
		leave_all(w);
	else
		end_all(w);
	return test_result();
}
