// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frozen means frozen, and abort is invisible (invariants I3, I6), with
 * everybody in a hurry: a thread for each call that changes a context, while
 * another preserves, fails to freeze, and gives up, over and over.
 *
 * A call that began and ended while the context was preserved must have been
 * refused, one that began and ended while it was not must not; what GET_PA says
 * does not move in between; and in the end it says what each thread did last.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/reboot.h>

#include "harness.h"
#include "racer.h"
#include "rig.h"

#define ROUNDS	30	/* sessions at least */
#define MOST_S	300	/* and no longer, whatever was reached */
#define DONE	5	/* of the calls of every thread that go through */
#define PEACE	5	/* once in so many sessions who maps steps aside */
#define PATIENCE_MS	20000
#define LOST_US		50000000	/* iommufd gives up waiting for a user after 60 s */

struct race race;

/* --------------------------------------------------------------- judgement */

/* The phases of a gate; its epoch counts them on. */
enum { OPEN, SHUTTING, SHUT, OPENING, PHASES };

static void tally(struct racer *r, unsigned int phase, int ret)
{
	if (!ret)
		r->done++;
	else if (ret == -EBUSY)
		r->refused++;
	else if ((ret == -ENODEV && r->may_be_gone) ||
		 (ret == -EINVAL && r->may_be_invalid))
		r->gone++;
	else
		r->failed++;
	if (phase == SHUT && !ret)
		r->slipped_in++;
	if (phase == OPEN && ret == -EBUSY && !r->busy_by_itself)
		r->locked_out++;
}

int racer_call(struct racer *r, int (*call)(struct racer *r))
{
	atomic_uint *epoch = &race.epoch[r->gate];
	unsigned int before = atomic_load(epoch), after;
	int ret = call(r);

	after = atomic_load(epoch);
	/* Knocking at a shut gate all the time leaves no time for the others. */
	if (ret == -EBUSY || ret == -ENODEV)
		rig_sleep_ms(1);
	tally(r, before == after ? before % PHASES : PHASES, ret);
	return ret;
}

bool racer_rests(void)
{
	bool rests = atomic_load(&race.aside);

	if (rests)
		rig_sleep_ms(1);
	return rests;
}

static void take_turn(struct racer *r)
{
	long long start = test_now_us(), took;

	r->turn(r);
	took = test_now_us() - start;
	if (took > r->longest_us)
		r->longest_us = took;
}

static void *run(void *arg)
{
	struct racer *r = arg;

	while (!atomic_load(&race.stop))
		take_turn(r);
	return NULL;
}

static void judge(const struct racer *r)
{
	test_say("%-16s %7u done, %7u refused", r->name, r->done,
		 r->refused);
	SAME(r->failed, 0);
	SAME(r->slipped_in, 0);
	SAME(r->locked_out, 0);
	CHECK(r->done >= DONE);
	CHECK(r->refused);
	CHECK(r->longest_us < LOST_US);
}

/* ------------------------------------------------------------- the updater */

static void move(bool context)
{
	if (context)
		atomic_fetch_add(&race.epoch[GATE_CONTEXT], 1);
	atomic_fetch_add(&race.epoch[GATE_DEVICE], 1);
}

static void freeze_fails(void)
{
	CHECK(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		      LINUX_REBOOT_CMD_KEXEC, NULL) < 0);
}

/**
 * struct view - what is mapped
 * @pa: in each slot
 * @pieces: how many pieces, of VFIO's
 */
struct view {
	uint64_t pa[SLOTS];
	unsigned int pieces;
};

static void look(struct view *view)
{
	for (unsigned int i = 0; i < SLOTS; i++)
		view->pa[i] = race_pa(i);
	view->pieces = race_pieces();
}

/* I3: nothing is mapped or unmapped any more, by whoever came before. */
static void same_view(const struct view *a, const struct view *b)
{
	for (unsigned int i = 0; i < SLOTS; i++)
		SAME(a->pa[i], b->pa[i]);
	SAME(a->pieces, b->pieces);
}

/* The memfd is never in the session, so no freeze succeeds. */
static void round_trip(unsigned int round)
{
	bool context = round % 3, device = round % 3 != 1;
	int session = rig_session_create("race");
	struct view start, end;

	/* Who is in there when this goes away is still in there at PRESERVE_FD. */
	if (context)
		race_vfio_on(false);
	move(context);
	if (device)
		rig_preserve_one(&race.rig, session, RIG_VFIO);
	if (context)
		rig_preserve_one(&race.rig, session, RIG_IOMMUFD);
	move(context);
	look(&start);
	freeze_fails();
	rig_sleep_ms(5);
	look(&end);
	if (context)
		same_view(&start, &end);
	move(context);
	close(session);
	move(context);
	race_vfio_on(true);
	rig_sleep_ms(20);
}

static void wait_for(struct racer *r)
{
	unsigned int before = r->done;

	for (int ms = 0; ms < PATIENCE_MS && r->done == before; ms++)
		rig_sleep_ms(1);
}

/* What others have in the context keeps some calls from succeeding at all. */
static void have_peace(void)
{
	atomic_store(&race.aside, true);
	for (unsigned int i = 0; i < racers; i++)
		if (the_racers[i].needs_peace)
			wait_for(&the_racers[i]);
	atomic_store(&race.aside, false);
}

static bool all_have_seen_both(void)
{
	for (unsigned int i = 0; i < racers; i++)
		if (the_racers[i].done < DONE || !the_racers[i].refused)
			return false;
	return true;
}

static void hammer(void)
{
	long long end = test_now_us() + MOST_S * 1000000ll;
	pthread_t thread[MAX_RACERS];
	unsigned int round;

	for (unsigned int i = 0; i < racers; i++)
		MUST(!pthread_create(&thread[i], NULL, run, &the_racers[i]));
	for (round = 0; round < ROUNDS || test_now_us() < end; round++) {
		if (round >= ROUNDS && all_have_seen_both())
			break;
		round_trip(round);
		if (round % PEACE == 0)
			have_peace();
	}
	atomic_store(&race.stop, true);
	for (unsigned int i = 0; i < racers; i++)
		MUST(!pthread_join(thread[i], NULL));
	test_say("%u sessions", round);
}

static void check_model(void)
{
	for (unsigned int i = 0; i < SLOTS; i++)
		SAME(race_pa(i), race.mapped[i] ? race.pa[i] : 0);
}

static int before(void)
{
	race_open();
	hammer();
	for (unsigned int i = 0; i < racers; i++)
		judge(&the_racers[i]);
	check_model();
	race_settle();
	rig_check_dma(&race.rig);
	rig_preserve(&race.rig, rig_session_create("race-over"));
	rig_linger();
	return test_result();
}

static int after(void)
{
	int session = rig_session_retrieve("race-over");
	struct rig rig;

	rig_retrieve(&rig, session, 1);
	rig_check(&rig);
	rig_session_finish(session);
	rig_check_dma(&rig);
	return test_result();
}

int main(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[1], "after") ? after() : before();
}
