// SPDX-License-Identifier: GPL-2.0-only
/*
 * A live update goes on without an optional device that it can't carry (I1): the
 * device is stopped, its neighbour in the same session is not. One that fails all
 * the same leaves everything as it was (I6).
 *
 *   before WHAT   two devices, of which the second lacks WHAT: its iommufd, or the
 *                 memfd that is mapped, which its iommufd lacks
 *   before whole  it lacked something when a kexec failed for another reason, and
 *                 does not any more
 *   after WHAT    the next kernel
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/reboot.h>
#include <linux/vfio_liveupdate.h>

#include "harness.h"
#include "helpers.h"
#include "log.h"
#include "rig.h"
#include "sysfs.h"

#define SESSION	"store"
#define FIRST	1
#define SECOND	11
#define THIRD	21

static void kexec_fails(int err)
{
	SAME(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		     LINUX_REBOOT_CMD_KEXEC, NULL), -1);
	SAME(errno, err);
}

static void kexec_works(void)
{
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		LINUX_REBOOT_CMD_KEXEC, NULL);
	MUST(!"a kexec");
}

static uint32_t flags_of(int device)
{
	uint32_t flags;

	WORKS(co_device_liveupdate(device, &flags, NULL));
	return flags;
}

static void set_optional(const struct rig *rig, bool optional)
{
	WORKS(co_device_set_optional(rig->device, optional));
	SAME(!!(flags_of(rig->device) & VFIO_LIVEUPDATE_OPTIONAL), optional);
}

static void open_rig(struct rig *rig, unsigned int index, uint64_t token)
{
	char bdf[CO_BDF_SIZE];

	rig_edu(index, bdf);
	rig_open(rig, bdf, token);
}

/* Put into the session before what it lacks, and before the one that is whole. */
static void preserve_second(const struct rig *rig, int session, const char *lacks)
{
	rig_preserve_one(rig, session, RIG_VFIO);
	if (!strcmp(lacks, "memfd"))
		rig_preserve_one(rig, session, RIG_IOMMUFD);
}

static int before(const char *lacks)
{
	int session = rig_session_create(SESSION);
	struct rig first, second;

	open_rig(&first, 0, FIRST);
	open_rig(&second, 1, SECOND);
	FAILS(co_device_set_optional(first.iommufd, true), ENOTTY);
	FAILS(co_device_liveupdate(first.iommufd, NULL, NULL), ENOTTY);
	preserve_second(&second, session, lacks);
	rig_preserve(&first, session);
	test_say("I6: without being asked nothing is left behind");
	kexec_fails(ENOENT);
	set_optional(&second, true);
	set_optional(&second, false);
	kexec_fails(ENOENT);
	set_optional(&second, true);
	kexec_works();
	return test_result();
}

/* The third one is not optional and lacks its iommufd. */
static int before_whole(void)
{
	int session = rig_session_create(SESSION), log = log_open();
	struct rig first, second, third;

	open_rig(&first, 0, FIRST);
	open_rig(&second, 1, SECOND);
	open_rig(&third, 2, THIRD);
	rig_preserve(&first, session);
	preserve_second(&second, session, "memfd");
	rig_preserve_one(&third, session, RIG_VFIO);
	set_optional(&second, true);
	kexec_fails(ENOENT);
	CHECK(log_has(log, (const char *[]){ SESSION, "is optional", NULL }));
	test_say("I6: what a failed kexec would have left behind is still there");
	FAILS(co_session_preserve(session, second.device, 99), EBUSY);
	rig_preserve_one(&second, session, RIG_MEMFD);
	rig_preserve_one(&third, session, RIG_IOMMUFD);
	rig_preserve_one(&third, session, RIG_MEMFD);
	kexec_works();
	return test_result();
}

static void goes_on(int session, uint64_t token)
{
	struct rig rig;

	rig_retrieve(&rig, session, token);
	CHECK(rig_master(rig.note->bdf));
	CHECK(!(flags_of(rig.device) & VFIO_LIVEUPDATE_OPTIONAL));
	rig_check(&rig);
	rig_check_dma(&rig);
}

static int after(const char *lacks)
{
	int session = rig_session_retrieve(SESSION), log = log_open();
	bool memfd = !strcmp(lacks, "memfd");
	char bdf[CO_BDF_SIZE];
	struct rig rig;

	rig_edu(1, bdf);
	test_say("I1: a device that was left behind is stopped");
	CHECK(!rig_master(bdf));
	FAILS(co_session_retrieve_fd(session, SECOND + RIG_VFIO), ENODATA);
	CHECK(log_has(log, (const char *[]){ SESSION, "was dropped", NULL }));
	FAILS(co_session_retrieve_fd(session, SECOND + RIG_IOMMUFD),
	      memfd ? ENODATA : ENOENT);
	goes_on(session, FIRST);
	rig_session_finish(session);
	rig_open(&rig, bdf, SECOND);
	rig_check_dma(&rig);
	return test_result();
}

static int after_whole(void)
{
	int session = rig_session_retrieve(SESSION);

	goes_on(session, FIRST);
	goes_on(session, SECOND);
	goes_on(session, THIRD);
	rig_session_finish(session);
	return test_result();
}

int main(int argc, char **argv)
{
	MUST(argc == 3);
	if (!strcmp(argv[2], "whole"))
		return strcmp(argv[1], "before") ? after_whole() : before_whole();
	return strcmp(argv[1], "before") ? after(argv[2]) : before(argv[2]);
}
