// SPDX-License-Identifier: GPL-2.0-only
/* The table of exit codes; carryover(1) has the same sentences. */
#include <stdio.h>

#include "exits.h"

/**
 * struct meaning - of an exit code
 * @plain: the code to give instead to who did not ask for details
 * @word: for programs
 * @text: for people
 */
struct meaning {
	enum cmd_exit plain;
	const char *word;
	const char *text;
};

static const struct meaning meanings[] = {
	[EXIT_GOOD] = { EXIT_GOOD, "ready", "Good: done, or yes." },
	[EXIT_NO] = { EXIT_NO, "not-ready", "Something stands in the way of a live update." },
	[EXIT_USAGE] = { EXIT_USAGE, "usage", "The command line is wrong." },
	[EXIT_ERROR] = { EXIT_ERROR, "error", "Something could not be read or done." },
	[EXIT_WARNINGS] = { EXIT_GOOD, "warnings", "Ready, with warnings." },
	[EXIT_REFUSED] = { EXIT_NO, "refused", "A program refused." },
	[EXIT_LATE] = { EXIT_NO, "late", "A program gave no answer in time." },
	[EXIT_GONE] = { EXIT_NO, "gone", "A program ended, or is not there." },
	[EXIT_INCOMPLETE] = { EXIT_NO, "incomplete",
			      "A session lacks something, or none has anything in it." },
	[EXIT_LOAD] = { EXIT_ERROR, "load", "The image could not be loaded." },
	[EXIT_KEXEC] = { EXIT_ERROR, "kexec", "The kernel did not start the image." },
	[EXIT_LOST] = { EXIT_NO, "lost", "Not all that was handed over was taken back." },
	[EXIT_WAITING] = { EXIT_NO, "waiting", "A session was not finished yet." },
};

#define MEANINGS (sizeof(meanings) / sizeof(meanings[0]))

const char *exit_word(enum cmd_exit code)
{
	return meanings[code].word;
}

enum cmd_exit exit_given(enum cmd_exit code, bool detailed)
{
	return detailed ? code : meanings[code].plain;
}

void exits_print(void)
{
	puts("exit codes:");
	for (size_t i = 0; i < MEANINGS; i++) {
		if (i == EXIT_ERROR + 1)
			puts("with --detailed-exitcode also, instead of the one in parentheses:");
		printf("  %-3zu %-11s %s", i, meanings[i].word, meanings[i].text);
		if (meanings[i].plain != i)
			printf(" (%d)", meanings[i].plain);
		putchar('\n');
	}
}
