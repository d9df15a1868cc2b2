// SPDX-License-Identifier: GPL-2.0-only
/* What may become of a world, whether it was made here or came along. */
#include <errno.h>
#include <unistd.h>

#include "harness.h"
#include "world.h"

static void unmap_one(struct world *w)
{
	int n = world_pick_area(w, false);
	struct world_area *a = &w->note->area[n];
	uint64_t pa, length = 1;

	if (n == WORLD_NONE)
		return;
	WORLD_DID(world_unmap(w, a, 0, a->length));
	a->length = 0;
	FAILS(co_pa(w->iommufd, w->note->ioas[a->ioas].id, a->iova, &pa,
		    &length), ENOENT);
}

/* An area is unmapped as a whole or not at all. */
static void unmap_part(struct world *w)
{
	int n = world_pick_area(w, false);
	const struct world_area *a = &w->note->area[n];
	uint64_t offset;

	if (n == WORLD_NONE || a->length < 2)
		return;
	offset = world_random(w, a->length);
	if (!offset)
		SAME(world_unmap(w, a, 0, 1 + world_random(w, a->length - 1)),
		     -ENOENT);
	else
		SAME(world_unmap(w, a, offset, a->length - offset), -ENOENT);
}

static void live_once(struct world *w)
{
	unsigned int device = world_random(w, WORLD_DEVICES);

	switch (world_random(w, 12)) {
	case 0:
	case 1:
		unmap_one(w);
		break;
	case 2:
		unmap_part(w);
		break;
	case 3:
	case 4:
		world_new_area(w);
		break;
	case 5:
	case 6:
		world_copy_area(w);
		break;
	case 7:
		world_map_over(w);
		break;
	case 8:
		world_new_hwpt(w);
		break;
	case 9:
		world_drop_hwpt(w, 1);
		break;
	case 10:
		world_attach(w, device);
		break;
	default:
		world_detach(w, device);
	}
}

void world_live(struct world *w, unsigned int operations)
{
	while (operations--)
		live_once(w);
}

/* Everything goes, in any order; what is left goes with the files. */
void world_end(struct world *w)
{
	for (unsigned int i = 0; i < 2 * WORLD_AREAS; i++)
		switch (world_random(w, 20)) {
		case 0:
			world_drop_hwpt(w, 0);
			break;
		case 1:
			world_detach(w, world_random(w, WORLD_DEVICES));
			break;
		default:
			unmap_one(w);
		}
	for (unsigned int i = 0; i < WORLD_IOAS; i++)
		if (w->note->ioas[i].id && !world_has_table(w, i) &&
		    world_chance(w, 50))
			WORKS(co_iommufd_destroy(w->iommufd,
						 w->note->ioas[i].id));
	world_close(w);
}
