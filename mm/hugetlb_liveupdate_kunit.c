// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memfds of huge pages of a hostile handover (invariant I4): each is wrong
 * in one point, and nothing of it is restored.
 */
#include <kunit/test.h>
#include <linux/fcntl.h>
#include <linux/gfp.h>
#include <linux/liveupdate_kunit.h>
#include <linux/mm.h>

#include "hugetlb_liveupdate.h"

/* Of the pages in the tests: two pages of PAGE_SIZE. */
#define ORDER		1
#define HUGE		(PAGE_SIZE << ORDER)
#define NPAGES		BIT(ORDER)

/* What a case spoils: a file of two huge pages in a run each. */
struct huge {
	u64 page_size;
	u64 size;
	u32 seals;
	u32 noexec;
	struct hugetlb_run_ser run[2];
	size_t bytes;
};

static void h_good(struct huge *h)
{
}

static void h_hole(struct huge *h)
{
	be64_add_cpu(&h->run[1].page, NPAGES);
	h->size += HUGE;
}

static void h_no_pages(struct huge *h)
{
	h->bytes = 0;
}

static void h_size_within_page(struct huge *h)
{
	h->size -= PAGE_SIZE;
}

static void h_too_large(struct huge *h)
{
	h->size = BIT_ULL(63);
}

static void h_unknown_seal(struct huge *h)
{
	h->seals = BIT(31);
}

static void h_noexec(struct huge *h)
{
	h->noexec = 2;
}

static void h_no_page_size(struct huge *h)
{
	h->page_size = 0;
}

static void h_odd_page_size(struct huge *h)
{
	h->page_size = HUGE + PAGE_SIZE;
}

static void h_small_page_size(struct huge *h)
{
	h->page_size = PAGE_SIZE;
}

static void h_larger_page_size(struct huge *h)
{
	h->page_size = 2 * HUGE;
}

static void h_ragged(struct huge *h)
{
	h->bytes -= 4;
}

static void h_empty_run(struct huge *h)
{
	h->run[1].npages = 0;
}

static void h_half_run(struct huge *h)
{
	h->run[1].npages = cpu_to_be64(NPAGES / 2);
}

static void h_unaligned_page(struct huge *h)
{
	be64_add_cpu(&h->run[1].page, 1);
}

static void h_unaligned_frame(struct huge *h)
{
	be64_add_cpu(&h->run[1].pfn, 1);
}

static void h_backwards(struct huge *h)
{
	swap(h->run[0].page, h->run[1].page);
}

static void h_twice_in_file(struct huge *h)
{
	h->run[1].page = h->run[0].page;
}

static void h_page_overflows(struct huge *h)
{
	h->run[1].page = cpu_to_be64(-(u64)NPAGES);
}

static void h_behind_all_files(struct huge *h)
{
	h->run[1].page = cpu_to_be64(BIT_ULL(63) >> PAGE_SHIFT);
}

static void h_frame_overflows(struct huge *h)
{
	h->run[1].pfn = cpu_to_be64(-(u64)NPAGES);
}

static void h_frame_out_of_range(struct huge *h)
{
	h->run[1].pfn = cpu_to_be64(BIT_ULL(51 - PAGE_SHIFT));
}

static void h_not_preserved(struct huge *h)
{
	be64_add_cpu(&h->run[1].pfn, NPAGES);
}

static void h_longer(struct huge *h)
{
	h->run[1].npages = cpu_to_be64(2 * NPAGES);
}

static const struct huge_case {
	const char *name;
	void (*spoil)(struct huge *h);
	int rc;
} huge_cases[] = {
	{ "good", h_good, 0 },
	{ "a hole", h_hole, 0 },
	{ "no pages", h_no_pages, 0 },
	{ "ends within a page", h_size_within_page, 0 },
	{ "size too large", h_too_large, -EBADMSG },
	{ "unknown seal", h_unknown_seal, -EBADMSG },
	{ "no flag", h_noexec, -EBADMSG },
	{ "no page size", h_no_page_size, -EBADMSG },
	{ "page size that is no power of two", h_odd_page_size, -EBADMSG },
	{ "page size of the CPU", h_small_page_size, -EBADMSG },
	{ "page size larger than preserved", h_larger_page_size, -EBADMSG },
	{ "runs cut off", h_ragged, -EBADMSG },
	{ "empty run", h_empty_run, -EBADMSG },
	{ "half a huge page", h_half_run, -EBADMSG },
	{ "page not aligned", h_unaligned_page, -EBADMSG },
	{ "frame not aligned", h_unaligned_frame, -EBADMSG },
	{ "runs out of order", h_backwards, -EBADMSG },
	{ "two runs in one place", h_twice_in_file, -EBADMSG },
	{ "page that overflows", h_page_overflows, -EBADMSG },
	{ "page behind all files", h_behind_all_files, -EBADMSG },
	{ "frame that overflows", h_frame_overflows, -EBADMSG },
	{ "frame out of memory's range", h_frame_out_of_range, -EBADMSG },
	{ "page not preserved", h_not_preserved, -EBADMSG },
	{ "more pages than preserved", h_longer, -EBADMSG },
};

KUNIT_ARRAY_PARAM_DESC(huge, huge_cases, name);

static void write_huge(struct kunit *test, struct liveupdate_blob *blob,
		       const struct huge *h)
{
	KUNIT_ASSERT_EQ(test, liveupdate_blob_new(blob, "test"), 0);
	liveupdate_blob_add_u64(blob, "page-size", h->page_size);
	liveupdate_blob_add_u64(blob, "size", h->size);
	liveupdate_blob_add_u64(blob, "pos", 0);
	liveupdate_blob_add_u32(blob, "seals", h->seals);
	liveupdate_blob_add_u32(blob, "noexec", h->noexec);
	liveupdate_blob_add(blob, "runs", h->run, h->bytes);
	KUNIT_ASSERT_EQ(test, liveupdate_blob_finish(blob), 0);
}

static struct hugetlb_run_ser run_of(struct page *page, unsigned int n)
{
	return (struct hugetlb_run_ser) {
		.page = cpu_to_be64(n * NPAGES),
		.pfn = cpu_to_be64(page_to_pfn(page) + n * NPAGES),
		.npages = cpu_to_be64(NPAGES),
	};
}

static void test_huge(struct kunit *test)
{
	const struct huge_case *c = test->param_value;
	/* As many again, so that what is behind the two is no stranger's. */
	struct page *page = alloc_pages(GFP_KERNEL, ORDER + 2);
	struct huge h = {
		.page_size = HUGE, .size = 2 * HUGE, .seals = F_SEAL_SEAL,
		.bytes = sizeof(h.run),
	};
	struct huge_incoming in = {};

	KUNIT_ASSERT_NOT_NULL(test, page);
	for (unsigned int i = 0; i < 2; i++) {
		h.run[i] = run_of(page, i);
		page[i * NPAGES].private = FAKE_PRESERVED | ORDER;
	}
	c->spoil(&h);
	write_huge(test, &in.blob, &h);
	KUNIT_EXPECT_EQ(test, hugetlb_liveupdate_read(&in), c->rc);
	/* Reading changes nothing. */
	for (unsigned int i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, page[i * NPAGES].private,
				FAKE_PRESERVED | ORDER);
		page[i * NPAGES].private = 0;
	}
	liveupdate_blob_free(&in.blob, 0);
	__free_pages(page, ORDER + 2);
}

static struct kunit_case hugetlb_liveupdate_cases[] = {
	KUNIT_CASE_PARAM(test_huge, huge_gen_params),
	{}
};

static struct kunit_suite hugetlb_liveupdate_suite = {
	.name = "hugetlb-liveupdate",
	.test_cases = hugetlb_liveupdate_cases,
};

kunit_test_suite(hugetlb_liveupdate_suite);
