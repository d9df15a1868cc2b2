// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver that is to be unbound waits for its device to be closed, with the
 * device's lock held, which reboot() waits for. So what a live update needs keeps
 * its driver, and what is being unbound is not preserved (I3, I6).
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "log.h"
#include "rig.h"
#include "slot.h"
#include "sysfs.h"

#define TOKEN	1

static atomic_bool unbound;

static int unbind(const char *driver, const char *bdf)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/unbind", driver);
	return file_write(path, bdf);
}

static void *unbind_device(void *bdf)
{
	SAME(unbind("vfio-pci", bdf), 0);
	unbound = true;
	return NULL;
}

/* Userspace was asked to close it, and preserves it instead. */
static void preserve_while_unbound(void)
{
	int session = rig_session_create("unbound"), log = log_open();
	char bdf[CO_BDF_SIZE];
	pthread_t thread;
	struct rig rig;

	rig_edu(0, bdf);
	rig_open(&rig, bdf, TOKEN);
	MUST(!pthread_create(&thread, NULL, unbind_device, bdf));
	MUST(slot_wait_leaving(bdf));
	CHECK(!unbound);
	FAILS(co_session_preserve(session, rig.device, TOKEN), EOPNOTSUPP);
	CHECK(log_has(log, (const char *[]){ bdf, "being unbound", NULL }));
	close(rig.device);
	MUST(!pthread_join(thread, NULL));
	close(rig.iommufd);
	co_buffer_close(&rig.buffer);
	close(session);
	close(log);
}

static int before(void)
{
	int session = rig_session_create("unbind");
	char bdf[CO_BDF_SIZE], port[CO_BDF_SIZE];
	struct rig rig;

	preserve_while_unbound();
	rig_edu(1, bdf);
	sysfs_parent(bdf, port);
	rig_open(&rig, bdf, TOKEN);
	rig_preserve(&rig, session);
	test_say("I6: unbinding what is preserved");
	SAME(unbind("vfio-pci", bdf), -EBUSY);
	SAME(unbind("pcieport", port), -EBUSY);
	rig_check_dma(&rig);
	close(session);
	SAME(unbind("pcieport", port), 0);
	WORKS(co_pci_bind(port, "pcieport"));
	WORKS(co_bus_master(rig.device, true));
	session = rig_session_create("unbind");
	rig_preserve(&rig, session);
	rig_linger();
	return test_result();
}

static int after(void)
{
	int session = rig_session_retrieve("unbind");
	char port[CO_BDF_SIZE];
	struct rig rig;

	rig_retrieve(&rig, session, TOKEN);
	rig_check(&rig);
	rig_session_finish(session);
	rig_check_dma(&rig);
	sysfs_parent(rig.note->bdf, port);
	SAME(unbind("pcieport", port), 0);
	rig_close(&rig);
	return test_result();
}

int main(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[1], "after") ? after() : before();
}
