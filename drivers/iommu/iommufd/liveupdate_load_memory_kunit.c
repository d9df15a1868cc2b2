// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory nodes of a hostile handover (invariant I4): each is wrong in
 * one point, and nothing of it is restored.
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/liveupdate_kunit.h>
#include <linux/log2.h>
#include <linux/mm.h>

#include "liveupdate_load.h"

/* What a case spoils: a node of one page, and a second run of none. */
struct memory {
	unsigned int unit;
	unsigned int order;	/* that the pages were preserved with */
	u64 page_size;
	u64 size;
	struct iommufd_run_ser run[2];
	size_t bytes;
	bool both;	/* the second page is preserved, too */
};

static void m_good(struct memory *m)
{
}

static void m_two_runs(struct memory *m)
{
	m->run[1] = m->run[0];
	m->run[1].page = cpu_to_be64(1);
	m->bytes = sizeof(m->run);
	m->size = 2 * PAGE_SIZE;
}

static void m_ragged(struct memory *m)
{
	m->bytes -= 4;
}

static void m_no_size(struct memory *m)
{
	m->size = 0;
}

static void m_unaligned(struct memory *m)
{
	m->size = PAGE_SIZE + 1;
}

static void m_too_large(struct memory *m)
{
	m->size = BIT_ULL(63);
}

static void m_empty_run(struct memory *m)
{
	m->run[0].npages = 0;
}

static void m_behind_end(struct memory *m)
{
	m_two_runs(m);
	m->size = PAGE_SIZE;
}

static void m_page_overflows(struct memory *m)
{
	m->run[0].page = cpu_to_be64(U64_MAX);
}

static void m_pfn_overflows(struct memory *m)
{
	m->run[0].pfn = cpu_to_be64(U64_MAX);
}

static void m_pfn_out_of_range(struct memory *m)
{
	m->run[0].pfn = cpu_to_be64(BIT_ULL(51 - PAGE_SHIFT));
}

static void m_backwards(struct memory *m)
{
	m_two_runs(m);
	swap(m->run[0].page, m->run[1].page);
}

static void m_hole(struct memory *m)
{
	m->run[0].page = cpu_to_be64(1);
	m->size = 2 * PAGE_SIZE;
}

static void m_short(struct memory *m)
{
	m->size = 2 * PAGE_SIZE;
}

static void m_not_preserved(struct memory *m)
{
	be64_add_cpu(&m->run[0].pfn, 1);
}

static void m_longer(struct memory *m)
{
	m->run[0].npages = cpu_to_be64(2);
	m->size = 2 * PAGE_SIZE;
}

/* As where memory of two nodes meets: a run of smaller pieces than it could be. */
static void m_pieces(struct memory *m)
{
	m_longer(m);
	m->both = true;
}

static void m_other_unit(struct memory *m)
{
	m->unit = 1;
}

static void m_no_page_size(struct memory *m)
{
	m->page_size = 0;
}

static void m_odd_page_size(struct memory *m)
{
	m_longer(m);
	m->both = true;
	m->page_size = PAGE_SIZE + PAGE_SIZE / 2;
}

static void m_tiny_page_size(struct memory *m)
{
	m->page_size = PAGE_SIZE / 2;
}

static void m_huge(struct memory *m)
{
	m_longer(m);
	m->order = 1;
	m->page_size = 2 * PAGE_SIZE;
}

static void m_huge_of_small(struct memory *m)
{
	m_pieces(m);
	m->page_size = 2 * PAGE_SIZE;
}

static void m_huge_half(struct memory *m)
{
	m_huge(m);
	m->run[0].npages = cpu_to_be64(1);
	m->size = PAGE_SIZE;
}

static void m_huge_too_large(struct memory *m)
{
	m_huge(m);
	m->page_size = 4 * PAGE_SIZE;
}

static const struct memory_case {
	const char *name;
	void (*spoil)(struct memory *m);
	int rc;
} memory_cases[] = {
	{ "good", m_good, 0 },
	{ "a run preserved in pieces", m_pieces, 0 },
	{ "a huge page", m_huge, 0 },
	{ "a number that is missing", m_other_unit, -EBADMSG },
	{ "no page size", m_no_page_size, -EBADMSG },
	{ "a page size that is no power of two", m_odd_page_size, -EBADMSG },
	{ "a page size below the CPU's", m_tiny_page_size, -EBADMSG },
	{ "a huge page preserved as small ones", m_huge_of_small, -EBADMSG },
	{ "half a huge page", m_huge_half, -EBADMSG },
	{ "a huge page larger than preserved", m_huge_too_large, -EBADMSG },
	{ "one page twice", m_two_runs, -EBADMSG },
	{ "runs cut off", m_ragged, -EBADMSG },
	{ "no size", m_no_size, -EBADMSG },
	{ "size not aligned", m_unaligned, -EBADMSG },
	{ "size too large", m_too_large, -EBADMSG },
	{ "empty run", m_empty_run, -EBADMSG },
	{ "run behind the end", m_behind_end, -EBADMSG },
	{ "run with a page that overflows", m_page_overflows, -EBADMSG },
	{ "run with a frame that overflows", m_pfn_overflows, -EBADMSG },
	{ "run out of memory's range", m_pfn_out_of_range, -EBADMSG },
	{ "runs out of order", m_backwards, -EBADMSG },
	{ "a hole", m_hole, -EBADMSG },
	{ "fewer pages than the size says", m_short, -EBADMSG },
	{ "page not preserved", m_not_preserved, -EBADMSG },
	{ "more pages than preserved", m_longer, -EBADMSG },
};

KUNIT_ARRAY_PARAM_DESC(memory, memory_cases, name);

static void add_memory_node(struct liveupdate_blob *blob, const struct memory *m)
{
	liveupdate_blob_begin(blob, "memory", m->unit);
	liveupdate_blob_add_u64(blob, "page-size", m->page_size);
	liveupdate_blob_add_u64(blob, "size", m->size);
	liveupdate_blob_add(blob, "runs", m->run, m->bytes);
	liveupdate_blob_end(blob);
}

static void write_memory(struct kunit *test, struct liveupdate_blob *blob,
			 const struct memory *m)
{
	KUNIT_ASSERT_EQ(test, liveupdate_blob_new(blob, "test"), 0);
	add_memory_node(blob, m);
	KUNIT_ASSERT_EQ(test, liveupdate_blob_finish(blob), 0);
}

static void test_memory(struct kunit *test)
{
	const struct memory_case *c = test->param_value;
	/* Two pages, so that the one behind the first is no stranger's. */
	struct page *page = alloc_pages(GFP_KERNEL, 1);
	struct iommufd_load load = {};
	struct memory m = { .page_size = PAGE_SIZE, .size = PAGE_SIZE,
			    .bytes = sizeof(m.run[0]) };

	KUNIT_ASSERT_NOT_NULL(test, page);
	m.run[0].pfn = cpu_to_be64(page_to_pfn(page));
	m.run[0].npages = cpu_to_be64(1);
	c->spoil(&m);
	write_memory(test, &load.blob, &m);
	iommufd_luo_load_init(&load);
	page->private = FAKE_PRESERVED | m.order;
	page[1].private = m.both ? FAKE_PRESERVED : 0;
	KUNIT_EXPECT_EQ(test, iommufd_luo_load_read_memory(&load), c->rc);
	/* Reading changes nothing. */
	KUNIT_EXPECT_EQ(test, page->private, FAKE_PRESERVED | m.order);
	page->private = 0;
	page[1].private = 0;
	xa_destroy(&load.seen);
	iommufd_luo_load_free(&load);
	liveupdate_blob_free(&load.blob, 0);
	__free_pages(page, 1);
}

/* So many memories of one page each. */
static int read_memories(struct kunit *test, struct page *page, unsigned int n)
{
	struct memory m = { .page_size = PAGE_SIZE, .size = PAGE_SIZE,
			    .bytes = sizeof(m.run[0]) };
	struct iommufd_load load = {};
	int rc;

	KUNIT_ASSERT_EQ(test, liveupdate_blob_new(&load.blob, "test"), 0);
	m.run[0].npages = cpu_to_be64(1);
	for (m.unit = 0; m.unit < n; m.unit++) {
		m.run[0].pfn = cpu_to_be64(page_to_pfn(page) + m.unit);
		add_memory_node(&load.blob, &m);
	}
	KUNIT_ASSERT_EQ(test, liveupdate_blob_finish(&load.blob), 0);
	iommufd_luo_load_init(&load);
	rc = iommufd_luo_load_read_memory(&load);
	xa_destroy(&load.seen);
	iommufd_luo_load_free(&load);
	liveupdate_blob_free(&load.blob, 0);
	return rc;
}

static void test_too_many(struct kunit *test)
{
	unsigned int order = order_base_2(IOMMUFD_LOAD_MEMORIES + 1);
	struct page *page = alloc_pages(GFP_KERNEL, order);

	KUNIT_ASSERT_NOT_NULL(test, page);
	for (unsigned int i = 0; i < 1U << order; i++)
		page[i].private = FAKE_PRESERVED;
	KUNIT_EXPECT_EQ(test, read_memories(test, page, IOMMUFD_LOAD_MEMORIES),
			0);
	KUNIT_EXPECT_EQ(test,
			read_memories(test, page, IOMMUFD_LOAD_MEMORIES + 1),
			-EBADMSG);
	for (unsigned int i = 0; i < 1U << order; i++)
		page[i].private = 0;
	__free_pages(page, order);
}

static struct kunit_case iommufd_liveupdate_memory_cases[] = {
	KUNIT_CASE_PARAM(test_memory, memory_gen_params),
	KUNIT_CASE(test_too_many),
	{}
};

static struct kunit_suite iommufd_liveupdate_memory_suite = {
	.name = "iommufd-liveupdate-memory",
	.test_cases = iommufd_liveupdate_memory_cases,
};

kunit_test_suite(iommufd_liveupdate_memory_suite);
