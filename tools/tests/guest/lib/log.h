/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel says from now on. */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

/* From here on. Returns a file descriptor; ends the program on failure. */
int log_open(void);

/*
 * Is there a line, since log_open() or the last call, that contains all these
 * words? The list ends with NULL.
 */
bool log_has(int log, const char *const words[]);

#endif /* LOG_H */
