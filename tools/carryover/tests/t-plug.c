// SPDX-License-Identifier: GPL-2.0-only
/*
 * I1, I4: an edu device in a hotplug slot that is carried over, and somebody at
 * the slot. "before" preserves it; "before slot" tries to turn its slot off then.
 *
 *   carried   nothing happens
 *   slot      its slot can't be turned off while it is nobody's
 *   stranger  it is pulled out, a disk is plugged there, and FINISH leaves that
 *             one alone
 *   gone      it is pulled out, the port's driver goes, then FINISH
 *   same      it is pulled out and one like it is plugged: that one does not run
 *   port      the driver of the port above is unbound and bound: the device's
 *             writes were lost meanwhile, so it is refused
 *   given-up  FINISH without claiming: ports are free, nobody gets the device
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/pci_regs.h>

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
	rig_check(&rig);
	rig_session_finish(session);
	rig_check_dma(&rig);
	rig_close(&rig);
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

static void pull(const char *bdf, const char *port)
{
	slot_pull(port);
	MUST(slot_wait(bdf, false));
}

static void read_disk(unsigned int block)
{
	void *buffer = aligned_alloc(BLOCK, BLOCK);
	int fd = open(DISK, O_RDONLY | O_DIRECT | O_CLOEXEC);

	MUST(fd >= 0 && buffer);
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
	MUST(slot_wait_file(DISK));
	CHECK(slot_driver(bdf, "nvme"));
	read_disk(0);
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
	int session = rig_session_retrieve(SESSION);

	pull(bdf, port);
	WORKS(file_write("/sys/bus/pci/drivers/pcieport/unbind", port));
	rig_session_finish(session);
}

static void same(const char *bdf, const char *port)
{
	int session = rig_session_retrieve(SESSION);

	pull(bdf, port);
	slot_monitor("device_add edu,bus=rp");
	MUST(slot_wait(bdf, true));
	CHECK(!rig_master(bdf));
	FAILS(co_session_retrieve_fd(session, TOKEN + RIG_VFIO), ENXIO);
	rig_session_finish(session);
	CHECK(!rig_master(bdf));
}

static void port_driver(const char *bdf, const char *port)
{
	int session = rig_session_retrieve(SESSION);

	WORKS(file_write("/sys/bus/pci/drivers/pcieport/unbind", port));
	WORKS(file_write("/sys/bus/pci/drivers/pcieport/bind", port));
	CHECK(rig_master(bdf));
	FAILS(co_session_retrieve_fd(session, TOKEN + RIG_VFIO), ENXIO);
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
	if (!strcmp(argv[1], "before"))
		return before(argc > 2);
	return after(argv[1]);
}
