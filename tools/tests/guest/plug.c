// SPDX-License-Identifier: GPL-2.0-only
/*
 * I1, I4: an edu device in a hotplug slot that is carried over, and somebody at
 * the slot. "before" preserves it; "before slot" tries to turn its slot off then;
 * "before pulled" (I6) has it pulled out then, and another one plugged in; so has
 * "before pulled optional", with a device that may be left behind.
 *
 *   carried   nothing happens
 *   slot      its slot can't be turned off while it is unclaimed
 *   stranger  it is pulled out, a disk is plugged there, and FINISH leaves that
 *             one alone
 *   gone      it is pulled out, then FINISH, then the port's driver goes
 *   same      it is pulled out and one like it is plugged: that one does not run
 *   port      the driver of the port above can't be unbound; when somebody else
 *             has turned the port off, the device's writes were lost, so it is
 *             refused
 *   given-up  FINISH without claiming: ports are free, nobody gets the device
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/reboot.h>

#include "edu.h"
#include "harness.h"
#include "helpers.h"
#include "log.h"
#include "rig.h"
#include "slot.h"
#include "sysfs.h"

#define SESSION		"plug"
#define TOKEN		1
#define SLOT		1
#define DISK		"/dev/nvme0n1"
#define BLOCK		4096
#define DISK_MS		20000u
#define STEP_MS		20u
#define PORT_DRIVER	"/sys/bus/pci/drivers/pcieport"

static void pull(const char *bdf, const char *port)
{
	slot_pull(port);
	MUST(slot_wait_empty(bdf, port));
}

static void kexec_fails(const char *bdf)
{
	int log = log_open();

	CHECK(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		      LINUX_REBOOT_CMD_KEXEC, NULL) < 0);
	SAME(errno, EBUSY);
	CHECK(log_has(log, (const char *[]){ bdf, "pulled out", NULL }));
	close(log);
}

/* Its driver waits for the session, and reboot() does not wait for the driver. */
static int pulled(bool optional)
{
	int session = rig_session_create(SESSION);
	char bdf[CO_BDF_SIZE], port[CO_BDF_SIZE];
	struct rig rig;

	rig_edu(0, bdf);
	sysfs_parent(bdf, port);
	rig_open(&rig, bdf, TOKEN);
	rig_preserve(&rig, session);
	if (optional)
		WORKS(co_device_set_optional(rig.device, true));
	slot_pull(port);
	MUST(slot_wait_leaving(bdf));
	test_say("I6: kexec while a preserved device is pulled out");
	kexec_fails(bdf);
	SAME(sysfs_present(bdf), 0);
	close(session);
	close(rig.device);
	close(rig.iommufd);
	MUST(slot_wait_empty(bdf, port));
	slot_plug_edu("rp");
	MUST(slot_wait_on(port));
	rig_open(&rig, bdf, TOKEN);
	rig_check_dma(&rig);
	return test_result();
}

static int before(bool slot)
{
	int session = rig_session_create(SESSION);
	char bdf[CO_BDF_SIZE];
	struct rig rig;

	rig_edu(0, bdf);
	rig_open(&rig, bdf, TOKEN);
	rig_preserve(&rig, session);
	if (slot) {
		SAME(slot_power(SLOT, false), -EBUSY);
		SAME(sysfs_present(bdf), 0);
		CHECK(rig_master(bdf));
	}
	rig_linger();
	return test_result();
}

static void carry_on(int session)
{
	struct rig rig;

	rig_retrieve(&rig, session, TOKEN);
	rig_live_on(&rig, session);
}

static void carried(const char *bdf)
{
	CHECK(rig_master(bdf));
	carry_on(rig_session_retrieve(SESSION));
}

static void slot(const char *bdf)
{
	SAME(slot_power(SLOT, false), -EBUSY);
	SAME(sysfs_write(bdf, "remove", "1"), -EBUSY);
	CHECK(rig_master(bdf));
	carry_on(rig_session_retrieve(SESSION));
}

/* Its node is there before the disk can be opened. */
static int open_disk(void)
{
	int fd;

	for (unsigned int ms = 0; ms < DISK_MS; ms += STEP_MS) {
		fd = open(DISK, O_RDONLY | O_DIRECT | O_CLOEXEC);
		if (fd >= 0)
			return fd;
		MUST(errno == ENOENT || errno == ENXIO);
		rig_sleep_ms(STEP_MS);
	}
	MUST(!"a disk");
	return -1;
}

static void read_disk(unsigned int block)
{
	void *buffer = aligned_alloc(BLOCK, BLOCK);
	int fd = open_disk();

	MUST(buffer);
	SAME(pread(fd, buffer, BLOCK, (off_t)block * BLOCK), BLOCK);
	close(fd);
	free(buffer);
}

static void stranger(const char *bdf, const char *port)
{
	int session = rig_session_retrieve(SESSION);
	uint16_t command, now;

	pull(bdf, port);
	slot_monitor("device_add nvme,bus=rp,drive=spare,serial=spare");
	read_disk(0);
	CHECK(slot_driver(bdf, "nvme"));
	FAILS(co_session_retrieve_fd(session, TOKEN + RIG_VFIO), ENXIO);
	WORKS(co_pci_config_read16(bdf, PCI_COMMAND, &command));
	CHECK(command & PCI_COMMAND_MASTER);
	rig_session_finish(session);
	WORKS(co_pci_config_read16(bdf, PCI_COMMAND, &now));
	SAME(now, command);
	CHECK(slot_driver(bdf, "nvme"));
	read_disk(1);
}

static void gone(const char *bdf, const char *port)
{
	int session = rig_session_retrieve(SESSION), log = log_open();

	pull(bdf, port);
	FAILS(co_session_retrieve_fd(session, TOKEN + RIG_VFIO), ENODEV);
	CHECK(log_has(log, (const char *[]){ bdf, "is not there", NULL }));
	close(log);
	rig_session_finish(session);
	SAME(file_write(PORT_DRIVER "/unbind", port), 0);
}

static void same(const char *bdf, const char *port)
{
	int session = rig_session_retrieve(SESSION);

	pull(bdf, port);
	slot_plug_edu("rp");
	MUST(slot_wait(bdf, true));
	CHECK(!rig_master(bdf));
	FAILS(co_session_retrieve_fd(session, TOKEN + RIG_VFIO), ENXIO);
	rig_session_finish(session);
	CHECK(!rig_master(bdf));
}

static void port_driver(const char *bdf, const char *port)
{
	int session = rig_session_retrieve(SESSION), log = log_open();
	uint16_t command;

	SAME(file_write(PORT_DRIVER "/unbind", port), -EBUSY);
	WORKS(co_pci_config_read16(port, PCI_COMMAND, &command));
	CHECK(command & PCI_COMMAND_MASTER);
	slot_config(port, PCI_COMMAND, command & ~PCI_COMMAND_MASTER);
	CHECK(rig_master(bdf));
	FAILS(co_session_retrieve_fd(session, TOKEN + RIG_VFIO), ENXIO);
	CHECK(log_has(log, (const char *[]){ port, "stopped on the way", NULL }));
	close(log);
	rig_session_finish(session);
	CHECK(!rig_master(bdf));
}

static void given_up(const char *bdf, const char *port)
{
	int session = rig_session_retrieve(SESSION);

	CHECK(rig_master(bdf));
	SAME(sysfs_write(port, "reset_subordinate", "1"), -EBUSY);
	rig_session_finish(session);
	CHECK(!rig_master(bdf));
	SAME(sysfs_write(port, "reset_subordinate", "1"), 0);
}

static int after(const char *mode)
{
	char bdf[CO_BDF_SIZE], port[CO_BDF_SIZE];

	rig_edu(0, bdf);
	sysfs_parent(bdf, port);
	if (!strcmp(mode, "carried"))
		carried(bdf);
	else if (!strcmp(mode, "slot"))
		slot(bdf);
	else if (!strcmp(mode, "stranger"))
		stranger(bdf, port);
	else if (!strcmp(mode, "gone"))
		gone(bdf, port);
	else if (!strcmp(mode, "same"))
		same(bdf, port);
	else if (!strcmp(mode, "port"))
		port_driver(bdf, port);
	else if (!strcmp(mode, "given-up"))
		given_up(bdf, port);
	else
		MUST(!"a mode that is known");
	return test_result();
}

int main(int argc, char **argv)
{
	MUST(argc >= 2);
	if (argc > 2 && !strcmp(argv[2], "pulled"))
		return pulled(argc > 3);
	if (!strcmp(argv[1], "before"))
		return before(argc > 2);
	return after(argv[1]);
}
