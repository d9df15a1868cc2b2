/* SPDX-License-Identifier: GPL-2.0-only */
/* All that may give a page of a file another place in memory. */
#ifndef MOVERS_H
#define MOVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MOVERS_GROUP "movers"	/* the cgroup whose memory is reclaimed */

/**
 * struct moved - memory that somebody tries to move
 * @at: where this process sees it, 2 MiB aligned
 * @size: of it
 */
struct moved {
	uint8_t *at;
	size_t size;
};

/**
 * struct mover - somebody who moves pages
 * @name: of it
 * @move: have it try, with this memory
 * @sure: it does move pages that nothing keeps
 * @whole: it takes no heed of what memory it is given
 */
struct mover {
	const char *name;
	void (*move)(const struct moved *memory);
	bool sure;
	bool whole;
};

extern const struct mover the_movers[];
extern const unsigned int movers;

/*
 * Have them ready: a cgroup that this process is in from now on, and khugepaged
 * without pauses. Swap is up to the caller.
 */
void movers_setup(void);

/* Are huge pages for files given to who asks for them? */
void movers_huge(bool on);

/* Map a file where all of them can get at it. */
struct moved movers_map(int fd, uint64_t offset, size_t size);

#endif /* MOVERS_H */
