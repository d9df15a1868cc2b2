/* SPDX-License-Identifier: GPL-2.0-only */
/* What could leak, counted. */
#ifndef COUNTS_H
#define COUNTS_H

/**
 * struct counts - what could leak
 * @tables: pages of page tables
 * @pins: pages pinned and not released
 * @locked: VmPin and VmLck of this process, KiB
 * @files: open in this process
 * @keys: runs of pages that KHO keeps; -1 where nobody can look
 */
struct counts {
	long long tables;
	long long pins;
	long long locked;
	long long files;
	long long keys;
};

/* The number behind a word at the beginning of a line of a file. */
long long counts_number(const char *path, const char *word);

/* Pages of page tables, in all of the kernel. Brings its counters up to date. */
long long counts_tables(void);

/* As it is now. */
struct counts counts_now(void);

/* Notes a failure for each number that differs; @when says what came between. */
void counts_same(const struct counts *a, const struct counts *b,
		 const char *when);

/* One line. */
void counts_say(const char *when, const struct counts *now);

#endif /* COUNTS_H */
