// SPDX-License-Identifier: GPL-2.0-only
/*
 * I6, I7: twenty updates in a row, and fifty that are given up or fail at the
 * last moment, with a disk that reads all the time. No read is lost or done
 * twice, and nothing is left behind.
 *
 * Run with the number of the kernel, from 1 on, and of the last one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/reboot.h>

#include "counts.h"
#include "disk.h"
#include "harness.h"
#include "rig.h"

#define TOKEN		1
#define BUSY		60u
#define FEW		4u	/* reads that are taken between two sessions */
#define ABORTS		50u
#define FAILED_EVERY	5u	/* of them, reboot() itself fails */
#define LIMIT_MS	60000

/* The counts of the first kernel travel where the driver of the demo has room. */
static struct counts *first(const struct disk *disk)
{
	return (struct counts *)(disk->mem->nvme.page + NVME_PAGE -
				 sizeof(struct counts));
}

static void read_on(struct disk *disk)
{
	SAME(disk_take(disk, FEW, LIMIT_MS), FEW);
	disk_fill(disk, BUSY);
}

static void kexec_fails(void)
{
	CHECK(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		      LINUX_REBOOT_CMD_KEXEC, NULL) < 0);
	SAME(errno, ENOENT);
}

static void give_up(struct disk *disk, bool fail)
{
	int session = rig_session_create("again");

	if (fail) {
		WORKS(co_session_preserve(session, disk->nvme.device, TOKEN));
		WORKS(co_session_preserve(session, disk->nvme.iommufd,
					  TOKEN + 1));
		kexec_fails();
	} else {
		disk_preserve(disk, session, TOKEN);
	}
	close(session);
	read_on(disk);
}

static void give_up_all(struct disk *disk)
{
	struct counts start = counts_now(), end;

	for (unsigned int i = 0; i < ABORTS; i++)
		give_up(disk, !(i % FAILED_EVERY));
	end = counts_now();
	counts_say("after sessions given up", &end);
	counts_same(&start, &end, "after");
	disk_check(disk);
}

static void open_first(struct disk *disk)
{
	disk_open(disk, -1, 0);
	disk_fill(disk, BUSY);
	give_up_all(disk);
	*first(disk) = counts_now();
}

static void arrive(struct disk *disk, unsigned int kernel)
{
	int session = rig_session_retrieve("again");
	struct counts before, now;
	char when[32];

	disk_retrieve(disk, session, TOKEN, -1);
	disk_check(disk);
	rig_session_finish(session);
	read_on(disk);
	now = counts_now();
	snprintf(when, sizeof(when), "kernel %u", kernel);
	counts_say(when, &now);
	before = *first(disk);
	/* Only the first kernel can be asked. */
	before.keys = now.keys;
	counts_same(&before, &now, "after");
}

int main(int argc, char **argv)
{
	unsigned int kernel, last;
	struct disk disk;

	MUST(argc == 3);
	kernel = atoi(argv[1]);
	last = atoi(argv[2]);
	if (kernel == 1)
		open_first(&disk);
	else
		arrive(&disk, kernel);
	if (kernel == last) {
		disk_drain(&disk);
		test_say("%llu reads", (unsigned long long)
			 disk.nvme.mem->completed);
		disk_close(&disk);
		return test_result();
	}
	disk_preserve(&disk, rig_session_create("again"), TOKEN);
	rig_linger();
	return test_result();
}
