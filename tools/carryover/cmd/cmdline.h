/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel command lines, read as the kernel reads them. */
#ifndef CMDLINE_H
#define CMDLINE_H

#include <stdbool.h>

/**
 * struct words - a walk over the words of a command line
 * @param: the word's name
 * @value: what follows its '=', without quotes; NULL if there is none
 * @text: a copy that is cut up
 * @rest: what is left of it
 */
struct words {
	const char *param;
	const char *value;
	char *text;
	char *rest;
};

void words_begin(struct words *words, const char *cmdline);
/* The next word in @words; false at the end, or before what is init's. */
bool words_next(struct words *words);
void words_end(struct words *words);

/* Are these names the same to the kernel, to which '-' is '_'? */
bool word_is(const char *param, const char *name);

/*
 * The value of the last word "name=value" of a kernel command line, a copy; ""
 * for a word without value, NULL without the word.
 */
char *word_value(const char *cmdline, const char *name);

/**
 * enum bare - what a word without a value means
 * @BARE_MALFORMED: nothing: early parameters need one
 * @BARE_ON: on, as for parameters of modules
 */
enum bare {
	BARE_MALFORMED,
	BARE_ON,
};

/*
 * What the words of that name switch: 1, 0, or @otherwise. The last one counts that
 * the kernel understands; others change nothing, and @ignored, if not NULL, is set.
 */
int word_switch(const char *cmdline, const char *name, enum bare bare, int otherwise,
		bool *ignored);

/* Is @part one of the parts, between commas, of a word's value? */
bool word_has_part(const char *value, const char *part);

/* The command line without all words of that name, or those that have @part. To be freed. */
char *cmdline_without(const char *cmdline, const char *name, const char *part);

/*
 * The command line of the next kernel: @given, or the running one's without what
 * a boot loader added, and @append, before what is init's. Either may be NULL. To be
 * freed.
 */
char *cmdline_make(const char *given, const char *append);

/**
 * cmdline_built - what a kernel makes of the command line it is given
 * @given: from the loader
 * @config: its configuration, or NULL
 * @forced: output, whether @given counts for nothing
 *
 * Returns: with what was built in; to be freed.
 */
char *cmdline_built(const char *given, const char *config, bool *forced);

#endif /* CMDLINE_H */
