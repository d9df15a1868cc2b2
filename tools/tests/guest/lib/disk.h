/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An NVMe disk that reads, for tests that want a device with much to do and
 * something to lose in a reset. The memory is laid out as the demo's.
 *
 * Everything in here ends the program when it fails.
 */
#ifndef DISK_H
#define DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "demo.h"

/**
 * struct disk - an NVMe controller and what belongs to it
 * @nvme: the driver
 * @buffer: the memory, mapped at DEMO_IOVA
 * @mem: the same
 * @own: the iommufd is the disk's own, and carried over with it
 */
struct disk {
	struct nvme nvme;
	struct co_buffer buffer;
	struct demo_mem *mem;
	bool own;
};

/* The first NVMe controller. */
void disk_find(char bdf[CO_BDF_SIZE]);

/* Bring it up; on an iommufd of its own if @iommufd is -1. */
void disk_open(struct disk *disk, int iommufd, uint32_t ioas);

/* The same with the controller of this number, counted from 0. */
void disk_open_at(struct disk *disk, unsigned int index, int iommufd,
		  uint32_t ioas);

/* Submit reads until @busy are on their way. */
void disk_fill(struct disk *disk, unsigned int busy);

/* Take @count completions within @ms; were they right? Returns how many. */
unsigned int disk_take(struct disk *disk, unsigned int count, unsigned int ms);

/* Take all that is on its way. */
void disk_drain(struct disk *disk);

/* Memfd, device and, if it is the disk's own, iommufd: @token and on. */
void disk_preserve(const struct disk *disk, int session, uint64_t token);

/* Only the memory: enough to look at it. */
void disk_retrieve_memory(struct disk *disk, int session, uint64_t token);

/* The rest, and the driver goes on. -1 if the iommufd is the disk's own. */
void disk_retrieve(struct disk *disk, int session, uint64_t token,
		   int iommufd);

/* Drive what somebody else retrieved; the files are the disk's from now on. */
void disk_take_over(struct disk *disk, int memfd, int device, int iommufd);

/* Are IDs and physical addresses what they were, and did nobody reset it? */
void disk_check(const struct disk *disk);

/* Shut down, unmap, detach, close. */
void disk_close(struct disk *disk);

#endif /* DISK_H */
