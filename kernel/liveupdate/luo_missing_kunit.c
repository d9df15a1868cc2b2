// SPDX-License-Identifier: GPL-2.0-only
/* Files of the previous kernel that are wrong in one point each (I4). */
#include <kunit/test.h>
#include <linux/io.h>
#include <linux/kho/abi/block.h>
#include <linux/kho/abi/luo.h>
#include <linux/kho/abi/memfd.h>
#include <linux/limits.h>
#include <linux/liveupdate.h>
#include <linux/liveupdate_kunit.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "luo_internal.h"
#include "luo_missing.h"

#define NOBODYS	"carryover,nobodys-v1"

/* The handler of memfds is always there. */
#define KNOWN	MEMFD_LUO_FH_COMPATIBLE

struct block {
	struct kho_block_header_ser header;
	struct luo_file_ser file[];
} __packed;

struct missing {
	struct luo_file_set_ser set;
	struct block *block[2];
	char name[LIVEUPDATE_HNDL_COMPAT_LENGTH];
};

static void fill(struct block *block, u64 count, const char *compatible)
{
	block->header.count = count;
	for (u64 i = 0; i < count; i++)
		strscpy_pad(block->file[i].compatible, compatible);
}

/* Two blocks of files that all have a handler, the second of one file. */
static int missing_init(struct kunit *test)
{
	struct missing *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, m);
	for (int i = 0; i < 2; i++) {
		m->block[i] = (void *)get_zeroed_page(GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, m->block[i]);
		virt_to_page(m->block[i])->private = FAKE_PRESERVED;
	}
	fill(m->block[0], LUO_FILES_PER_BLOCK, KNOWN);
	fill(m->block[1], 1, KNOWN);
	m->block[0]->header.next = virt_to_phys(m->block[1]);
	m->set.files = virt_to_phys(m->block[0]);
	m->set.count = LUO_FILES_PER_BLOCK + 1;
	test->priv = m;
	return 0;
}

static void missing_exit(struct kunit *test)
{
	struct missing *m = test->priv;

	for (int i = 0; m && i < 2 && m->block[i]; i++) {
		virt_to_page(m->block[i])->private = 0;
		free_page((unsigned long)m->block[i]);
	}
}

static bool is_missing(struct missing *m)
{
	return luo_files_missing(&m->set, m->name);
}

static void test_none(struct kunit *test)
{
	struct missing *m = test->priv;

	KUNIT_EXPECT_TRUE(test, luo_file_has_handler(KNOWN));
	KUNIT_EXPECT_FALSE(test, is_missing(m));
	m->set = (struct luo_file_set_ser) {};
	KUNIT_EXPECT_FALSE(test, is_missing(m));
}

static void test_last(struct kunit *test)
{
	struct missing *m = test->priv;

	fill(m->block[1], 1, NOBODYS);
	KUNIT_EXPECT_TRUE(test, is_missing(m));
	KUNIT_EXPECT_STREQ(test, m->name, NOBODYS);
}

/* One that only begins like a known one, and has no end. */
static void test_unterminated(struct kunit *test)
{
	struct missing *m = test->priv;
	char *name = m->block[1]->file[0].compatible;

	memset(name + strlen(KNOWN), 'x',
	       sizeof(m->block[1]->file[0].compatible) - strlen(KNOWN));
	KUNIT_EXPECT_TRUE(test, is_missing(m));
	KUNIT_EXPECT_FALSE(test, luo_is_compatible(m->name));
}

static void test_ring(struct kunit *test)
{
	struct missing *m = test->priv;

	m->block[1]->header.next = m->set.files;
	KUNIT_EXPECT_FALSE(test, is_missing(m));
	m->set.count = U64_MAX;
	KUNIT_EXPECT_FALSE(test, is_missing(m));
}

/* What can't be a block is not looked into. */
static void test_not_a_block(struct kunit *test)
{
	struct missing *m = test->priv;

	fill(m->block[1], 1, NOBODYS);
	m->block[1]->header.count = 0;
	KUNIT_EXPECT_FALSE(test, is_missing(m));
	m->block[1]->header.count = LUO_FILES_PER_BLOCK + 1;
	KUNIT_EXPECT_FALSE(test, is_missing(m));
	m->block[0]->header.next++;
	KUNIT_EXPECT_FALSE(test, is_missing(m));
	m->block[0]->header.next = PAGE_ALIGN_DOWN(U64_MAX >> 1);
	KUNIT_EXPECT_FALSE(test, is_missing(m));
	m->block[0]->header.next = virt_to_phys(m->block[1]);
	m->block[1]->header.count = 1;
	KUNIT_EXPECT_TRUE(test, is_missing(m));
	virt_to_page(m->block[1])->private = 0;
	KUNIT_EXPECT_FALSE(test, is_missing(m));
}

static const char *named(char *name, const char *as)
{
	strscpy_pad(name, as, LIVEUPDATE_HNDL_COMPAT_LENGTH);
	return name;
}

static void test_names(struct kunit *test)
{
	char name[LIVEUPDATE_HNDL_COMPAT_LENGTH] = {};
	static const char * const bad[] = { "", "a b", "../a", "a\n", "a=b",
					    "a*", "\xe4" };

	KUNIT_EXPECT_TRUE(test, luo_is_compatible(named(name, NOBODYS)));
	for (int i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_FALSE(test, luo_is_compatible(named(name, bad[i])));
	memset(name, 'a', sizeof(name));
	KUNIT_EXPECT_FALSE(test, luo_is_compatible(name));
}

static struct kunit_case luo_missing_cases[] = {
	KUNIT_CASE(test_none),
	KUNIT_CASE(test_last),
	KUNIT_CASE(test_unterminated),
	KUNIT_CASE(test_ring),
	KUNIT_CASE(test_not_a_block),
	KUNIT_CASE(test_names),
	{}
};

static struct kunit_suite luo_missing_suite = {
	.name = "liveupdate-missing",
	.init = missing_init,
	.exit = missing_exit,
	.test_cases = luo_missing_cases,
};

kunit_test_suite(luo_missing_suite);
