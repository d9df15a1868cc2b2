// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation in the retrieve of a device may fail (invariants I1,
 * I4, I7). The device runs on, whatever was done by then, and the next try has it.
 *
 *   t-fail-device 0 DEVICES          leave them to the next kernel
 *   t-fail-device FIRST DEVICES      failure points from FIRST on, then again
 *   t-fail-device FIRST DEVICES end  the same; there must be no more after them
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "counts.h"
#include "harness.h"
#include "inject.h"
#include "rig.h"

static unsigned int errors, without_effect;

static const char *name(unsigned int n)
{
	static char text[32];

	snprintf(text, sizeof(text), "device-%u", n);
	return text;
}

static void leave_all(unsigned int devices)
{
	char bdf[CO_BDF_SIZE];
	struct rig rig;

	for (unsigned int n = 0; n < devices; n++) {
		rig_edu(n, bdf);
		rig_open(&rig, bdf, 1);
		rig_preserve(&rig, rig_session_create(name(n)));
		close(rig.device);
		close(rig.iommufd);
		co_buffer_close(&rig.buffer);
	}
	rig_linger();
}

/* Nothing stopped it on the way, and nothing fails this time. */
static void try_again(struct rig *rig, int session, const char *bdf, int first)
{
	errors++;
	/* PCI has other words for it, too. */
	if (first != -ENOMEM && first != -EFAULT)
		test_say("error %d", first);
	CHECK(rig_master(bdf));
	rig->device = WORKS(co_session_retrieve_fd(session, 1 + RIG_VFIO));
}

static bool retrieve_one(unsigned int n, unsigned int nth)
{
	int session = rig_session_retrieve(name(n));
	struct rig rig = { .token = 1 };
	char bdf[CO_BDF_SIZE];
	bool hit, failed;

	rig_edu(n, bdf);
	rig_retrieve_one(&rig, session, RIG_MEMFD);
	rig_retrieve_one(&rig, session, RIG_IOMMUFD);
	inject_arm(nth);
	rig.device = co_session_retrieve_fd(session, 1 + RIG_VFIO);
	hit = inject_disarm();
	failed = rig.device < 0;
	if (failed)
		try_again(&rig, session, bdf, rig.device);
	else
		without_effect += hit;
	rig_check(&rig);
	CHECK(rig_master(bdf));
	rig_session_finish(session);
	/* VFIO opens a device without a BAR it could not reserve. */
	if (!hit || failed)
		rig_check_dma(&rig);
	rig_close(&rig);
	return hit;
}

static bool sweep(unsigned int first, unsigned int devices)
{
	struct counts none = {}, now;
	bool more = true;

	for (unsigned int n = 0; n < devices; n++)
		more = retrieve_one(n, first + n);
	now = counts_now();
	SAME(now.tables, none.tables);
	SAME(now.pins, none.pins);
	SAME(now.locked, none.locked);
	test_say("retrieve device, failure points from %u on: %u errors, %u without effect",
		 first, errors, without_effect);
	return more;
}

int main(int argc, char **argv)
{
	unsigned int first, devices;

	MUST(argc > 2);
	first = atoi(argv[1]);
	devices = atoi(argv[2]);
	inject_setup();
	if (first) {
		bool more = sweep(first, devices);

		CHECK(argc < 4 || !more);
		MUST(first > 1 || errors);
	}
	if (argc < 4)
		leave_all(devices);
	return test_result();
}
