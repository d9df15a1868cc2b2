// SPDX-License-Identifier: GPL-2.0-only
/*
 * I8: a kexec without a session stops the devices, as it always did, and the
 * next kernel's own driver has them. So it is after a reboot; a crash kernel
 * finds them running, and takes nothing over.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "disk.h"
#include "harness.h"
#include "rig.h"

static int before(const char *session_is)
{
	struct disk disk;

	disk_open(&disk, -1, 0);
	disk_fill(&disk, 30);
	if (strcmp(session_is, "none")) {
		int session = rig_session_create("plain");

		disk_preserve(&disk, session, 1);
		if (!strcmp(session_is, "given-up"))
			close(session);
	}
	CHECK(rig_master(disk.mem->record.bdf));
	rig_linger();
	return test_result();
}

static void use_disk(void)
{
	struct disk disk;

	disk_open(&disk, -1, 0);
	disk_fill(&disk, 4);
	disk_drain(&disk);
	disk_close(&disk);
}

/* Without the driver, so that it shows who turned Bus Master off. */
static int after(bool stopped)
{
	char bdf[CO_BDF_SIZE], driver[64];
	int luo = WORKS(co_luo_open());

	FAILS(co_session_retrieve(luo, "plain"), ENOENT);
	disk_find(bdf);
	WORKS(co_pci_driver(bdf, driver, sizeof(driver)));
	CHECK(!*driver);
	CHECK(!stopped || !rig_master(bdf));
	use_disk();
	return test_result();
}

/* Nobody stopped the device, as nobody does in the base. */
static int after_crash(void)
{
	char bdf[CO_BDF_SIZE];

	CHECK(!access("/proc/vmcore", F_OK));
	FAILS(co_luo_open(), ENOENT);
	disk_find(bdf);
	CHECK(rig_master(bdf));
	use_disk();
	return test_result();
}

int main(int argc, char **argv)
{
	MUST(argc > 1);
	if (!strcmp(argv[1], "after"))
		return after(true);
	/* The firmware has read the disk. */
	if (!strcmp(argv[1], "rebooted"))
		return after(false);
	if (!strcmp(argv[1], "crashed"))
		return after_crash();
	return before(argv[1]);
}
