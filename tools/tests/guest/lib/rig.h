/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What most tests need: a device, an iommufd, memory, and a session to carry
 * them over. The memory starts with a note from one kernel to the next.
 *
 * Everything in here ends the program when it fails.
 */
#ifndef RIG_H
#define RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "helpers.h"

#define RIG_IOVA	0x40000000ull
#define RIG_SIZE	(256u << 10)
#define RIG_DATA	(64u << 10)	/* offset of the data, after the note */
#define RIG_RUNS	64
#define RIG_PAGE	4096u
#define RIG_PAGES	((RIG_SIZE - RIG_DATA) / RIG_PAGE)	/* of data */

/* Tokens of a rig's files, counted from the rig's own first. */
enum rig_file {
	RIG_MEMFD,
	RIG_IOMMUFD,
	RIG_VFIO,
	RIG_FILES,
};

/**
 * struct rig_note - what the next kernel has to know
 * @magic: RIG_MAGIC
 * @bdf: the device
 * @device_id: iommufd's ID of the device
 * @ioas: iommufd's ID of the address space
 * @hwpt: iommufd's ID of the page table
 * @runs: how many in @run
 * @run: the physical addresses
 * @word: for the test
 */
struct rig_note {
	uint64_t magic;
	char bdf[CO_BDF_SIZE];
	uint32_t device_id;
	uint32_t ioas;
	uint32_t hwpt;
	uint32_t runs;
	struct co_run run[RIG_RUNS];
	volatile uint64_t word[16];
};

#define RIG_MAGIC 0x3165746f6e676972ull

/**
 * struct rig - a device and what belongs to it
 * @iommufd: the context
 * @device: the VFIO device
 * @buffer: the memory, mapped at RIG_IOVA
 * @note: the beginning of it
 * @data: RIG_DATA bytes into it
 * @token: of the memfd; the iommufd's and the device's follow
 */
struct rig {
	int iommufd;
	int device;
	struct co_buffer buffer;
	struct rig_note *note;
	uint8_t *data;
	uint64_t token;
};

/* The edu device with this number, counted from 0. */
void rig_edu(unsigned int index, char bdf[CO_BDF_SIZE]);

/* Device on an iommufd of its own, attached, the memory mapped; Bus Master on. */
void rig_open(struct rig *rig, const char *bdf, uint64_t token);

/* The parts of rig_open(). */
void rig_open_memory(struct rig *rig);
void rig_open_device(struct rig *rig, const char *bdf);
void rig_map(struct rig *rig);

/* Put one file, or all, into a session. */
void rig_preserve_one(const struct rig *rig, int session, enum rig_file file);
void rig_preserve(const struct rig *rig, int session);

/* Take one file, or all, out of a session. The memfd has the note. */
void rig_retrieve_one(struct rig *rig, int session, enum rig_file file);
void rig_retrieve(struct rig *rig, int session, uint64_t token);

/* Are IDs and physical addresses what the note says? */
void rig_check(const struct rig *rig);

/* The physical address of a page of the data, as GET_PA says. */
uint64_t rig_pa(const struct rig *rig, unsigned int page);

/* To the edu device and back, into another page; is it the same? */
void rig_check_dma(const struct rig *rig);

/* Unmap, detach, close. */
void rig_close(struct rig *rig);

/* All is as it was before and after FINISH, and can be closed. */
void rig_live_on(struct rig *rig, int session);

/*
 * A session, without leaving /dev/liveupdate open. The second one gives all
 * edu devices to vfio-pci.
 */
int rig_session_create(const char *name);
int rig_session_retrieve(const char *name);

/* Finish and close. */
void rig_session_finish(int session);

/* Leave a process behind that keeps all files open until the kexec. */
void rig_linger(void);

/* Sleep. */
void rig_sleep_ms(unsigned int ms);

/* The physical address of memory of this process, as /proc says. */
uint64_t rig_pagemap(const void *memory);

/* Does the device have Bus Master on, as sysfs says? */
bool rig_master(const char *bdf);

#endif /* RIG_H */
