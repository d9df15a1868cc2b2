// SPDX-License-Identifier: GPL-2.0-only
/* A device, an iommufd, memory, and a session to carry them over. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "edu.h"
#include "harness.h"
#include "rig.h"

#define DMA_LENGTH 4000u

_Static_assert(sizeof(struct rig_note) <= RIG_DATA, "the note");

/* ------------------------------------------------------------------ open -- */

void rig_edu(unsigned int index, char bdf[CO_BDF_SIZE])
{
	WORKS(co_pci_find_id(EDU_VENDOR, EDU_DEVICE, index, bdf));
}

static void point(struct rig *rig)
{
	rig->note = rig->buffer.mem;
	rig->data = (uint8_t *)rig->buffer.mem + RIG_DATA;
}

void rig_open_memory(struct rig *rig)
{
	WORKS(co_buffer_create(&rig->buffer, "rig", RIG_SIZE, false));
	point(rig);
	rig->note->magic = RIG_MAGIC;
}

void rig_open_device(struct rig *rig, const char *bdf)
{
	struct rig_note *note = rig->note;

	memcpy(note->bdf, bdf, CO_BDF_SIZE);
	WORKS(co_pci_bind(bdf, "vfio-pci"));
	rig->iommufd = WORKS(co_iommufd_open());
	rig->device = WORKS(co_device_open(bdf));
	WORKS(co_device_bind(rig->device, rig->iommufd, &note->device_id));
	WORKS(co_ioas_alloc(rig->iommufd, &note->ioas));
}

void rig_map(struct rig *rig)
{
	struct rig_note *note = rig->note;

	note->hwpt = note->ioas;
	WORKS(co_device_attach(rig->device, &note->hwpt));
	WORKS(co_map_file(rig->iommufd, note->ioas, RIG_IOVA, rig->buffer.fd,
			  0, RIG_SIZE));
	note->runs = WORKS(co_pa_runs(rig->iommufd, note->ioas, RIG_IOVA,
				      RIG_SIZE, note->run, RIG_RUNS));
	WORKS(co_bus_master(rig->device, true));
}

void rig_open(struct rig *rig, const char *bdf, uint64_t token)
{
	rig->token = token;
	rig_open_memory(rig);
	rig_open_device(rig, bdf);
	rig_map(rig);
}

void rig_close(struct rig *rig)
{
	WORKS(co_unmap(rig->iommufd, rig->note->ioas, RIG_IOVA, RIG_SIZE));
	WORKS(co_device_detach(rig->device));
	close(rig->device);
	WORKS(co_iommufd_destroy(rig->iommufd, rig->note->ioas));
	close(rig->iommufd);
	co_buffer_close(&rig->buffer);
}

/* ------------------------------------------------------- there and back -- */

static int file_of(const struct rig *rig, enum rig_file file)
{
	switch (file) {
	case RIG_MEMFD:
		return rig->buffer.fd;
	case RIG_IOMMUFD:
		return rig->iommufd;
	default:
		return rig->device;
	}
}

void rig_preserve_one(const struct rig *rig, int session, enum rig_file file)
{
	WORKS(co_session_preserve(session, file_of(rig, file),
				  rig->token + file));
}

void rig_preserve(const struct rig *rig, int session)
{
	for (int file = RIG_MEMFD; file < RIG_FILES; file++)
		rig_preserve_one(rig, session, file);
}

void rig_retrieve_one(struct rig *rig, int session, enum rig_file file)
{
	int fd = WORKS(co_session_retrieve_fd(session, rig->token + file));

	switch (file) {
	case RIG_MEMFD:
		WORKS(co_buffer_open(&rig->buffer, fd));
		point(rig);
		MUST(rig->note->magic == RIG_MAGIC);
		break;
	case RIG_IOMMUFD:
		rig->iommufd = fd;
		break;
	default:
		rig->device = fd;
	}
}

void rig_retrieve(struct rig *rig, int session, uint64_t token)
{
	rig->token = token;
	for (int file = RIG_MEMFD; file < RIG_FILES; file++)
		rig_retrieve_one(rig, session, file);
}

/* ---------------------------------------------------------------- checks -- */

static void check_runs(const struct rig *rig)
{
	const struct rig_note *note = rig->note;
	struct co_run run[RIG_RUNS];
	int runs = WORKS(co_pa_runs(rig->iommufd, note->ioas, RIG_IOVA,
				    RIG_SIZE, run, RIG_RUNS));

	SAME(runs, note->runs);
	CHECK(!memcmp(run, note->run, runs * sizeof(run[0])));
}

void rig_check(const struct rig *rig)
{
	const struct rig_note *note = rig->note;
	uint32_t hwpt = note->hwpt;

	check_runs(rig);
	FAILS(co_iommufd_destroy(rig->iommufd, note->device_id), EBUSY);
	FAILS(co_iommufd_destroy(rig->iommufd, note->hwpt), EBUSY);
	FAILS(co_iommufd_destroy(rig->iommufd, note->ioas), EBUSY);
	WORKS(co_device_attach(rig->device, &hwpt));
	SAME(hwpt, note->hwpt);
	SAME(co_bus_master_get(rig->device), 1);
}

uint64_t rig_pa(const struct rig *rig, unsigned int page)
{
	uint64_t length = RIG_PAGE, pa;

	WORKS(co_pa(rig->iommufd, rig->note->ioas,
		    RIG_IOVA + RIG_DATA + page * RIG_PAGE, &pa, &length));
	SAME(length, RIG_PAGE);
	return pa;
}

void rig_check_dma(const struct rig *rig)
{
	uint8_t *from = rig->data, *to = rig->data + RIG_PAGE;
	static uint8_t seed;
	struct co_bar bar;

	for (unsigned int i = 0; i < DMA_LENGTH; i++)
		from[i] = i * 7 + seed;
	memset(to, ~seed, RIG_PAGE);
	seed += 31;
	WORKS(co_bar_open(&bar, rig->device, 0));
	MUST(edu_alive(&bar));
	edu_start(&bar, EDU_LOAD, rig_pa(rig, 0), DMA_LENGTH);
	CHECK(!edu_wait(&bar));
	edu_start(&bar, EDU_STORE, rig_pa(rig, 1), DMA_LENGTH);
	CHECK(!edu_wait(&bar));
	CHECK(!memcmp(from, to, DMA_LENGTH));
	co_bar_close(&bar);
}

/* -------------------------------------------------------------- sessions -- */

int rig_session_create(const char *name)
{
	int luo = WORKS(co_luo_open());
	int session = WORKS(co_session_create(luo, name));

	close(luo);
	return session;
}

/* A device comes back through its driver, and only vfio-pci may be that. */
static void bind_all(void)
{
	char bdf[CO_BDF_SIZE];

	for (unsigned int i = 0; !co_pci_find_id(EDU_VENDOR, EDU_DEVICE, i,
						 bdf); i++)
		WORKS(co_pci_bind(bdf, "vfio-pci"));
}

int rig_session_retrieve(const char *name)
{
	int luo = WORKS(co_luo_open());
	int session = WORKS(co_session_retrieve(luo, name));

	close(luo);
	bind_all();
	return session;
}

void rig_session_finish(int session)
{
	WORKS(co_session_finish(session));
	close(session);
}

/* ---------------------------------------------------------------- system -- */

void rig_linger(void)
{
	pid_t pid = fork();

	MUST(pid >= 0);
	if (pid)
		return;
	setsid();
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	for (;;)
		pause();
}

void rig_sleep_ms(unsigned int ms)
{
	struct timespec span = {
		.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000l,
	};

	nanosleep(&span, NULL);
}

#define PFN_MASK ((1ull << 55) - 1)

uint64_t rig_pagemap(const void *memory)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	MUST(fd >= 0);
	/* A page nobody touched is not in there. */
	(void)*(const volatile uint8_t *)memory;
	MUST(pread(fd, &entry, sizeof(entry), (uintptr_t)memory / RIG_PAGE *
		   sizeof(entry)) == sizeof(entry));
	close(fd);
	MUST(entry >> 63);
	return (entry & PFN_MASK) * RIG_PAGE + (uintptr_t)memory % RIG_PAGE;
}

bool rig_master(const char *bdf)
{
	uint16_t command;

	WORKS(co_pci_config_read16(bdf, PCI_COMMAND, &command));
	return command & PCI_COMMAND_MASTER;
}

void rig_live_on(struct rig *rig, int session)
{
	rig_check(rig);
	rig_session_finish(session);
	rig_check_dma(rig);
	rig_close(rig);
}
