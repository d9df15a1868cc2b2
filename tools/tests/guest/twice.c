// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two updates in a row with the same files, and the disk reads on: what is
 * submitted under one kernel is completed under another, for each pair.
 */
#include <stdlib.h>

#include "disk.h"
#include "harness.h"
#include "rig.h"

/* Reads that the new kernel waits for, whatever came in before. */
#define FRESH	4
#define TOKEN	1
#define BUSY	60u
#define LAST	3

static void leave(struct disk *disk, int kernel)
{
	int session = rig_session_create("twice");

	disk_fill(disk, BUSY);
	disk_preserve(disk, session, TOKEN);
	CHECK(nvme_busy(disk->nvme.mem) - nvme_waiting(disk->nvme.mem) > 32);
	test_say("kernel %d: %u on their way", kernel,
		 nvme_busy(disk->nvme.mem) - nvme_waiting(disk->nvme.mem));
	rig_linger();
}

static void arrive(struct disk *disk, int kernel)
{
	int session = rig_session_retrieve("twice");
	unsigned int waiting;

	disk_retrieve(disk, session, TOKEN, -1);
	waiting = nvme_waiting(disk->nvme.mem);
	test_say("kernel %d: %u completed meanwhile", kernel, waiting);
	CHECK(waiting > 0);
	SAME(disk_take(disk, waiting, 20000), waiting);
	disk_check(disk);
	rig_session_finish(session);
	disk_fill(disk, FRESH);
	SAME(disk_take(disk, FRESH, 20000), FRESH);
}

int main(int argc, char **argv)
{
	int kernel = argc > 1 ? atoi(argv[1]) : 1;
	struct disk disk;

	if (kernel == 1)
		disk_open(&disk, -1, 0);
	else
		arrive(&disk, kernel);
	if (kernel < LAST) {
		leave(&disk, kernel);
		return test_result();
	}
	disk_fill(&disk, BUSY);
	disk_drain(&disk);
	disk_close(&disk);
	return test_result();
}
