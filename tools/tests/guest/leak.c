// SPDX-License-Identifier: GPL-2.0-only
/*
 * I7: nothing stays behind: not of sessions given up, not of an update, not of
 * three in a row. Counted are page table pages, pins, locked memory, files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "counts.h"
#include "harness.h"
#include "rig.h"

#define TOKEN	1
#define ROUNDS	10
#define LAST	4

static void give_up(const struct rig *rig)
{
	struct counts start = counts_now(), end;

	for (int i = 0; i < ROUNDS; i++) {
		int session = rig_session_create("leak");

		rig_preserve(rig, session);
		close(session);
	}
	end = counts_now();
	counts_same(&start, &end, "after");
}

/* In every kernel the counts with all open are those of the first one. */
static void check_open(struct rig *rig)
{
	volatile uint64_t *word = rig->note->word;
	struct counts now = counts_now();

	counts_say("all open", &now);
	CHECK(now.tables > 0);
	CHECK(now.pins > 0);
	if (!word[0]) {
		word[0] = now.tables;
		word[1] = now.pins;
		word[2] = now.locked;
		word[3] = now.files;
	}
	SAME(now.tables, word[0]);
	SAME(now.pins, word[1]);
	SAME(now.locked, word[2]);
	SAME(now.files, word[3]);
}

static void open_close(const char *bdf)
{
	struct counts start = counts_now(), end;
	struct rig rig;

	rig_open(&rig, bdf, TOKEN);
	give_up(&rig);
	rig_close(&rig);
	end = counts_now();
	counts_say("opened, closed", &end);
	counts_same(&start, &end, "after");
}

static void arrive(struct rig *rig)
{
	int session = rig_session_retrieve("leak");

	rig_retrieve(rig, session, TOKEN);
	rig_check(rig);
	rig_session_finish(session);
	check_open(rig);
}

/* What kernel A had before anything was opened is what B has at the end. */
static void end(struct rig *rig)
{
	struct counts fresh = { .files = counts_now().files - RIG_FILES }, now;

	rig_close(rig);
	now = counts_now();
	counts_say("all closed", &now);
	fresh.keys = now.keys;	/* LUO has some of its own */
	counts_same(&fresh, &now, "all closed");
}

int main(int argc, char **argv)
{
	int kernel = argc > 1 ? atoi(argv[1]) : 1;
	char bdf[CO_BDF_SIZE];
	struct rig rig;

	rig_edu(0, bdf);
	if (kernel == 1) {
		open_close(bdf);
		rig_open(&rig, bdf, TOKEN);
		check_open(&rig);
	} else {
		arrive(&rig);
	}
	give_up(&rig);
	check_open(&rig);
	rig_check_dma(&rig);
	if (kernel == LAST) {
		end(&rig);
		open_close(bdf);
		return test_result();
	}
	rig_preserve(&rig, rig_session_create("leak"));
	rig_linger();
	return test_result();
}
