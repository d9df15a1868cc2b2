// SPDX-License-Identifier: GPL-2.0-only
/* An NVMe disk that reads. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "disk.h"
#include "harness.h"

#define NVME_CLASS	0x010802
#define PAGES		(DEMO_SIZE / NVME_PAGE)

/* All there can be to do, at one command a second. */
#define LIMIT_MS	90000

/* Of the disk's files: the memfd is the first one. */
#define VFIO		1
#define IOMMUFD		2

void disk_find(char bdf[CO_BDF_SIZE])
{
	WORKS(co_pci_find_class(NVME_CLASS, 0, bdf));
}

static void point(struct disk *disk)
{
	disk->mem = disk->buffer.mem;
	disk->nvme.mem = &disk->mem->nvme;
	disk->nvme.iova = DEMO_IOVA + offsetof(struct demo_mem, nvme);
}

static void open_iommufd(struct disk *disk, int iommufd, uint32_t ioas)
{
	disk->own = iommufd < 0;
	disk->nvme.iommufd = iommufd;
	disk->nvme.ioas = ioas;
	if (disk->own) {
		disk->nvme.iommufd = WORKS(co_iommufd_open());
		WORKS(co_ioas_alloc(disk->nvme.iommufd, &disk->nvme.ioas));
	}
	disk->mem->record.ioas = disk->nvme.ioas;
}

static void open_device(struct disk *disk, unsigned int index)
{
	struct demo_record *record = &disk->mem->record;

	WORKS(co_pci_find_class(NVME_CLASS, index, record->bdf));
	WORKS(co_pci_bind(record->bdf, "vfio-pci"));
	disk->nvme.device = WORKS(co_device_open(record->bdf));
	WORKS(co_device_bind(disk->nvme.device, disk->nvme.iommufd,
			     &record->device_id));
	record->hwpt = record->ioas;
	WORKS(co_device_attach(disk->nvme.device, &record->hwpt));
}

static void map(struct disk *disk)
{
	struct demo_record *record = &disk->mem->record;

	WORKS(co_map_file(disk->nvme.iommufd, disk->nvme.ioas, DEMO_IOVA,
			  disk->buffer.fd, 0, DEMO_SIZE));
	record->runs = WORKS(co_pa_runs(disk->nvme.iommufd, disk->nvme.ioas,
					DEMO_IOVA, DEMO_SIZE, record->run,
					PAGES));
}

void disk_open(struct disk *disk, int iommufd, uint32_t ioas)
{
	disk_open_at(disk, 0, iommufd, ioas);
}

void disk_open_at(struct disk *disk, unsigned int index, int iommufd,
		  uint32_t ioas)
{
	WORKS(co_buffer_create(&disk->buffer, "disk", DEMO_SIZE, false));
	point(disk);
	open_iommufd(disk, iommufd, ioas);
	open_device(disk, index);
	map(disk);
	MUST(!nvme_start(&disk->nvme));
	disk->mem->record.magic = DEMO_MAGIC;
}

static bool is_busy(const struct nvme_mem *mem, unsigned int number)
{
	for (unsigned int slot = 0; slot < NVME_DEPTH; slot++)
		if (mem->command[slot].busy &&
		    mem->command[slot].iova == demo_data_iova(number))
			return true;
	return false;
}

/* The old data goes, so that it cannot be taken for the new. */
void disk_fill(struct disk *disk, unsigned int busy)
{
	for (unsigned int i = 0; nvme_busy(disk->nvme.mem) < busy; i++) {
		MUST(i < DEMO_BUFFERS);
		if (is_busy(disk->nvme.mem, i))
			continue;
		memset(disk->mem->data[i], 0, DEMO_BUFFER);
		MUST(demo_read(&disk->nvme, i) >= 0);
	}
}

static void take(const struct nvme_done *done, void *disk)
{
	CHECK(demo_data_ok(((struct disk *)disk)->mem, done));
}

unsigned int disk_take(struct disk *disk, unsigned int count, unsigned int ms)
{
	int ret = demo_reap(&disk->nvme, count, ms, take, disk);

	MUST(ret >= 0);
	return ret;
}

void disk_drain(struct disk *disk)
{
	unsigned int busy = nvme_busy(disk->nvme.mem);

	SAME(disk_take(disk, busy, LIMIT_MS), busy);
	SAME(disk->nvme.mem->completed, disk->nvme.mem->submitted);
}

void disk_preserve(const struct disk *disk, int session, uint64_t token)
{
	WORKS(co_session_preserve(session, disk->buffer.fd, token));
	WORKS(co_session_preserve(session, disk->nvme.device, token + VFIO));
	if (disk->own)
		WORKS(co_session_preserve(session, disk->nvme.iommufd,
					  token + IOMMUFD));
}

void disk_retrieve_memory(struct disk *disk, int session, uint64_t token)
{
	int fd = WORKS(co_session_retrieve_fd(session, token));

	WORKS(co_buffer_open(&disk->buffer, fd));
	point(disk);
	MUST(disk->mem->record.magic == DEMO_MAGIC);
}

void disk_retrieve(struct disk *disk, int session, uint64_t token, int iommufd)
{
	disk_retrieve_memory(disk, session, token);
	WORKS(co_pci_bind(disk->mem->record.bdf, "vfio-pci"));
	disk->nvme.device = WORKS(co_session_retrieve_fd(session,
							 token + VFIO));
	disk->own = iommufd < 0;
	if (disk->own)
		iommufd = WORKS(co_session_retrieve_fd(session,
						       token + IOMMUFD));
	disk->nvme.iommufd = iommufd;
	disk->nvme.ioas = disk->mem->record.ioas;
	MUST(!nvme_resume(&disk->nvme));
}

void disk_take_over(struct disk *disk, int memfd, int device, int iommufd)
{
	WORKS(co_buffer_open(&disk->buffer, memfd));
	point(disk);
	MUST(disk->mem->record.magic == DEMO_MAGIC);
	disk->nvme.device = device;
	disk->nvme.iommufd = iommufd;
	disk->nvme.ioas = disk->mem->record.ioas;
	disk->own = true;
	MUST(!nvme_resume(&disk->nvme));
}

static void check_runs(const struct disk *disk)
{
	static struct co_run run[PAGES];
	const struct demo_record *record = &disk->mem->record;
	int runs = WORKS(co_pa_runs(disk->nvme.iommufd, record->ioas,
				    DEMO_IOVA, DEMO_SIZE, run, PAGES));

	SAME(runs, record->runs);
	CHECK(!memcmp(run, record->run, runs * sizeof(run[0])));
}

void disk_check(const struct disk *disk)
{
	const struct demo_record *record = &disk->mem->record;
	uint32_t hwpt = record->hwpt;

	check_runs(disk);
	FAILS(co_iommufd_destroy(disk->nvme.iommufd, record->device_id),
	      EBUSY);
	FAILS(co_iommufd_destroy(disk->nvme.iommufd, hwpt), EBUSY);
	WORKS(co_device_attach(disk->nvme.device, &hwpt));
	SAME(hwpt, record->hwpt);
	SAME(co_bus_master_get(disk->nvme.device), 1);
	SAME(nvme_status(&disk->nvme), 1);
}

void disk_close(struct disk *disk)
{
	MUST(!nvme_stop(&disk->nvme));
	WORKS(co_unmap(disk->nvme.iommufd, disk->nvme.ioas, DEMO_IOVA,
		       DEMO_SIZE));
	WORKS(co_device_detach(disk->nvme.device));
	close(disk->nvme.device);
	if (disk->own) {
		WORKS(co_iommufd_destroy(disk->nvme.iommufd, disk->nvme.ioas));
		close(disk->nvme.iommufd);
	}
	co_buffer_close(&disk->buffer);
}
