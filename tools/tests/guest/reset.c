// SPDX-License-Identifier: GPL-2.0-only
/*
 * I6: a device that is reset by its user while another thread preserves it and
 * gives that up is after each reset what VFIO makes of it: Bus Master as before.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "disk.h"
#include "harness.h"
#include "rig.h"

#define RESETS	30

static struct disk disk;
static atomic_bool stop;
static atomic_uint preserved;

static void *preserve(void *arg)
{
	(void)arg;
	while (!stop) {
		int session = rig_session_create("reset");

		preserved += !co_session_preserve(session, disk.nvme.device, 1);
		close(session);
	}
	return NULL;
}

int main(void)
{
	unsigned int lost = 0;
	char bdf[CO_BDF_SIZE];
	pthread_t thread;

	disk_find(bdf);
	disk_open(&disk, -1, 0);
	MUST(!pthread_create(&thread, NULL, preserve, NULL));
	for (int i = 0; i < RESETS; i++) {
		WORKS(co_bus_master(disk.nvme.device, true));
		MUST(!ioctl(disk.nvme.device, VFIO_DEVICE_RESET));
		lost += !rig_master(bdf);
	}
	stop = true;
	MUST(!pthread_join(thread, NULL));
	test_say("%d resets, preserved %u times meanwhile", RESETS, preserved);
	test_say("I6: Bus Master was lost in %u of them", lost);
	SAME(lost, 0);
	MUST(preserved);
	return test_result();
}
