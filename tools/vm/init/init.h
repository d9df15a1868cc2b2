/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's init: it unpacks the payload the runner attached, runs the stage
 * command this kernel is there for, and starts the next kernel by kexec.
 *
 * Runner and init share one memory device (window.c): the payload lies in it,
 * and init writes what programs print into it. A byte stored there is in the
 * host's file at once, so nothing that was printed is lost when the kernel is
 * replaced a moment later, and no driver, interrupt or DMA is involved.
 */
#ifndef CARRYOVER_INIT_H
#define CARRYOVER_INIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What the runner wrote for the stages; see tools/vm/vmlib/payload.py. */
#define PLAN_DIR	"/carryover"
#define FILES_DIR	"/files"
#define NEXT_INITRD	"/boot/initrd"

/*
 * The head of the memory device. tools/vm/vmlib/window.py writes offset and
 * size of each part; init moves only the two @used counters.
 */
struct window_log {
	uint64_t offset;
	uint64_t size;
	uint64_t used;
};

struct window {
	char magic[8];			/* "carryovr" */
	struct window_log program;
	struct window_log report;
	uint64_t payload_offset;
	uint64_t payload_size;
	uint64_t rebooted_into;		/* a stage; 0 before any reboot */
};

/* window.c: the memory device. */
struct window *window_open(void);

/* wire.c: the channels to the runner. */
void wire_open(struct window *w);
void wire_report(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void wire_line(int stage, const char *text, size_t len);
void wire_kmsg(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* unpack.c: a newc cpio archive, laid over the root. */
int unpack(const char *archive, size_t size);

/* run.c: commands and their output. */
int run_command(char *const argv[], int stage);

/* plan.c: what is to be done, and by which kernel. */
int plan_stage(const struct window *w);
bool plan_has(const char *name, int stage);
char *plan_read(const char *name, int stage);
void plan_export_environment(void);

#endif /* CARRYOVER_INIT_H */
