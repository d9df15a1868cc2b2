/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What exit codes mean. The first four are enough for a shell; who automates
 * asks for the others with --detailed-exitcode.
 */
#ifndef EXITS_H
#define EXITS_H

#include <stdbool.h>

#include "cmd.h"

/* A stable word for programs. */
const char *exit_word(enum cmd_exit code);

/* The code to exit with: @code itself if that is asked for, or one of the first four. */
enum cmd_exit exit_given(enum cmd_exit code, bool detailed);

/* All of them, for --help. */
void exits_print(void);

#endif /* EXITS_H */
