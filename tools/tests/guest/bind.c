// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that the library binds and opens while the kernel is not yet done with it.
 *
 *   plugged   it is plugged again and again, and bound the moment it is in sysfs
 *   opened    one thread binds it again and again, another opens it the moment
 *             VFIO has named it
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "rig.h"
#include "slot.h"
#include "sysfs.h"

#define PLUGS	20
#define BINDS	200

static char bdf[CO_BDF_SIZE];

static void plugged(void)
{
	char port[CO_BDF_SIZE];

	sysfs_parent(bdf, port);
	for (unsigned int i = 0; i < PLUGS; i++) {
		slot_pull(port);
		MUST(slot_wait_empty(bdf, port));
		slot_plug_edu("rp");
		MUST(slot_wait_seen(bdf));
		WORKS(co_pci_bind(bdf, "vfio-pci"));
		MUST(slot_wait_on(port));
	}
}

static pthread_barrier_t round_begins, round_ends;
static atomic_uint too_soon;

/* Not by the library: is it ever seen before it opens? */
static void count_too_soon(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	too_soon += fd < 0;
	if (fd >= 0)
		close(fd);
}

static void *open_each(void *arg)
{
	char path[64];

	(void)arg;
	for (unsigned int i = 0; i < BINDS; i++) {
		pthread_barrier_wait(&round_begins);
		while (co_device_path(bdf, path, sizeof(path)))
			;
		count_too_soon(path);
		close(WORKS(co_device_open(bdf)));
		pthread_barrier_wait(&round_ends);
	}
	return NULL;
}

static void opened(void)
{
	pthread_t thread;

	MUST(!pthread_barrier_init(&round_begins, NULL, 2));
	MUST(!pthread_barrier_init(&round_ends, NULL, 2));
	WORKS(co_pci_unbind(bdf));
	MUST(!pthread_create(&thread, NULL, open_each, NULL));
	for (unsigned int i = 0; i < BINDS; i++) {
		pthread_barrier_wait(&round_begins);
		WORKS(co_pci_bind(bdf, "vfio-pci"));
		pthread_barrier_wait(&round_ends);
		WORKS(co_pci_unbind(bdf));
	}
	MUST(!pthread_join(thread, NULL));
	test_say("opened %u times, %u of them seen before it could be opened",
		 BINDS, too_soon);
	CHECK(too_soon);
}

int main(int argc, char **argv)
{
	MUST(argc == 2);
	rig_edu(0, bdf);
	if (!strcmp(argv[1], "plugged"))
		plugged();
	else
		opened();
	return test_result();
}
