// SPDX-License-Identifier: GPL-2.0-only
/* Making a world from a number. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "edu.h"
#include "harness.h"
#include "huge.h"
#include "world.h"

#define HUGE	HUGE_2M
#define ALLOWED	(1ull << 30)

static void build_paper(struct world *w, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	w->random = seed;
	WORKS(co_buffer_create(&w->paper, "world", (sizeof(*w->note) +
			       WORLD_PAGE - 1) & ~(WORLD_PAGE - 1), false));
	w->note = w->paper.mem;
	w->note->magic = WORLD_MAGIC;
	w->note->seed = seed;
	for (unsigned int i = 0; i < WORLD_DEVICES; i++)
		w->note->device[i].hwpt = WORLD_NONE;
}

/* From the end to the beginning, so that no two pages follow each other. */
static void create_backwards(struct co_buffer *buffer, uint64_t size)
{
	int fd = memfd_create("buffer", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	MUST(fd >= 0 && !ftruncate(fd, size));
	WORKS(co_buffer_open(buffer, fd));
	for (uint64_t at = size; at; at -= WORLD_PAGE)
		((volatile char *)buffer->mem)[at - 1] = 1;
}

/* The pool has as many pages as all worlds need. */
static void create_hugetlb(struct co_buffer *buffer, uint64_t size)
{
	struct huge_pool pool = huge_pool(HUGE);

	huge_ask(HUGE, pool.nr - pool.surplus + size / HUGE);
	WORKS(co_buffer_open(buffer, huge_memfd(HUGE, size, MFD_ALLOW_SEALING)));
}

static void build_buffer(struct world *w, unsigned int n)
{
	bool huge = world_chance(w, 30);
	uint64_t size = huge ? HUGE * (1 + world_random(w, 2)) :
			WORLD_PAGE * (1 + world_random(w, world_chance(w, 50) ?
						       16 : 256));
	uint64_t *word;

	if (huge && world_chance(w, 50))
		create_hugetlb(&w->buffer[n], size);
	else if (!huge && world_chance(w, 50))
		create_backwards(&w->buffer[n], size);
	else
		WORKS(co_buffer_create(&w->buffer[n], "buffer", size, huge));
	word = w->buffer[n].mem;
	for (uint64_t i = 0; i < size / sizeof(*word); i++)
		word[i] = (w->note->seed << 40) + ((uint64_t)n << 32) + i;
	w->note->size[n] = size;
	w->note->content[n] = world_hash(word, size);
}

static void build_buffers(struct world *w)
{
	w->note->buffers = 2 + world_random(w, WORLD_BUFFERS - 1);
	for (unsigned int i = 0; i < w->note->buffers; i++)
		build_buffer(w, i);
}

/* Tables have a level more for each of these. */
static uint64_t pick_base(struct world *w)
{
	static const uint64_t base[] = {
		1ull << 20, 1ull << 36, 1ull << 47, 1ull << 48, 1ull << 56,
		1ull << 57, 1ull << 63, -WORLD_SPAN,
	};

	return base[world_random(w, sizeof(base) / sizeof(base[0]))];
}

static void build_options(struct world *w, struct world_ioas *ioas)
{
	ioas->small = world_chance(w, 20);
	if (ioas->small)
		WORKS(co_option_set(w->iommufd, ioas->id,
				    IOMMU_OPTION_HUGE_PAGES, 0));
	if (!world_chance(w, 30))
		return;
	for (ioas->allowed = 0; ioas->allowed < WORLD_ALLOWED; ioas->allowed++)
		ioas->allow[ioas->allowed] = (struct iommu_iova_range){
			.start = ioas->base + (10ull + 5 * ioas->allowed) *
				 ALLOWED,
			.last = ioas->base + (11ull + 5 * ioas->allowed) *
				ALLOWED - 1,
		};
	WORKS(co_ioas_allow(w->iommufd, ioas->id, ioas->allow, ioas->allowed));
}

/* The first one always has tables. */
static void build_ioas(struct world *w)
{
	unsigned int count = 1 + world_random(w, WORLD_IOAS);

	for (unsigned int i = 0; i < count; i++) {
		struct world_ioas *ioas = &w->note->ioas[i];

		WORKS(co_ioas_alloc(w->iommufd, &ioas->id));
		ioas->base = pick_base(w);
		ioas->tableless = i && world_chance(w, 25);
		build_options(w, ioas);
	}
}

static void build_devices(struct world *w, unsigned int first)
{
	unsigned int count = 1 + world_random(w, WORLD_DEVICES);

	for (unsigned int i = 0; i < count; i++) {
		struct world_device *device = &w->note->device[i];

		WORKS(co_pci_find_id(EDU_VENDOR, EDU_DEVICE, first + i,
				     device->bdf));
		WORKS(co_pci_bind(device->bdf, "vfio-pci"));
		w->device[i] = WORKS(co_device_open(device->bdf));
		WORKS(co_device_bind(w->device[i], w->iommufd, &device->id));
	}
}

static void build_one(struct world *w)
{
	unsigned int what = world_random(w, 100), n;

	if (what < 70)
		world_new_area(w);
	else if (what < 90)
		world_copy_area(w);
	else if (what < 93)
		world_new_hwpt(w);
	else if (what < 97)
		world_attach(w, world_random(w, WORLD_DEVICES));
	else if (what < 98)
		world_detach(w, world_random(w, WORLD_DEVICES));
	else if ((n = world_pick_area(w, false)) < WORLD_AREAS) {
		WORLD_DID(world_unmap(w, &w->note->area[n], 0,
				      w->note->area[n].length));
		w->note->area[n].length = 0;
	}
}

void world_build(struct world *w, uint64_t seed, unsigned int first)
{
	unsigned int steps;

	build_paper(w, seed);
	build_buffers(w);
	w->iommufd = WORKS(co_iommufd_open());
	w->note->rlimit_mode = world_chance(w, 50);
	WORKS(co_option_set(w->iommufd, 0, IOMMU_OPTION_RLIMIT_MODE,
			    w->note->rlimit_mode));
	build_ioas(w);
	build_devices(w, first);
	/* Most are small, some as large as it gets. */
	steps = world_chance(w, 20) ? 600 : world_random(w, 150);
	for (unsigned int i = 0; i < steps; i++)
		build_one(w);
	world_attach(w, 0);
}
