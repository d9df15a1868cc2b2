/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Assertions of the test programs.
 *
 * CHECK() and FAILS() note a failure and go on; MUST() and WORKS() end the
 * program, for nothing after them would make sense. A program ends with
 * "return test_result();".
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdbool.h>

/* The condition holds. */
#define CHECK(condition) \
	test_check(condition, false, #condition, __FILE__, __LINE__)

/* The condition holds, or there is no point in going on. */
#define MUST(condition) \
	test_check(condition, true, #condition, __FILE__, __LINE__)

/* The call of the library succeeds; its result. */
#define WORKS(call) test_works(call, #call, __FILE__, __LINE__)

/* The call of the library fails, and with this errno. */
#define FAILS(call, err) test_fails(call, err, #call, __FILE__, __LINE__)

/* Two numbers are the same. */
#define SAME(a, b) \
	test_same((long long)(a), (long long)(b), #a, #b, __FILE__, __LINE__)

/* Say what comes next. */
void test_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A clock that only goes forward. */
long long test_now_us(void);

/* 0 if nothing failed, 1 otherwise: the exit code. */
int test_result(void);

/* Behind the macros. */
bool test_check(bool ok, bool fatal, const char *what, const char *file,
		int line);
int test_works(int ret, const char *what, const char *file, int line);
void test_fails(int ret, int err, const char *what, const char *file,
		int line);
void test_same(long long a, long long b, const char *what, const char *as,
	       const char *file, int line);

#endif /* HARNESS_H */
