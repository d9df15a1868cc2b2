// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device of the example service.c: an NVMe disk that always has reads to do. At each
 * beginning it compares all there is to compare, and how far the disk went with nobody there.
 *
 *   t-service BDF   LACKS=1: memory of the device has a name, and is refused
 *                   OPTIONAL=1: the device may be left behind
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "disk.h"
#include "examples/device.h"
#include "harness.h"

#define NAMED		"/dev/shm/named"
#define TAKE_MS		10000
#define NAMED_IOVA	(DEMO_IOVA + (1ull << 30))

static bool is_on(const char *name)
{
	const char *value = getenv(name);

	return value && *value == '1';
}

static unsigned int index_of(const char *bdf)
{
	char found[CO_BDF_SIZE];
	unsigned int index = 0;

	for (;; index++) {
		WORKS(co_pci_find_class(0x010802, index, found));
		if (!strcmp(found, bdf))
			return index;
	}
}

static void map_named(const struct disk *disk)
{
	int fd = open(NAMED, O_RDWR | O_CREAT, 0600);

	MUST(fd >= 0 && !ftruncate(fd, NVME_PAGE));
	WORKS(co_map_file(disk->nvme.iommufd, disk->nvme.ioas, NAMED_IOVA, fd, 0, NVME_PAGE));
	close(fd);
}

int device_start(const char *bdf, int file[FILES])
{
	struct disk disk;

	disk_open_at(&disk, index_of(bdf), -1, 0);
	if (is_on("LACKS"))
		map_named(&disk);
	if (is_on("OPTIONAL"))
		WORKS(co_device_set_optional(disk.nvme.device, true));
	disk_fill(&disk, NVME_MAX_BUSY);
	file[MEMORY] = disk.buffer.fd;
	file[IOMMUFD] = disk.nvme.iommufd;
	file[DEVICE] = disk.nvme.device;
	printf("began\n");
	return test_result();
}

int device_go_on(const int file[FILES])
{
	struct disk disk;
	unsigned int busy, done;

	disk_take_over(&disk, file[MEMORY], file[DEVICE], file[IOMMUFD]);
	disk_check(&disk);
	busy = nvme_busy(disk.nvme.mem);
	done = nvme_waiting(disk.nvme.mem);
	SAME(disk_take(&disk, done, TAKE_MS), done);
	disk_fill(&disk, NVME_MAX_BUSY);
	if (!test_result())
		printf("went on: device %u, IOAS %u, %u of %u reads done with nobody there\n",
		       disk.mem->record.device_id, disk.mem->record.ioas, done, busy);
	return test_result();
}
