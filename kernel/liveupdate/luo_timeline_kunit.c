// SPDX-License-Identifier: GPL-2.0-only
/* Events of the previous kernel that are wrong in one point each (I4). */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "luo_timeline_ring.h"

#define NOW	1000000ULL

static const struct liveupdate_timeline_event good = {
	.begin = NOW - 10,
	.end = NOW,
	.result = -5,
	.phase = LIVEUPDATE_PHASE_MARK,
	.object = "0000:00:01.0",
};

static void test_good(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, luo_timeline_event_is_sane(&good, NOW));
}

static void test_phase(struct kunit *test)
{
	struct liveupdate_timeline_event event = good;

	event.phase = LIVEUPDATE_PHASES;
	KUNIT_EXPECT_FALSE(test, luo_timeline_event_is_sane(&event, NOW));
	event.phase = U32_MAX;
	KUNIT_EXPECT_FALSE(test, luo_timeline_event_is_sane(&event, NOW));
}

static void test_times(struct kunit *test)
{
	struct liveupdate_timeline_event event = good;

	event.end = NOW + 1;
	KUNIT_EXPECT_FALSE(test, luo_timeline_event_is_sane(&event, NOW));
	event.end = event.begin - 1;
	KUNIT_EXPECT_FALSE(test, luo_timeline_event_is_sane(&event, NOW));
	event.begin = 0;
	event.end = 0;
	KUNIT_EXPECT_TRUE(test, luo_timeline_event_is_sane(&event, NOW));
	KUNIT_EXPECT_FALSE(test, luo_timeline_event_is_sane(&event, U64_MAX));
}

static void test_object(struct kunit *test)
{
	struct liveupdate_timeline_event event = good;

	event.object[0] = '\n';
	KUNIT_EXPECT_FALSE(test, luo_timeline_event_is_sane(&event, NOW));
	event.object[0] = 0xe4;
	KUNIT_EXPECT_FALSE(test, luo_timeline_event_is_sane(&event, NOW));
	memset(event.object, 'x', sizeof(event.object));
	KUNIT_EXPECT_FALSE(test, luo_timeline_event_is_sane(&event, NOW));
	event.object[sizeof(event.object) - 1] = 0;
	KUNIT_EXPECT_TRUE(test, luo_timeline_event_is_sane(&event, NOW));
}

static struct kunit_case luo_timeline_cases[] = {
	KUNIT_CASE(test_good),
	KUNIT_CASE(test_phase),
	KUNIT_CASE(test_times),
	KUNIT_CASE(test_object),
	{}
};

static struct kunit_suite luo_timeline_suite = {
	.name = "liveupdate-timeline",
	.test_cases = luo_timeline_cases,
};

kunit_test_suite(luo_timeline_suite);
