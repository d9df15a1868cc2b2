// SPDX-License-Identifier: GPL-2.0-only
/* What could leak, counted. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counts.h"
#include "harness.h"
#include "kho.h"

long long counts_number(const char *path, const char *word)
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

long long counts_tables(void)
{
	add_up();
	return counts_number("/proc/vmstat", "nr_iommu_pages ");
}

struct counts counts_now(void)
{
	/* First: it brings the others up to date, too. */
	long long tables = counts_tables();

	return (struct counts){
		.tables = tables,
		.pins = counts_number("/proc/vmstat", "nr_foll_pin_acquired ") -
			counts_number("/proc/vmstat", "nr_foll_pin_released "),
		.locked = counts_number("/proc/self/status", "VmPin:") +
			  counts_number("/proc/self/status", "VmLck:"),
		.files = files(),
		.keys = kho_keys(),
	};
}

void counts_same(const struct counts *a, const struct counts *b,
		 const char *when)
{
	if (a->tables == b->tables && a->pins == b->pins &&
	    a->locked == b->locked && a->files == b->files &&
	    a->keys == b->keys)
		return;
	counts_say("before", a);
	counts_say(when, b);
	SAME(a->tables, b->tables);
	SAME(a->pins, b->pins);
	SAME(a->locked, b->locked);
	SAME(a->files, b->files);
	SAME(a->keys, b->keys);
}

void counts_say(const char *when, const struct counts *now)
{
	test_say("%-24s %lld table pages, %lld pins, %lld KiB locked, %lld files, %lld KHO keys",
		 when, now->tables, now->pins, now->locked, now->files,
		 now->keys);
}
