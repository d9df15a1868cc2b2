// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices whose memory iommufd does not know: one attached to an address space
 * in which nothing is ever mapped, one bound and not attached at all. Both are
 * given physical addresses of memory that is preserved by other means.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "edu.h"
#include "harness.h"
#include "rig.h"

#define UNITS	2u
#define LENGTH	4000u

/* The first is attached, the second is not. */
static const bool attached[UNITS] = { true, false };

/* Device @unit writes what it holds to a page of its own. */
static uint8_t *page(const struct rig *rig, unsigned int unit)
{
	return rig->data + unit * RIG_PAGE;
}

static void load(const struct rig *rig, unsigned int unit)
{
	uint8_t *data = page(rig, unit);
	struct co_bar bar;

	for (unsigned int i = 0; i < LENGTH; i++)
		data[i] = i * (unit + 3);
	WORKS(co_bar_open(&bar, rig->device, 0));
	edu_start(&bar, EDU_LOAD, rig_pagemap(data), LENGTH);
	MUST(!edu_wait(&bar));
	memset(data, 0, RIG_PAGE);
	co_bar_close(&bar);
}

/* No register but those of the DMA is touched: Bus Master has to be on. */
static void store(const struct rig *rig, unsigned int unit)
{
	uint8_t *data = page(rig, unit);
	unsigned int bad = 0;
	struct co_bar bar;

	WORKS(co_bar_open(&bar, rig->device, 0));
	edu_start(&bar, EDU_STORE, rig_pagemap(data), LENGTH);
	MUST(!edu_wait(&bar));
	for (unsigned int i = 0; i < LENGTH; i++)
		bad += data[i] != (uint8_t)(i * (unit + 3));
	SAME(bad, 0);
	co_bar_close(&bar);
}

static void open_unit(struct rig *rig, unsigned int unit)
{
	char bdf[CO_BDF_SIZE];

	rig_open_memory(rig);
	rig->token = 10 * (unit + 1);
	rig_edu(unit, bdf);
	rig_open_device(rig, bdf);
	rig->note->hwpt = rig->note->ioas;
	if (attached[unit])
		WORKS(co_device_attach(rig->device, &rig->note->hwpt));
	WORKS(co_bus_master(rig->device, true));
}

static int before(void)
{
	int session = rig_session_create("empty");
	struct rig rig[UNITS];

	for (unsigned int unit = 0; unit < UNITS; unit++) {
		open_unit(&rig[unit], unit);
		rig_preserve(&rig[unit], session);
		load(&rig[unit], unit);
	}
	rig_linger();
	return test_result();
}

/* What was never mapped is not there, and can be mapped now. */
static void check_empty(const struct rig *rig)
{
	uint64_t length = RIG_PAGE, pa;

	FAILS(co_pa(rig->iommufd, rig->note->ioas, RIG_IOVA, &pa, &length),
	      ENOENT);
}

static void check_attached(const struct rig *rig, unsigned int unit)
{
	uint32_t pt_id = rig->note->hwpt;

	if (!attached[unit])
		return;
	FAILS(co_iommufd_destroy(rig->iommufd, pt_id), EBUSY);
	WORKS(co_device_attach(rig->device, &pt_id));
	SAME(pt_id, rig->note->hwpt);
}

/* From here on as every other: attach, map, DMA. */
static void use(struct rig *rig, unsigned int unit)
{
	if (attached[unit])
		WORKS(co_device_detach(rig->device));
	rig_map(rig);
	rig_check_dma(rig);
	rig_close(rig);
}

static int after(void)
{
	int session = rig_session_retrieve("empty");
	struct rig rig[UNITS];

	for (unsigned int unit = 0; unit < UNITS; unit++) {
		rig_retrieve(&rig[unit], session, 10 * (unit + 1));
		store(&rig[unit], unit);
		check_empty(&rig[unit]);
		check_attached(&rig[unit], unit);
		FAILS(co_iommufd_destroy(rig[unit].iommufd,
					 rig[unit].note->device_id), EBUSY);
	}
	rig_session_finish(session);
	for (unsigned int unit = 0; unit < UNITS; unit++) {
		store(&rig[unit], unit);
		use(&rig[unit], unit);
	}
	return test_result();
}

int main(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[1], "after") ? after() : before();
}
