// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that can't be had yet can be had later (invariants I1, I4): a
 * retrieve that fails for what somebody can mend says for what, and leaves the
 * device running, nobody's, and its ID in the iommufd to itself.
 *
 *   before
 *   after
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "process-limits.h"
#include "log.h"
#include "rig.h"
#include "sysfs.h"

#define TOKEN		1
#define SOME		8u
#define BINDS		400u
#define UNBIND		"/sys/bus/pci/drivers/vfio-pci/unbind"

static int session;
static char bdf[CO_BDF_SIZE];

static int before(void)
{
	struct rig rig;

	rig_edu(0, bdf);
	rig_open(&rig, bdf, TOKEN);
	rig_preserve(&rig, rig_session_create("retry"));
	rig_linger();
	return test_result();
}

/* Refused, and nothing has happened to the device. */
static void refused(int error, const char *why)
{
	int log = log_open();

	FAILS(co_session_retrieve_fd(session, TOKEN + RIG_VFIO), error);
	CHECK(log_has(log, (const char *[]){ bdf, why, NULL }));
	CHECK(rig_master(bdf));
	close(log);
}

/* The same, as a child that lacks something. */
static void refused_child(void (*lose)(void), int error, const char *why)
{
	pid_t child = fork();
	int status;

	MUST(child >= 0);
	if (!child) {
		lose();
		refused(error, why);
		_exit(test_result());
	}
	MUST(waitpid(child, &status, 0) == child);
	SAME(status, 0);
}

static void not_bound(void)
{
	test_say("I4: the device is not bound yet");
	MUST(!file_write(UNBIND, bdf));
	refused(ENODEV, "not bound to vfio-pci");
	refused(ENODEV, "not bound to vfio-pci");
	WORKS(co_pci_bind(bdf, "vfio-pci"));
}

static void little_memory(void)
{
	limits_memlock(RIG_SIZE / 2);
}

static void id_is_kept(struct rig *rig)
{
	uint32_t ioas[SOME];

	test_say("I2: the device's ID is kept for it");
	rig_retrieve_one(rig, session, RIG_MEMFD);
	rig_retrieve_one(rig, session, RIG_IOMMUFD);
	for (unsigned int i = 0; i < SOME; i++) {
		WORKS(co_ioas_alloc(rig->iommufd, &ioas[i]));
		CHECK(ioas[i] != rig->note->device_id);
	}
	for (unsigned int i = 0; i < SOME; i++)
		WORKS(co_iommufd_destroy(rig->iommufd, ioas[i]));
}

static char group[64];
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;
static bool stop;
static int opened = -1;

static void *open_group(void *unused)
{
	bool done = false;

	while (!done) {
		pthread_mutex_lock(&opening);
		if (opened < 0 && !stop)
			opened = open(group, O_RDWR | O_CLOEXEC);
		done = stop;
		pthread_mutex_unlock(&opening);
		sched_yield();
	}
	return unused;
}

/* The group of before, which goes with the driver. */
static void close_old_group(void)
{
	pthread_mutex_lock(&opening);
	if (opened >= 0)
		close(opened);
	opened = -1;
	pthread_mutex_unlock(&opening);
}

static bool is_opened(void)
{
	bool is;

	pthread_mutex_lock(&opening);
	is = opened >= 0;
	pthread_mutex_unlock(&opening);
	return is;
}

/* Between its appearance and the driver's call that makes it the device's. */
static void group_opened(void)
{
	pthread_t thread;
	unsigned int i;

	test_say("I4: somebody has the device's group open");
	MUST(!sysfs_group(bdf, group, sizeof(group)));
	MUST(!pthread_create(&thread, NULL, open_group, NULL));
	for (i = 0; i < BINDS && !is_opened(); i++) {
		MUST(!file_write(UNBIND, bdf));
		close_old_group();
		WORKS(co_pci_bind(bdf, "vfio-pci"));
	}
	pthread_mutex_lock(&opening);
	stop = true;
	pthread_mutex_unlock(&opening);
	MUST(!pthread_join(thread, NULL));
	test_say("opened after binding it %u times", i);
	MUST(opened >= 0);
	refused(EBUSY, "its group is open");
	close(opened);
}

static int after(void)
{
	struct rig rig = { .token = TOKEN };
	int luo = WORKS(co_luo_open());

	session = WORKS(co_session_retrieve(luo, "retry"));
	close(luo);
	rig_edu(0, bdf);
	not_bound();
	test_say("I4: who asks has no CAP_SYS_RAWIO");
	refused_child(limits_raw_io, EPERM, "CAP_SYS_RAWIO");
	test_say("I4: who asks may lock too little memory");
	refused_child(little_memory, ENOMEM, "its iommufd");
	id_is_kept(&rig);
	group_opened();
	rig_retrieve_one(&rig, session, RIG_VFIO);
	rig_live_on(&rig, session);
	return test_result();
}

int main(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[1], "after") ? after() : before();
}
