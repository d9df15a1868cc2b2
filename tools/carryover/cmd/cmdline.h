/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel command lines. */
#ifndef CMDLINE_H
#define CMDLINE_H

/*
 * The value of the last word "name=value" of a kernel command line, a copy; ""
 * for a word without value, NULL without the word.
 */
char *word_value(const char *cmdline, const char *name);

/* What the kernel takes for a bool: 1, 0, or -1 for neither. */
int word_bool(const char *value);

/*
 * The command line of the next kernel: @given, or the running one's without what
 * a boot loader added, and @append. Either may be NULL. To be freed.
 */
char *cmdline_make(const char *given, const char *append);

#endif /* CMDLINE_H */
