// SPDX-License-Identifier: GPL-2.0-only
/*
 * A disk and an edu device in one session.
 *
 *   one   both on one iommufd and in one address space, two memfds
 *   ioas  both on one iommufd, an address space each
 *   two   an iommufd each
 */
#include <string.h>
#include <unistd.h>

#include "disk.h"
#include "harness.h"
#include "rig.h"

#define RIG_TOKEN	10
#define DISK_TOKEN	20
#define BUSY		40u

static int iommufd_for_disk(const char *mode, const struct rig *rig)
{
	return strcmp(mode, "two") ? rig->iommufd : -1;
}

static uint32_t ioas_for_disk(const char *mode, const struct rig *rig)
{
	uint32_t ioas = rig->note->ioas;

	if (!strcmp(mode, "ioas"))
		WORKS(co_ioas_alloc(rig->iommufd, &ioas));
	return ioas;
}

/* In one address space one page table does for both. */
static void check_shared(const char *mode, const struct rig *rig,
			 const struct disk *disk)
{
	uint32_t hwpt = disk->mem->record.hwpt;

	CHECK(rig->note->device_id != disk->mem->record.device_id ||
	      disk->own);
	if (!strcmp(mode, "one"))
		SAME(hwpt, rig->note->hwpt);
	if (!strcmp(mode, "ioas"))
		CHECK(hwpt != rig->note->hwpt);
}

static int before(const char *mode)
{
	int session = rig_session_create("two-devices");
	char bdf[CO_BDF_SIZE];
	struct disk disk;
	struct rig rig;

	rig_edu(0, bdf);
	rig_open(&rig, bdf, RIG_TOKEN);
	disk_open(&disk, iommufd_for_disk(mode, &rig),
		  ioas_for_disk(mode, &rig));
	check_shared(mode, &rig, &disk);
	rig_check_dma(&rig);
	disk_fill(&disk, BUSY);
	rig_preserve(&rig, session);
	disk_preserve(&disk, session, DISK_TOKEN);
	rig_linger();
	return test_result();
}

static int after(const char *mode)
{
	int session = rig_session_retrieve("two-devices");
	struct disk disk;
	struct rig rig;

	rig_retrieve(&rig, session, RIG_TOKEN);
	disk_retrieve(&disk, session, DISK_TOKEN,
		      iommufd_for_disk(mode, &rig));
	rig_check(&rig);
	disk_check(&disk);
	check_shared(mode, &rig, &disk);
	CHECK(nvme_waiting(disk.nvme.mem) > 0);
	disk_fill(&disk, BUSY + 1);
	rig_check_dma(&rig);
	rig_session_finish(session);
	disk_drain(&disk);
	rig_check_dma(&rig);
	disk_close(&disk);
	rig_check_dma(&rig);
	if (!strcmp(mode, "ioas"))
		WORKS(co_iommufd_destroy(rig.iommufd, disk.nvme.ioas));
	rig_close(&rig);
	return test_result();
}

int main(int argc, char **argv)
{
	MUST(argc == 3);
	return strcmp(argv[1], "after") ? before(argv[2]) : after(argv[2]);
}
