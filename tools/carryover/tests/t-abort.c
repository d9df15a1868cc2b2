// SPDX-License-Identifier: GPL-2.0-only
/*
 * A session that is given up, and what is shut while it lasts.
 *
 * While preserved: nothing can be changed, everything can be asked, the device
 * works. After the session is closed all is as before. The second session is
 * carried over.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "edu.h"
#include "harness.h"
#include "rig.h"

#define SPARE_IOVA (RIG_IOVA + (16u << 20))

/* A second address space and a second device, not attached to anything. */
struct spare {
	uint32_t ioas;
	int device;
};

static void open_spare(const struct rig *rig, struct spare *spare)
{
	char bdf[CO_BDF_SIZE];

	WORKS(co_ioas_alloc(rig->iommufd, &spare->ioas));
	rig_edu(1, bdf);
	WORKS(co_pci_bind(bdf, "vfio-pci"));
	spare->device = WORKS(co_device_open(bdf));
}

static void mappings_are_shut(const struct rig *rig, const struct spare *spare)
{
	const struct iommu_iova_range all = { .last = ~0ull };
	int fd = rig->iommufd;
	uint32_t ioas = rig->note->ioas;

	FAILS(co_map(fd, ioas, SPARE_IOVA, rig->data, RIG_PAGE), EBUSY);
	FAILS(co_map_file(fd, ioas, SPARE_IOVA, rig->buffer.fd, 0, RIG_PAGE),
	      EBUSY);
	FAILS(co_map_file(fd, spare->ioas, SPARE_IOVA, rig->buffer.fd, 0,
			  RIG_PAGE), EBUSY);
	FAILS(co_unmap(fd, ioas, RIG_IOVA, RIG_SIZE), EBUSY);
	FAILS(co_unmap(fd, ioas, 0, ~0ull), EBUSY);
	FAILS(co_ioas_allow(fd, ioas, &all, 1), EBUSY);
	FAILS(co_option_set(fd, ioas, IOMMU_OPTION_HUGE_PAGES, 0), EBUSY);
	CHECK(fallocate(rig->buffer.fd, FALLOC_FL_PUNCH_HOLE |
			FALLOC_FL_KEEP_SIZE, RIG_DATA, RIG_PAGE) < 0);
}

static void objects_are_shut(const struct rig *rig, const struct spare *spare)
{
	uint32_t id = spare->ioas;

	FAILS(co_device_attach(rig->device, &id), EBUSY);
	FAILS(co_device_detach(rig->device), EBUSY);
	FAILS(co_device_bind(spare->device, rig->iommufd, &id), EBUSY);
	FAILS(co_hwpt_alloc(rig->iommufd, rig->note->device_id,
			    rig->note->ioas, &id), EBUSY);
	FAILS(co_iommufd_destroy(rig->iommufd, spare->ioas), EBUSY);
	FAILS(co_iommufd_destroy(rig->iommufd, rig->note->ioas), EBUSY);
}

static void questions_are_answered(const struct rig *rig)
{
	struct iommu_iova_range range[8];
	uint32_t count = 8;
	uint64_t value;

	WORKS(co_ioas_ranges(rig->iommufd, rig->note->ioas, range, &count));
	WORKS(co_option_get(rig->iommufd, rig->note->ioas,
			    IOMMU_OPTION_HUGE_PAGES, &value));
	SAME(value, 1);
	SAME(rig_pa(rig, 0), rig_pagemap(rig->data));
	rig_check_dma(rig);
}

/* Everything that was shut works again; leaves things as they were. */
static void all_is_open(struct rig *rig, struct spare *spare)
{
	uint32_t hwpt = rig->note->ioas, id;
	int fd = rig->iommufd;

	WORKS(co_map_file(fd, rig->note->ioas, SPARE_IOVA, rig->buffer.fd, 0,
			  RIG_PAGE));
	WORKS(co_unmap(fd, rig->note->ioas, SPARE_IOVA, RIG_PAGE));
	WORKS(co_option_set(fd, rig->note->ioas, IOMMU_OPTION_HUGE_PAGES, 1));
	WORKS(co_hwpt_alloc(fd, rig->note->device_id, rig->note->ioas, &id));
	WORKS(co_iommufd_destroy(fd, id));
	WORKS(co_device_detach(rig->device));
	WORKS(co_device_attach(rig->device, &hwpt));
	rig->note->hwpt = hwpt;
	WORKS(co_device_bind(spare->device, fd, &id));
	rig_check(rig);
	rig_check_dma(rig);
}

static void close_spare(const struct rig *rig, const struct spare *spare)
{
	close(spare->device);
	WORKS(co_iommufd_destroy(rig->iommufd, spare->ioas));
}

static void preserved(const struct rig *rig, const struct spare *spare)
{
	int session = rig_session_create("abort");

	rig_preserve(rig, session);
	mappings_are_shut(rig, spare);
	objects_are_shut(rig, spare);
	questions_are_answered(rig);
	FAILS(co_session_preserve(session, rig->iommufd, 99), EBUSY);
	close(session);
}

/* DMA that is going on when the session is closed is not disturbed. */
static void abort_under_dma(const struct rig *rig)
{
	int session = rig_session_create("abort");
	struct co_bar bar;

	WORKS(co_bar_open(&bar, rig->device, 0));
	memset(rig->data, 0x5a, RIG_PAGE);
	memset(rig->data + RIG_PAGE, 0, RIG_PAGE);
	edu_start(&bar, EDU_LOAD, rig_pa(rig, 0), EDU_MAX);
	CHECK(!edu_wait(&bar));
	edu_start(&bar, EDU_STORE, rig_pa(rig, 1), EDU_MAX);
	rig_preserve(rig, session);
	CHECK(edu_busy(&bar));
	close(session);
	CHECK(!edu_wait(&bar));
	CHECK(!memcmp(rig->data, rig->data + RIG_PAGE, EDU_MAX));
	co_bar_close(&bar);
}

/* Only some files in, in any order, and out again. */
static void abort_in_part(const struct rig *rig)
{
	for (int file = RIG_MEMFD; file < RIG_FILES; file++) {
		int session = rig_session_create("abort");

		rig_preserve_one(rig, session, file);
		close(session);
	}
	rig_check(rig);
}

static void give_up(struct rig *rig)
{
	struct spare spare;

	open_spare(rig, &spare);
	preserved(rig, &spare);
	all_is_open(rig, &spare);
	close_spare(rig, &spare);
	abort_in_part(rig);
	abort_under_dma(rig);
}

static int before(void)
{
	char bdf[CO_BDF_SIZE];
	struct rig rig;

	rig_edu(0, bdf);
	rig_open(&rig, bdf, 1);
	rig_check_dma(&rig);
	give_up(&rig);
	rig_preserve(&rig, rig_session_create("abort"));
	rig_linger();
	return test_result();
}

static int after(void)
{
	int session = rig_session_retrieve("abort");
	struct rig rig;

	rig_retrieve(&rig, session, 1);
	rig_check(&rig);
	rig_session_finish(session);
	rig_check_dma(&rig);
	give_up(&rig);
	rig_close(&rig);
	return test_result();
}

int main(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[1], "after") ? after() : before();
}
