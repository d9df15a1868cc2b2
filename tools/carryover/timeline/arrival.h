/* SPDX-License-Identifier: GPL-2.0-only */
/* How much of what the previous kernel handed over was taken back. */
#ifndef ARRIVAL_H
#define ARRIVAL_H

#include <stdbool.h>
#include <stddef.h>

#include "exits.h"
#include "timeline.h"

#define ARRIVAL_NAME 64

/**
 * struct arrival - of the last live update
 * @came: the running kernel came by one
 * @files: handed over
 * @retrieved: how many of @files
 * @sessions: handed over
 * @finished: how many of @sessions
 * @failed: a FINISH failed, and none came after it
 * @waiting: names of sessions that are neither finished nor given up, freed by
 *           arrival_free()
 * @waiting_count: how many
 */
struct arrival {
	bool came;
	size_t files;
	size_t retrieved;
	size_t sessions;
	size_t finished;
	bool failed;
	char (*waiting)[ARRIVAL_NAME];
	size_t waiting_count;
};

/*
 * Of all the kernel remembers, for one session may come after another was preserved
 * anew. Without a FINISH a session counts as waiting. 0, or -ENODATA when the running
 * kernel has forgotten the beginning of it.
 */
int arrival_read(struct arrival *arrival, const struct timeline *t);

/*
 * Ask the running kernel which sessions wait: one whose last holder ended is
 * finished as well, and the timeline does not say so. 0, or a negative errno.
 * It shows all they hold, and takes time for that.
 */
int arrival_ask(struct arrival *arrival);
void arrival_free(struct arrival *arrival);

/* The verdict: EXIT_GOOD when all was taken back. */
enum cmd_exit arrival_code(const struct arrival *arrival);

#endif /* ARRIVAL_H */
