// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nothing stays behind: not of sessions given up, not of an update, not of
 * three in a row. Counted are page table pages, pins, locked memory, files.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "rig.h"

#define TOKEN	1
#define ROUNDS	10
#define LAST	4

/**
 * struct counts - what could leak
 * @tables: pages of page tables
 * @pins: pages pinned and not released
 * @locked: VmPin and VmLck of this process, KiB
 * @files: open in this process
 */
struct counts {
	long long tables;
	long long pins;
	long long locked;
	long long files;
};

/* The number behind a word at the beginning of a line. */
static long long number(const char *path, const char *word)
{
	FILE *file = fopen(path, "r");
	long long value = 0;
	char line[256];

	MUST(file);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, word, strlen(word)))
			value = atoll(line + strlen(word));
	fclose(file);
	return value;
}

static long long files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	long long count = 0;

	MUST(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* Counters of the kernel are kept per CPU and added up now and then. */
static void add_up(void)
{
	FILE *file = fopen("/proc/sys/vm/stat_refresh", "w");

	MUST(file);
	MUST(fputs("1", file) >= 0);
	MUST(!fclose(file));
}

static struct counts count(void)
{
	add_up();
	return (struct counts){
		.tables = number("/proc/vmstat", "nr_iommu_pages "),
		.pins = number("/proc/vmstat", "nr_foll_pin_acquired ") -
			number("/proc/vmstat", "nr_foll_pin_released "),
		.locked = number("/proc/self/status", "VmPin:") +
			  number("/proc/self/status", "VmLck:"),
		.files = files(),
	};
}

static void compare(const struct counts *a, const struct counts *b)
{
	SAME(a->tables, b->tables);
	SAME(a->pins, b->pins);
	SAME(a->locked, b->locked);
	SAME(a->files, b->files);
}

static void say(const char *when, const struct counts *now)
{
	test_say("%-24s %lld table pages, %lld pins, %lld KiB locked, %lld files",
		 when, now->tables, now->pins, now->locked, now->files);
}

static void give_up(const struct rig *rig)
{
	struct counts start = count(), end;

	for (int i = 0; i < ROUNDS; i++) {
		int session = rig_session_create("leak");

		rig_preserve(rig, session);
		close(session);
	}
	end = count();
	compare(&start, &end);
}

/* In every kernel the counts with all open are those of the first one. */
static void check_open(struct rig *rig)
{
	volatile uint64_t *word = rig->note->word;
	struct counts now = count();

	say("all open", &now);
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
	struct counts start = count(), end;
	struct rig rig;

	rig_open(&rig, bdf, TOKEN);
	give_up(&rig);
	rig_close(&rig);
	end = count();
	say("opened, closed", &end);
	compare(&start, &end);
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
	struct counts fresh = { .files = count().files - RIG_FILES }, now;

	rig_close(rig);
	now = count();
	say("all closed", &now);
	compare(&fresh, &now);
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
