// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every order of PRESERVE_FD with every order of RETRIEVE_FD.
 *
 * Six devices, seven kernels. In each of the six updates device d is preserved
 * in one order and retrieved in another, so that at the end each of the 36
 * pairs was used once. Their files are interleaved: all first files of all
 * devices, then all second ones.
 */
#include <stdio.h>
#include <stdlib.h>

#include "harness.h"
#include "rig.h"

#define DEVICES	6u
#define ORDERS	6u
#define LAST	(ORDERS + 1)

static const enum rig_file orders[ORDERS][RIG_FILES] = {
	{ RIG_MEMFD, RIG_IOMMUFD, RIG_VFIO },
	{ RIG_MEMFD, RIG_VFIO, RIG_IOMMUFD },
	{ RIG_IOMMUFD, RIG_MEMFD, RIG_VFIO },
	{ RIG_IOMMUFD, RIG_VFIO, RIG_MEMFD },
	{ RIG_VFIO, RIG_MEMFD, RIG_IOMMUFD },
	{ RIG_VFIO, RIG_IOMMUFD, RIG_MEMFD },
};

struct unit {
	struct rig rig;
	int session;
};

/* The orders of device @d in the update out of kernel @kernel, from 1 on. */
static unsigned int preserve_order(unsigned int kernel)
{
	return (kernel - 1) % ORDERS;
}

static unsigned int retrieve_order(unsigned int kernel, unsigned int d)
{
	return (kernel - 1 + d) % ORDERS;
}

static const char *name(unsigned int d)
{
	static char text[16];

	snprintf(text, sizeof(text), "orders-%u", d);
	return text;
}

/* Which pairs were used: a bit each, in the note of the first device. */
static void note_pair(struct unit *units, unsigned int kernel, unsigned int d)
{
	units[0].rig.note->word[0] |= 1ull << (preserve_order(kernel) *
					       ORDERS +
					       retrieve_order(kernel, d));
}

static void open_all(struct unit *units)
{
	char bdf[CO_BDF_SIZE];

	for (unsigned int d = 0; d < DEVICES; d++) {
		rig_edu(d, bdf);
		rig_open(&units[d].rig, bdf, 10);
	}
}

static void preserve_all(struct unit *units, unsigned int kernel)
{
	for (unsigned int d = 0; d < DEVICES; d++)
		units[d].session = rig_session_create(name(d));
	for (unsigned int i = 0; i < RIG_FILES * DEVICES; i++) {
		unsigned int d = i % DEVICES;
		const enum rig_file *order = orders[preserve_order(kernel)];

		rig_preserve_one(&units[d].rig, units[d].session,
				 order[i / DEVICES]);
	}
}

/* @kernel is the one that preserved. */
static void retrieve_all(struct unit *units, unsigned int kernel)
{
	for (unsigned int d = 0; d < DEVICES; d++) {
		units[d].rig.token = 10;
		units[d].session = rig_session_retrieve(name(d));
	}
	for (unsigned int i = 0; i < RIG_FILES * DEVICES; i++) {
		unsigned int d = i % DEVICES;
		const enum rig_file *order = orders[retrieve_order(kernel, d)];

		rig_retrieve_one(&units[d].rig, units[d].session,
				 order[i / DEVICES]);
	}
}

static void check_all(struct unit *units, unsigned int kernel)
{
	for (unsigned int d = 0; d < DEVICES; d++) {
		rig_check(&units[d].rig);
		note_pair(units, kernel, d);
		rig_session_finish(units[d].session);
	}
	rig_check_dma(&units[kernel % DEVICES].rig);
}

static void end_all(struct unit *units)
{
	SAME(units[0].rig.note->word[0], (1ull << (ORDERS * ORDERS)) - 1);
	for (unsigned int d = 0; d < DEVICES; d++) {
		rig_check_dma(&units[d].rig);
		rig_close(&units[d].rig);
	}
}

int main(int argc, char **argv)
{
	unsigned int kernel = argc > 1 ? atoi(argv[1]) : 1;
	static struct unit units[DEVICES];

	if (kernel == 1) {
		open_all(units);
	} else {
		retrieve_all(units, kernel - 1);
		check_all(units, kernel - 1);
	}
	if (kernel == LAST) {
		end_all(units);
	} else {
		preserve_all(units, kernel);
		rig_linger();
	}
	return test_result();
}
