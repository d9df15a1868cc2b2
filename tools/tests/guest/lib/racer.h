/* SPDX-License-Identifier: GPL-2.0-only */
/* Threads that change a context, a call each. */
#ifndef RACER_H
#define RACER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "rig.h"

#define SLOTS		4	/* places where something is mapped or not */
#define PIECES		128	/* mappings of VFIO's calls */
#define MAX_RACERS	16

/* Which files of the session shut a call out. */
enum race_gate {
	GATE_CONTEXT,	/* the iommufd */
	GATE_DEVICE,	/* the iommufd, or the device */
	GATES,
};

/**
 * struct racer - a thread and what became of its calls
 * @name: of the call
 * @turn: the calls of one turn, each by racer_call()
 * @gate: what shuts it out
 * @busy_by_itself: the call may say EBUSY for reasons of its own
 * @needs_peace: it seldom succeeds while others map
 * @may_be_invalid: it may say EINVAL, of what another has in the context
 * @may_be_gone: it may say ENODEV, as VFIO's calls do without an IOAS
 * @arg: for @turn: a slot
 * @id: for @turn: an object
 * @fd: for @turn: a file
 * @done: calls that succeeded
 * @refused: calls that said EBUSY
 * @gone: calls that said ENODEV
 * @failed: calls that failed with anything else
 * @slipped_in: calls that succeeded although the gate was shut all the time
 * @locked_out: calls that said EBUSY although it was open all the time
 * @longest_us: what its longest turn took
 */
struct racer {
	const char *name;
	void (*turn)(struct racer *r);
	enum race_gate gate;
	bool busy_by_itself;
	bool needs_peace;
	bool may_be_invalid;
	bool may_be_gone;
	unsigned int arg;
	uint32_t id;
	int fd;
	unsigned int done;
	unsigned int refused;
	unsigned int gone;
	unsigned int failed;
	unsigned int slipped_in;
	unsigned int locked_out;
	long long longest_us;
};

/**
 * struct race - what they race about
 * @rig: the first device, whose memory is mapped all the time
 * @copies: an IOAS that gets copies, and a table of its own
 * @copies_hwpt: that table
 * @empty: an IOAS without a table
 * @compat: an IOAS for VFIO's calls, and a table of its own
 * @compat_hwpt: that table
 * @second_hwpt: a second table of the rig's IOAS
 * @second: a device that is bound and attached now and then
 * @third: the address of a device that is bound now and then
 * @mapped: is the slot mapped?
 * @pa: what it is mapped to then
 * @epoch: of each gate
 * @aside: who maps steps aside, and leaves nothing mapped by its address
 * @stop: the end
 */
struct race {
	struct rig rig;
	uint32_t copies;
	uint32_t copies_hwpt;
	uint32_t empty;
	uint32_t compat;
	uint32_t compat_hwpt;
	uint32_t second_hwpt;
	int second;
	char third[CO_BDF_SIZE];
	bool mapped[SLOTS];
	uint64_t pa[SLOTS];
	atomic_uint epoch[GATES];
	atomic_bool aside;
	atomic_bool stop;
};

extern struct race race;
extern struct racer the_racers[];
extern const unsigned int racers;

/* Make a call and judge what it returned against the phase of the gate. */
int racer_call(struct racer *r, int (*call)(struct racer *r));

/* Rest a moment if who maps is to step aside, and say so. */
bool racer_rests(void);

/* Open everything; ends the program when it fails. */
void race_open(void);

/* Back to one IOAS, one device, attached: what a rig is. */
void race_settle(void);

/* Where a slot is mapped to, 0 if it is not. */
uint64_t race_pa(unsigned int slot);

/* racer-vfio.c: the calls that VFIO's containers have, on an iommufd. */

/* Have them work, or say ENODEV. They do not while a context is preserved. */
void race_vfio_on(bool on);

/* How many pieces are mapped now. */
unsigned int race_pieces(void);

/* Unmap all that is. */
void race_vfio_settle(void);

void race_vfio_open(void);
void vfio_map_turn(struct racer *r);
void vfio_set_turn(struct racer *r);

#endif /* RACER_H */
