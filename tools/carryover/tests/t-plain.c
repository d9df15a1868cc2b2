// SPDX-License-Identifier: GPL-2.0-only
/*
 * I8: a kexec without a session stops the devices, as it always did, and the
 * next kernel's own driver has them.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "disk.h"
#include "harness.h"
#include "rig.h"

static int before(bool given_up)
{
	struct disk disk;

	disk_open(&disk, -1, 0);
	disk_fill(&disk, 30);
	if (given_up) {
		int session = rig_session_create("plain");

		disk_preserve(&disk, session, 1);
		close(session);
	}
	CHECK(rig_master(disk.mem->record.bdf));
	rig_linger();
	return test_result();
}

/* Without the driver, so that it shows who turned Bus Master off. */
static int after(void)
{
	char bdf[CO_BDF_SIZE], driver[64];
	int luo = WORKS(co_luo_open());
	struct disk disk;

	FAILS(co_session_retrieve(luo, "plain"), ENOENT);
	disk_find(bdf);
	WORKS(co_pci_driver(bdf, driver, sizeof(driver)));
	CHECK(!*driver);
	CHECK(!rig_master(bdf));
	disk_open(&disk, -1, 0);
	disk_fill(&disk, 4);
	disk_drain(&disk);
	disk_close(&disk);
	return test_result();
}

int main(int argc, char **argv)
{
	MUST(argc > 1);
	if (!strcmp(argv[1], "after"))
		return after();
	return before(!strcmp(argv[1], "given-up"));
}
