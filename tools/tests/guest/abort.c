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
#include <sys/wait.h>
#include <unistd.h>

#include "edu.h"
#include "harness.h"
#include "rig.h"

enum word {
	WORD_STOP,		/* no more transfers */
	WORD_DONE,		/* how many have ended */
};

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

/* One transfer after the other, each one looked at, until told to stop. */
static void keep_writing(const struct rig *rig, const struct co_bar *bar)
{
	volatile uint64_t *word = rig->note->word;
	uint8_t *page = rig->data + RIG_PAGE;

	while (!word[WORD_STOP]) {
		memset(page, 0, RIG_PAGE);
		edu_start(bar, EDU_STORE, rig_pa(rig, 1), EDU_MAX);
		MUST(!edu_wait(bar));
		MUST(!memcmp(rig->data, page, EDU_MAX));
		word[WORD_DONE]++;
	}
	_exit(0);
}

/*
 * Two more transfers end: the first of them may have ended just before, the
 * second was going on or began afterwards. False if none does in ten seconds.
 */
static bool goes_on(const struct rig *rig)
{
	volatile uint64_t *word = rig->note->word;
	uint64_t done = word[WORD_DONE];

	for (int i = 0; i < 10000 && word[WORD_DONE] < done + 2; i++)
		rig_sleep_ms(1);
	return word[WORD_DONE] >= done + 2;
}

static pid_t write_aside(const struct rig *rig, const struct co_bar *bar)
{
	volatile uint64_t *word = rig->note->word;
	pid_t pid;

	memset(rig->data, 0x5a, RIG_PAGE);
	edu_start(bar, EDU_LOAD, rig_pa(rig, 0), EDU_MAX);
	MUST(!edu_wait(bar));
	word[WORD_STOP] = 0;
	word[WORD_DONE] = 0;
	pid = fork();
	MUST(pid >= 0);
	if (!pid)
		keep_writing(rig, bar);
	return pid;
}

/* A device that writes all the time is not disturbed. */
static void abort_under_dma(const struct rig *rig)
{
	struct co_bar bar;
	int session, status;
	pid_t pid;

	WORKS(co_bar_open(&bar, rig->device, 0));
	pid = write_aside(rig, &bar);
	CHECK(goes_on(rig));
	session = rig_session_create("abort");
	rig_preserve(rig, session);
	CHECK(goes_on(rig));
	close(session);
	CHECK(goes_on(rig));
	rig->note->word[WORD_STOP] = 1;
	MUST(waitpid(pid, &status, 0) == pid);
	SAME(status, 0);
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
