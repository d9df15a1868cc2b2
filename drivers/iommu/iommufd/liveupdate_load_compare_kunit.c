// SPDX-License-Identifier: GPL-2.0-only
/*
 * The physical address behind every IOVA is what it was (invariant I2): a
 * table is refused when one leaf, of any size, shows other memory than what is
 * pinned for it, at its start, in the middle or at its end.
 */
#include <kunit/test.h>
#include <linux/generic_pt/liveupdate.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "io_pagetable.h"
#include "liveupdate_kunit.h"
#include "liveupdate_load.h"

#define ENTRY_SIZED	ENTRY_LEVEL(7)
#define LEAF		(ENTRY_PRESENT | ENTRY_RW)

#define PINS	3	/* of a part: its first page, its last one, and between */
#define PARTS	4

/* What an area shows, by leaves of one size. */
static const struct part {
	u64 iova;
	u64 bytes;
	u64 pa;
} parts[PARTS] = {
	{ 0, 4 * SZ_4K, 0x100000000 },
	{ SZ_32K, SZ_8K, 0x200000000 },
	{ SZ_2M, SZ_2M, 0x300000000 },
	{ SZ_1G, SZ_1G, 0x400000000 },
};

struct compare {
	u64 *table[3];
	struct iommufd_load load;
	struct iommufd_load_table hwpt;
	struct iommufd_load_ioas li;
	struct iommufd_load_area areas[PARTS + 1];
	struct iopt_area area[PARTS + 1];
	struct iommufd_load_pages pages[PARTS];
	struct iommufd_load_pin pins[PARTS][PINS];
};

static void make_table(struct kunit *test, struct compare *c)
{
	for (int i = 0; i < 3; i++) {
		c->table[i] = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, c->table[i]);
	}
	c->table[2][0] = LEAF | ENTRY_LEVEL(2) | virt_to_phys(c->table[1]);
	c->table[1][0] = LEAF | ENTRY_LEVEL(1) | virt_to_phys(c->table[0]);
	for (int i = 0; i < 4; i++)
		c->table[0][i] = LEAF | (parts[0].pa + i * SZ_4K);
	for (int i = 8; i < 10; i++)
		c->table[0][i] = LEAF | ENTRY_SIZED | parts[1].pa;
	c->table[1][1] = LEAF | parts[2].pa;
	c->table[2][1] = LEAF | parts[3].pa;
	c->hwpt.ser = (struct pt_amdv1_ser) {
		.top_phys = virt_to_phys(c->table[2]),
		.top_level = 2,
		.nr_tables = 3,
	};
}

/* As if each piece had been found at another time. */
static void make_pins(struct compare *c, unsigned int n)
{
	unsigned long pages = parts[n].bytes / PAGE_SIZE;
	unsigned long pfn = PHYS_PFN(parts[n].pa);
	struct iommufd_load_pin *pins = c->pins[n];

	pins[0] = (struct iommufd_load_pin) { 0, pfn, 1 };
	pins[1] = (struct iommufd_load_pin) { 1, pfn + 1, pages - 2 };
	pins[2] = (struct iommufd_load_pin) { pages - 1, pfn + pages - 1, 1 };
	c->pages[n].pins = pins;
	c->pages[n].nr_pins = PINS;
	if (pages > 2)
		return;
	pins[1] = pins[2];
	c->pages[n].nr_pins = 2;
}

static void make_area(struct compare *c, unsigned int n)
{
	c->area[n].node.start = parts[n].iova;
	c->area[n].node.last = parts[n].iova + parts[n].bytes - 1;
	c->areas[n] = (struct iommufd_load_area) {
		.area = &c->area[n], .pages = n,
	};
}

static struct compare *make(struct kunit *test)
{
	struct compare *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	make_table(test, c);
	for (unsigned int n = 0; n < PARTS; n++) {
		make_pins(c, n);
		make_area(c, n);
	}
	c->li = (struct iommufd_load_ioas) { .nr = PARTS };
	c->load.pages = c->pages;
	c->load.areas = c->areas;
	c->load.ioas = &c->li;
	c->load.tables = &c->hwpt;
	c->load.nr_tables = 1;
	return c;
}

static void test_same(struct kunit *test)
{
	struct compare *c = make(test);

	KUNIT_EXPECT_EQ(test, iommufd_luo_load_compare(&c->load), 0);
}

static void test_wrong_leaf(struct kunit *test)
{
	struct compare *c = make(test);

	for (unsigned int n = 0; n < PARTS; n++)
		for (unsigned int i = 0; i < c->pages[n].nr_pins; i++) {
			c->pins[n][i].pfn ^= 1UL << 20;
			KUNIT_EXPECT_EQ_MSG(test,
					    iommufd_luo_load_compare(&c->load),
					    -EBADMSG, "part %u, pin %u", n, i);
			c->pins[n][i].pfn ^= 1UL << 20;
		}
	KUNIT_EXPECT_EQ(test, iommufd_luo_load_compare(&c->load), 0);
}

/* Shows the same memory, but no area that was mapped looks like that. */
static void test_leaf_of_two_areas(struct kunit *test)
{
	struct compare *c = make(test);

	for (unsigned int n = 1; n < PARTS; n++) {
		u64 half = parts[n].bytes / 2;

		memmove(&c->areas[n + 1], &c->areas[n],
			(PARTS - n) * sizeof(c->areas[0]));
		c->area[PARTS] = c->area[n];
		c->area[PARTS].node.start += half;
		c->area[PARTS].pages_node.start = half / PAGE_SIZE;
		c->areas[n + 1].area = &c->area[PARTS];
		c->area[n].node.last -= half;
		c->li.nr = PARTS + 1;
		KUNIT_EXPECT_EQ_MSG(test, iommufd_luo_load_compare(&c->load),
				    -EBADMSG, "part %u", n);
		for (unsigned int i = 0; i < PARTS; i++)
			make_area(c, i);
		c->li.nr = PARTS;
	}
}

static void test_leaf_of_no_area(struct kunit *test)
{
	struct compare *c = make(test);

	for (unsigned int n = 0; n < PARTS; n++) {
		/* Only its last page is shown. */
		c->area[n].node.start = c->area[n].node.last - PAGE_SIZE + 1;
		KUNIT_EXPECT_EQ_MSG(test, iommufd_luo_load_compare(&c->load),
				    -EBADMSG, "part %u", n);
		make_area(c, n);
	}
	c->li.nr = PARTS - 1;
	KUNIT_EXPECT_EQ(test, iommufd_luo_load_compare(&c->load), -EBADMSG);
	c->li.nr = 0;
	KUNIT_EXPECT_EQ(test, iommufd_luo_load_compare(&c->load), -EBADMSG);
}

static struct kunit_case iommufd_liveupdate_compare_cases[] = {
	KUNIT_CASE(test_same),
	KUNIT_CASE(test_wrong_leaf),
	KUNIT_CASE(test_leaf_of_two_areas),
	KUNIT_CASE(test_leaf_of_no_area),
	{}
};

static struct kunit_suite iommufd_liveupdate_compare_suite = {
	.name = "iommufd-liveupdate-compare",
	.test_cases = iommufd_liveupdate_compare_cases,
};

kunit_test_suite(iommufd_liveupdate_compare_suite);
