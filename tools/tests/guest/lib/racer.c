// SPDX-License-Identifier: GPL-2.0-only
/* Threads that change a context, a call each. */
#include <errno.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness.h"
#include "racer.h"

#define SLOT_SIZE	(16 * RIG_PAGE)
#define SLOT_IOVA(n)	(RIG_IOVA + (((n) + 1) * 32ull << 20))
#define SLOT_START(n)	(RIG_DATA + (n) % 3 * SLOT_SIZE)
#define COPY_SLOT	2	/* in the other IOAS */
#define ADDRESS_SLOT	3	/* mapped by its address */

/* ------------------------------------------------------- mappings: a slot */

static uint32_t slot_ioas(unsigned int slot)
{
	return slot == COPY_SLOT ? race.copies : race.rig.note->ioas;
}

uint64_t race_pa(unsigned int slot)
{
	uint64_t pa, length = 1;

	return co_pa(race.rig.iommufd, slot_ioas(slot), SLOT_IOVA(slot), &pa,
		     &length) ? 0 : pa;
}

static int map(struct racer *r)
{
	return co_map_file(race.rig.iommufd, slot_ioas(r->arg),
			   SLOT_IOVA(r->arg), race.rig.buffer.fd,
			   SLOT_START(r->arg), SLOT_SIZE);
}

static int map_address(struct racer *r)
{
	return co_map(race.rig.iommufd, slot_ioas(r->arg), SLOT_IOVA(r->arg),
		      (uint8_t *)race.rig.note + SLOT_START(r->arg),
		      SLOT_SIZE);
}

static int unmap(struct racer *r)
{
	return co_unmap(race.rig.iommufd, slot_ioas(r->arg), SLOT_IOVA(r->arg),
			SLOT_SIZE);
}

static int copy(struct racer *r)
{
	struct iommu_ioas_copy arg = {
		.size = sizeof(arg), .dst_ioas_id = slot_ioas(r->arg),
		.src_ioas_id = race.rig.note->ioas, .length = SLOT_SIZE,
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
		.dst_iova = SLOT_IOVA(r->arg),
		.src_iova = RIG_IOVA + SLOT_START(r->arg),
	};

	return ioctl(race.rig.iommufd, IOMMU_IOAS_COPY, &arg) ? -errno : 0;
}

/* What was mapped shows at once, and so does what was unmapped. */
static void slot_turn(struct racer *r, int (*call)(struct racer *r))
{
	if (!race.mapped[r->arg] && racer_rests())
		return;
	if (racer_call(r, race.mapped[r->arg] ? unmap : call))
		return;
	race.mapped[r->arg] = !race.mapped[r->arg];
	SAME(race_pa(r->arg), race.mapped[r->arg] ? race.pa[r->arg] : 0);
}

static void map_turn(struct racer *r)
{
	slot_turn(r, map);
}

static void address_turn(struct racer *r)
{
	slot_turn(r, map_address);
}

static void copy_turn(struct racer *r)
{
	slot_turn(r, copy);
}

/* ------------------------------------------------------- the whole context */

static int change_process(struct racer *r)
{
	struct iommu_ioas_change_process arg = { .size = sizeof(arg) };

	(void)r;
	return ioctl(race.rig.iommufd, IOMMU_IOAS_CHANGE_PROCESS, &arg) ?
		-errno : 0;
}

static void process_turn(struct racer *r)
{
	racer_call(r, change_process);
}

static int set_option(struct racer *r)
{
	return co_option_set(race.rig.iommufd, race.empty,
			     IOMMU_OPTION_HUGE_PAGES, !r->arg);
}

static void option_turn(struct racer *r)
{
	uint64_t value;

	if (!racer_call(r, set_option))
		r->arg = !r->arg;
	WORKS(co_option_get(race.rig.iommufd, race.empty,
			    IOMMU_OPTION_HUGE_PAGES, &value));
	SAME(value, r->arg);
}

static int allow(struct racer *r)
{
	const struct iommu_iova_range range[2] = {
		{ .start = 0x100000, .last = 0x1fffff + r->arg },
		{ .start = 0x40000000, .last = 0x7fffffff },
	};

	r->arg = (r->arg + RIG_PAGE) % (1u << 20);
	return co_ioas_allow(race.rig.iommufd, race.empty, range, 2);
}

static void allow_turn(struct racer *r)
{
	racer_call(r, allow);
}

/* ----------------------------------------------------------------- objects */

static int destroy(struct racer *r)
{
	return co_iommufd_destroy(race.rig.iommufd, r->id);
}

static void object_turn(struct racer *r, int (*make)(struct racer *r))
{
	bool there = r->id;

	if (!racer_call(r, there ? destroy : make) && there)
		r->id = 0;
}

static int alloc_ioas(struct racer *r)
{
	return co_ioas_alloc(race.rig.iommufd, &r->id);
}

static void ioas_turn(struct racer *r)
{
	object_turn(r, alloc_ioas);
}

static int alloc_hwpt(struct racer *r)
{
	return co_hwpt_alloc(race.rig.iommufd, race.rig.note->device_id,
			     race.rig.note->ioas, &r->id);
}

static void hwpt_turn(struct racer *r)
{
	object_turn(r, alloc_hwpt);
}

/* ----------------------------------------------------------------- devices */

/* Between the table that the IOAS gets by itself, and goes with, and another. */
static int replace(struct racer *r)
{
	uint32_t hwpt = r->arg ? race.second_hwpt : race.rig.note->ioas;

	return co_device_attach(race.rig.device, &hwpt);
}

static void replace_turn(struct racer *r)
{
	if (!racer_call(r, replace))
		r->arg = !r->arg;
}

static int attach(struct racer *r)
{
	uint32_t id = r->arg == 1 ? race.copies : race.rig.note->ioas;

	return r->arg == 2 ? co_device_detach(race.second) :
			     co_device_attach(race.second, &id);
}

/* Attach, replace, detach. */
static void attach_turn(struct racer *r)
{
	if (!racer_call(r, attach))
		r->arg = (r->arg + 1) % 3;
}

static int bind_third(struct racer *r)
{
	return co_device_bind(r->fd, race.rig.iommufd, &r->id);
}

/* Closing unbinds, whether that is welcome or not. */
static void bind_turn(struct racer *r)
{
	r->fd = co_device_open(race.third);
	if (r->fd < 0) {
		r->failed++;
		return;
	}
	racer_call(r, bind_third);
	close(r->fd);
}

struct racer the_racers[] = {
	{ .name = "map, unmap", .turn = map_turn, .arg = 0 },
	{ .name = "map, unmap", .turn = map_turn, .arg = 1 },
	{ .name = "copy, unmap", .turn = copy_turn, .arg = COPY_SLOT },
	{ .name = "map by address", .turn = address_turn, .arg = ADDRESS_SLOT },
	{ .name = "VFIO: map, unmap", .turn = vfio_map_turn,
	  .may_be_gone = true },
	{ .name = "VFIO: set IOMMU", .turn = vfio_set_turn,
	  .may_be_gone = true },
	{ .name = "change process", .turn = process_turn,
	  .busy_by_itself = true, .needs_peace = true,
	  .may_be_invalid = true },
	{ .name = "option", .turn = option_turn, .arg = 1 },
	{ .name = "allow IOVAs", .turn = allow_turn },
	{ .name = "IOAS", .turn = ioas_turn, .busy_by_itself = true },
	{ .name = "HWPT", .turn = hwpt_turn },
	{ .name = "replace", .turn = replace_turn, .gate = GATE_DEVICE,
	  .arg = 1 },
	{ .name = "attach, detach", .turn = attach_turn },
	{ .name = "bind, unbind", .turn = bind_turn },
};

const unsigned int racers = sizeof(the_racers) / sizeof(the_racers[0]);

/* ----------------------------------------------------------- open, settle */

static void open_ioas(void)
{
	const struct rig *rig = &race.rig;

	WORKS(co_ioas_alloc(rig->iommufd, &race.copies));
	WORKS(co_ioas_alloc(rig->iommufd, &race.empty));
	WORKS(co_hwpt_alloc(rig->iommufd, rig->note->device_id, race.copies,
			    &race.copies_hwpt));
	WORKS(co_hwpt_alloc(rig->iommufd, rig->note->device_id,
			    rig->note->ioas, &race.second_hwpt));
}

static void open_devices(void)
{
	char bdf[CO_BDF_SIZE];
	uint32_t id;

	rig_edu(1, bdf);
	WORKS(co_pci_bind(bdf, "vfio-pci"));
	race.second = WORKS(co_device_open(bdf));
	WORKS(co_device_bind(race.second, race.rig.iommufd, &id));
	rig_edu(2, race.third);
	WORKS(co_pci_bind(race.third, "vfio-pci"));
}

void race_open(void)
{
	char bdf[CO_BDF_SIZE];

	rig_edu(0, bdf);
	rig_open(&race.rig, bdf, 1);
	open_ioas();
	open_devices();
	race_vfio_open();
	for (unsigned int i = 0; i < SLOTS; i++)
		race.pa[i] = rig_pa(&race.rig,
				    i % 3 * SLOT_SIZE / RIG_PAGE);
}

void race_settle(void)
{
	uint32_t hwpt = race.rig.note->ioas;

	close(race.second);
	race_vfio_settle();
	for (unsigned int i = 0; i < SLOTS; i++)
		if (race.mapped[i])
			WORKS(co_unmap(race.rig.iommufd, slot_ioas(i),
				       SLOT_IOVA(i), SLOT_SIZE));
	WORKS(co_device_detach(race.rig.device));
	WORKS(co_device_attach(race.rig.device, &hwpt));
	race.rig.note->hwpt = hwpt;
}
