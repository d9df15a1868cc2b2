// SPDX-License-Identifier: GPL-2.0-only
/*
 * Eight disks in sixteen sessions: what one disk needs is in two, the memory
 * that nobody shares in one of its own. One of them fails: that is stopped, and
 * the others lose nothing (I1, I5).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "canary.h"
#include "disk.h"
#include "harness.h"
#include "rig.h"

#define DISKS		8u
#define FAILING		5u
#define BUSY		30u
#define TOKEN		1
#define NOTE_TOKEN	77
#define CLASS		0x010802
#define READS_MS	1000

static const char *name(const char *what, unsigned int d)
{
	static char text[32];

	snprintf(text, sizeof(text), "many-%s-%u", what, d);
	return text;
}

/* A second session for each disk, with a memfd that no device knows. */
static void preserve_note(unsigned int d)
{
	int session = rig_session_create(name("note", d));
	struct co_buffer buffer;

	WORKS(co_buffer_create(&buffer, "note", 4096, false));
	*(unsigned int *)buffer.mem = d;
	WORKS(co_session_preserve(session, buffer.fd, NOTE_TOKEN));
}

static void check_note(unsigned int d)
{
	int session = rig_session_retrieve(name("note", d));
	struct co_buffer buffer;

	WORKS(co_buffer_open(&buffer,
			     co_session_retrieve_fd(session, NOTE_TOKEN)));
	SAME(*(unsigned int *)buffer.mem, d);
	rig_session_finish(session);
	co_buffer_close(&buffer);
}

static int before(void)
{
	static struct disk disks[DISKS];

	for (unsigned int d = 0; d < DISKS; d++) {
		disk_open_at(&disks[d], d, -1, 0);
		disk_fill(&disks[d], BUSY);
	}
	for (unsigned int d = 0; d < DISKS; d++) {
		disk_preserve(&disks[d], rig_session_create(name("disk", d)),
			      TOKEN);
		preserve_note(d);
	}
	rig_linger();
	return test_result();
}

/* Its driver is taken away, and nothing can be retrieved. */
static void fail(const char *bdf)
{
	int session = rig_session_retrieve(name("disk", FAILING));

	WORKS(co_pci_bind(bdf, "vfio-pci"));
	WORKS(co_pci_unbind(bdf));
	FAILS(co_session_retrieve_fd(session, TOKEN + 1), ENODEV);
	CHECK(rig_master(bdf));
	rig_session_finish(session);
	CHECK(!rig_master(bdf));
}

static void go_on(struct disk *disk, unsigned int d)
{
	int session = rig_session_retrieve(name("disk", d));

	disk_retrieve(disk, session, TOKEN, -1);
	disk_check(disk);
	if (d % 2)
		disk_drain(disk);
	rig_session_finish(session);
	if (!(d % 2))
		disk_drain(disk);
	disk_fill(disk, 2);
	disk_drain(disk);
}

static int after(void)
{
	static struct disk disks[DISKS];
	char bdf[DISKS][CO_BDF_SIZE];

	for (unsigned int d = 0; d < DISKS; d++) {
		WORKS(co_pci_find_class(CLASS, d, bdf[d]));
		CHECK(rig_master(bdf[d]));
	}
	fail(bdf[FAILING]);
	/* From the last one to the first. */
	for (unsigned int d = DISKS; d-- > 0; ) {
		check_note(d);
		if (d != FAILING)
			go_on(&disks[d], d);
	}
	canary_take();
	rig_sleep_ms(READS_MS);
	SAME(canary_release(), 0);
	for (unsigned int d = 0; d < DISKS; d++)
		if (d != FAILING)
			disk_close(&disks[d]);
	return test_result();
}

int main(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[1], "after") ? after() : before();
}
