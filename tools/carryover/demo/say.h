/* SPDX-License-Identifier: GPL-2.0-only */
/* Output for people: aligned lines, and checks that are counted. */
#ifndef SAY_H
#define SAY_H

#include <stdbool.h>

/* A headline. */
void say_head(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A line: what, and its value. */
void say(const char *what, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The same with a verdict in front. Returns @ok. */
bool say_check(bool ok, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A call of the library that had to work. Returns whether it did. */
bool say_done(int ret, const char *what);

/* How many verdicts were bad. */
unsigned int say_failures(void);

#endif /* SAY_H */
