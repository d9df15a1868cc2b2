/* SPDX-License-Identifier: GPL-2.0-only */
/* The base's harness; a kernel that checks itself needs longer for some tests. */
#ifndef CARRYOVER_KSELFTEST_HARNESS_H
#define CARRYOVER_KSELFTEST_HARNESS_H

#include_next <kselftest_harness.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 150	/* seconds */

#endif
