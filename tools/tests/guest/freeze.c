// SPDX-License-Identifier: GPL-2.0-only
/*
 * A session in which something is missing fails at the last moment, in
 * reboot(), and nothing has happened: the device works, the session is still
 * there, and with the missing file in it the next reboot() goes through.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/reboot.h>

#include "edu.h"
#include "harness.h"
#include "rig.h"

#define SPARE_IOVA (RIG_IOVA + (16u << 20))

static void kexec_fails(const char *without)
{
	long ret = syscall(SYS_reboot, LINUX_REBOOT_MAGIC1,
			   LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC, NULL);

	int error = errno;

	test_say("reboot() without %s: %s", without, strerror(error));
	CHECK(ret < 0);
	errno = error;
}

/* The session goes on, so what is in it stays shut; the device works. */
static void still_preserved(const struct rig *rig)
{
	uint32_t hwpt = rig->note->hwpt;

	FAILS(co_device_attach(rig->device, &hwpt), EBUSY);
	SAME(co_bus_master_get(rig->device), 1);
	rig_check_dma(rig);
}

static int before(void)
{
	int session = rig_session_create("freeze");
	char bdf[CO_BDF_SIZE];
	struct rig rig;

	rig_edu(0, bdf);
	rig_open(&rig, bdf, 1);
	rig_preserve_one(&rig, session, RIG_VFIO);
	kexec_fails("iommufd");
	still_preserved(&rig);
	rig_preserve_one(&rig, session, RIG_IOMMUFD);
	kexec_fails("memfd");
	still_preserved(&rig);
	FAILS(co_map_file(rig.iommufd, rig.note->ioas, SPARE_IOVA,
			  rig.buffer.fd, 0, RIG_PAGE), EBUSY);
	rig_preserve_one(&rig, session, RIG_MEMFD);
	rig_linger();
	return test_result();
}

/*
 * An image that was loaded by kexec_load() brings no KHO data, so its kernel
 * would take the device's memory for free.
 */
static int without_kho(const char *image)
{
	int session = rig_session_create("freeze");
	char bdf[CO_BDF_SIZE], command[256];
	struct rig rig;

	rig_edu(0, bdf);
	rig_open(&rig, bdf, 1);
	rig_preserve(&rig, session);
	snprintf(command, sizeof(command),
		 "kexec -u && kexec -c -l %s --reuse-cmdline", image);
	MUST(!system(command));
	kexec_fails("KHO data");
	SAME(errno, ENOEXEC);
	still_preserved(&rig);
	close(session);
	rig_check(&rig);
	rig_check_dma(&rig);
	rig_close(&rig);
	return test_result();
}

static int after(void)
{
	int session = rig_session_retrieve("freeze");
	struct rig rig;

	rig_retrieve(&rig, session, 1);
	rig_live_on(&rig, session);
	return test_result();
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "without-kho"))
		return without_kho(argv[2]);
	return argc > 1 && !strcmp(argv[1], "after") ? after() : before();
}
