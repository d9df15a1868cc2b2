/* SPDX-License-Identifier: GPL-2.0-only */
/* The checks, each in a file of its own. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <sys/types.h>

#include "image.h"
#include "outgoing.h"
#include "report.h"

#define SCRATCH_MAX	64
#define SESSIONS_MAX	16

/**
 * struct plan - the live update that is asked about
 * @kernel: the second kernel's image, or NULL
 * @initrd: its initrd, or NULL
 * @cmdline: its command line
 * @devices: addresses, @device_count of them; those of vfio-pci if none
 * @sessions: names that have to be free
 * @pins: bytes that programs are going to map, 0 if unknown
 * @store: process whose files are tried, or 0
 */
struct plan {
	const char *kernel;
	const char *initrd;
	const char *cmdline;
	char **devices;
	int device_count;
	const char *sessions[SESSIONS_MAX];
	unsigned int session_count;
	unsigned long long pins;
	pid_t store;
};

/**
 * struct machine - the running kernel
 * @cmdline: its command line, "" if unknown
 * @config: its configuration, or NULL
 * @notes: the handover data it writes, pointing into @note_data
 * @note_data: /sys/kernel/notes
 * @scratch: sizes of KHO's scratch areas
 * @scratch_count: how many, 0 if unknown
 * @carried: what its sessions carry by now
 */
struct machine {
	char *cmdline;
	char *config;
	struct notes notes;
	unsigned char *note_data;
	unsigned long long scratch[SCRATCH_MAX];
	unsigned int scratch_count;
	struct carried carried;
};

void machine_read(struct machine *machine);
void machine_free(struct machine *machine);

/* KHO, LUO, our options, noiommu mode. */
void check_kernel(struct report *report, const struct machine *machine);

/* Capabilities of this process. */
void check_rights(struct report *report);

/* Scratch areas and memory for pins; the next kernel's @image may be NULL. */
void check_memory(struct report *report, const struct machine *machine,
		  const struct plan *plan, const struct image *image);

/* The devices of the plan. */
void check_devices(struct report *report, const struct plan *plan);

/* Whether session names are free, what sessions lack, and what is loaded. */
void check_sessions(struct report *report, const struct plan *plan);

/* The files of the plan's store: put into a session, which is closed again. */
void check_store(struct report *report, const struct plan *plan);

/* The second kernel. */
void check_image(struct report *report, const struct machine *machine,
		 const struct plan *plan, const struct image *image);

/* Its command line. */
void check_words(struct report *report, const struct machine *machine,
		 const struct plan *plan, const struct image *image);

/*
 * The pool of huge pages that @cmdline, which that kernel will see, asks for. @forced
 * is the remedy when it is built into the kernel, or NULL.
 */
void check_pool(struct report *report, const struct machine *machine, const struct plan *plan,
		const struct image *image, const char *cmdline, const char *forced);

/* Whether kexec would load it; @image may be NULL. */
void check_kexec(struct report *report, const struct machine *machine,
		 const struct plan *plan, const struct image *image);

/* Where System RAM ends, 0 if it cannot be seen. */
unsigned long long memory_end(void);

/* All of it; 0, or a negative errno if the image cannot be read, reported. */
int check_all(struct report *report, const struct plan *plan);

#endif /* CHECK_H */
