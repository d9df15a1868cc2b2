// SPDX-License-Identifier: GPL-2.0-only
/*
 * I6: a device that is frozen is pulled out. Its driver would wait for the session
 * with the device's lock held, which reboot() takes, so it is not removed then.
 *
 *   ends    the kernel is on its way down. It waits for the lock of another device
 *           meanwhile, whose driver is unbound while it is open
 *   fails   the kexec fails, again and again: the device is removed afterwards
 *   after   the next kernel looks for the device
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/reboot.h>

#include "harness.h"
#include "helpers.h"
#include "log.h"
#include "rig.h"
#include "slot.h"
#include "sysfs.h"

#define SESSION		"pull"
#define TOKEN		1
#define STEP_MS		10u
#define WAIT_MS		20000u
#define FILES		1000	/* frozen after the device: time for it to be pulled */
#define PULLS		100

static atomic_bool stop;

static int kexec(void)
{
	return syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		       LINUX_REBOOT_CMD_KEXEC, NULL);
}

/* ------------------------------------------------------ the kernel goes down -- */

static void *kexec_once(void *unused)
{
	(void)unused;
	CHECK(!kexec());
	return NULL;
}

static void *unbind(void *bdf)
{
	SAME(file_write("/sys/bus/pci/drivers/vfio-pci/unbind", bdf), 0);
	return NULL;
}

/* What changes the device is refused from then on. */
static void wait_frozen(const struct rig *rig)
{
	for (unsigned int ms = 0; ms < WAIT_MS; ms += STEP_MS) {
		if (co_bus_master(rig->device, true) == -EBUSY)
			return;
		rig_sleep_ms(STEP_MS);
	}
	MUST(!"a frozen device");
}

static bool wait_put_off(int log, const char *bdf)
{
	for (unsigned int ms = 0; ms < WAIT_MS; ms += STEP_MS) {
		if (log_has(log, (const char *[]){ bdf, "not removed", NULL }))
			return true;
		rig_sleep_ms(STEP_MS);
	}
	return false;
}

/* Devices are shut down last one first, so the other is the second one. */
static int ends(void)
{
	int session = rig_session_create(SESSION), log = log_open();
	char bdf[CO_BDF_SIZE], other_bdf[CO_BDF_SIZE], port[CO_BDF_SIZE];
	pthread_t unbinder, rebooter;
	struct rig rig, other;

	rig_edu(0, bdf);
	rig_edu(1, other_bdf);
	sysfs_parent(bdf, port);
	rig_open(&rig, bdf, TOKEN);
	rig_open(&other, other_bdf, TOKEN + RIG_FILES);
	rig_preserve(&rig, session);
	MUST(!pthread_create(&unbinder, NULL, unbind, other_bdf));
	MUST(slot_wait_leaving(other_bdf));
	MUST(!pthread_create(&rebooter, NULL, kexec_once, NULL));
	wait_frozen(&rig);
	slot_pull(port);
	test_say("I6: a device is pulled out of a kernel that ends");
	MUST(wait_put_off(log, bdf));
	close(other.device);
	MUST(!pthread_join(rebooter, NULL));
	return test_result();
}

static int after(void)
{
	int session = rig_session_retrieve(SESSION), log = log_open();

	FAILS(co_session_retrieve_fd(session, TOKEN + RIG_VFIO), ENODEV);
	rig_session_finish(session);
	CHECK(log_has(log, (const char *[]){ "was not found and may be writing",
					     NULL }));
	return test_result();
}

/* ------------------------------------------------------------ the kexec fails -- */

static void *kexec_always(void *unused)
{
	(void)unused;
	while (!stop)
		CHECK(kexec() < 0);
	return NULL;
}

/* The memfd of the device's memory is missing, which shows at the end. */
static int open_session(struct rig *rig, struct rig *last, const char *bdf)
{
	int session = rig_session_create(SESSION);

	rig_open(rig, bdf, TOKEN);
	rig_preserve(rig, session);
	for (int i = 0; i < FILES; i++) {
		int memfd = memfd_create("more", 0);

		MUST(memfd >= 0);
		WORKS(co_session_preserve(session, memfd, 1000 + i));
		close(memfd);
	}
	rig_preserve_one(last, session, RIG_IOMMUFD);
	return session;
}

/* Returns whether it was pulled out while it was frozen. */
static bool pull(struct rig *last, const char *bdf, const char *port)
{
	int log = log_open(), session;
	pthread_t thread;
	bool put_off;
	struct rig rig;

	session = open_session(&rig, last, bdf);
	stop = false;
	MUST(!pthread_create(&thread, NULL, kexec_always, NULL));
	slot_pull(port);
	MUST(slot_wait_leaving(bdf));
	SAME(sysfs_present(bdf), 0);
	stop = true;
	MUST(!pthread_join(thread, NULL));
	put_off = log_has(log, (const char *[]){ bdf, "not removed", NULL });
	close(session);
	close(rig.device);
	close(rig.iommufd);
	co_buffer_close(&rig.buffer);
	MUST(slot_wait_empty(bdf, port));
	close(log);
	slot_plug_edu("rp");
	MUST(slot_wait(bdf, true));
	MUST(slot_wait_on(port));
	return put_off;
}

static int fails(void)
{
	char bdf[CO_BDF_SIZE], last_bdf[CO_BDF_SIZE], port[CO_BDF_SIZE];
	struct rig rig, last;
	int pulls = 0;

	rig_edu(0, bdf);
	rig_edu(1, last_bdf);
	sysfs_parent(bdf, port);
	rig_open(&last, last_bdf, TOKEN + RIG_FILES);
	while (!pull(&last, bdf, port))
		MUST(++pulls < PULLS);
	test_say("I6: removed after the kexec failed, at pull %d", pulls + 1);
	rig_open(&rig, bdf, TOKEN);
	rig_check_dma(&rig);
	return test_result();
}

int main(int argc, char **argv)
{
	MUST(argc == 2);
	if (!strcmp(argv[1], "ends"))
		return ends();
	if (!strcmp(argv[1], "fails"))
		return fails();
	MUST(!strcmp(argv[1], "after"));
	return after();
}
