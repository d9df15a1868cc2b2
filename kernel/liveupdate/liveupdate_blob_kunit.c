// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handover blobs that are wrong in one point each (invariant I4): in the
 * memory they lie in, or in the tree itself. All are refused with the right
 * error, and nothing is touched: what the blob names may be other memory that a
 * device writes to (I1). A good one is taken over and freed.
 *
 * A blob that arrived is made by hand here: pages that read as preserved.
 */
#include <kunit/test.h>
#include <linux/io.h>
#include <linux/libfdt.h>
#include <linux/liveupdate_blob.h>
#include <linux/liveupdate_kunit.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#define LAYOUT		"carryover,test"
#define VALUE		0x0123456789abcdefULL

/* More than one page, so that pages can be missing, swapped, named twice. */
#define PAGES		3
#define FILL		(2 * PAGE_SIZE)

/* How often a page may be taken by somebody else before it counts as leaked. */
#define TRIES		3

/* Properties that are spoiled. */
enum { COMPATIBLE, RELEASE, CHECKSUM, OTHER, PROPERTIES };

static const char *const property_name[PROPERTIES] = {
	[COMPATIBLE] = LIVEUPDATE_BLOB_COMPATIBLE,
	[RELEASE] = LIVEUPDATE_BLOB_RELEASE,
	[CHECKSUM] = LIVEUPDATE_BLOB_CRC32,
	[OTHER] = "value",
};

struct arrived {
	struct liveupdate_blob_ser *ser;
	struct kho_vmalloc_chunk *chunk;
	void *data[PAGES];
	size_t property[PROPERTIES];	/* offsets of their values */
	u64 handle;
};

static void *preserved_page(struct kunit *test)
{
	void *page = (void *)get_zeroed_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	virt_to_page(page)->private = FAKE_PRESERVED;
	return page;
}

/* A byte of the tree, wherever its page lies. */
static u8 *byte(struct arrived *in, size_t offset)
{
	return (u8 *)in->data[offset / PAGE_SIZE] + offset % PAGE_SIZE;
}

static void write_tree(struct kunit *test, struct arrived *in,
		       const char *layout)
{
	u8 *fill = kunit_kzalloc(test, FILL, GFP_KERNEL);
	struct liveupdate_blob blob;

	KUNIT_ASSERT_NOT_NULL(test, fill);
	KUNIT_ASSERT_EQ(test, liveupdate_blob_new(&blob, layout), 0);
	liveupdate_blob_add_u64(&blob, "value", VALUE);
	liveupdate_blob_add(&blob, "fill", fill, FILL);
	KUNIT_ASSERT_EQ(test, liveupdate_blob_finish(&blob), 0);
	liveupdate_blob_seal(&blob);

	for (int i = 0; i < PROPERTIES; i++)
		in->property[i] = fdt_getprop(blob.fdt, 0, property_name[i],
					      NULL) - blob.fdt;
	in->ser->size = fdt_totalsize(blob.fdt);
	KUNIT_ASSERT_LE(test, in->ser->size, PAGES * PAGE_SIZE);
	for (size_t i = 0; i < in->ser->size; i++)
		*byte(in, i) = ((u8 *)blob.fdt)[i];
	liveupdate_blob_unpreserve(&blob);
}

static void arrive(struct kunit *test, struct arrived *in)
{
	in->ser = preserved_page(test);
	in->chunk = preserved_page(test);
	for (int i = 0; i < PAGES; i++) {
		in->data[i] = preserved_page(test);
		in->chunk->phys[i] = virt_to_phys(in->data[i]);
	}
	in->ser->magic = LIVEUPDATE_BLOB_MAGIC;
	in->ser->memory.first.phys = virt_to_phys(in->chunk);
	in->ser->memory.total_pages = PAGES;
	in->handle = virt_to_phys(in->ser);
	write_tree(test, in, LAYOUT);
}

static void each_page(struct arrived *in, void (*fn)(struct page *page))
{
	fn(virt_to_page(in->ser));
	fn(virt_to_page(in->chunk));
	for (int i = 0; i < PAGES; i++)
		fn(virt_to_page(in->data[i]));
}

static void free_preserved(struct page *page)
{
	page->private = 0;
	__free_page(page);
}

/* Restoring a page counts it as memory of this kernel, which it was already. */
static void count_back(struct page *page)
{
	adjust_managed_page_count(page, -1);
}

static unsigned int pages_kept;

static void count_kept(struct page *page)
{
	pages_kept += page_count(page) == 1 && page->private == FAKE_PRESERVED;
}

static unsigned int kept(struct arrived *in)
{
	pages_kept = 0;
	each_page(in, count_kept);
	return pages_kept;
}

static unsigned int pages_in_use;

static void count_in_use(struct page *page)
{
	pages_in_use += page_count(page) == 1;
}

static unsigned int in_use(struct arrived *in)
{
	pages_in_use = 0;
	each_page(in, count_in_use);
	return pages_in_use;
}

/* ------------------------------------------------------ wrong in the memory */

static void m_handle_odd(struct arrived *in)
{
	in->handle += 8;
}

static void m_handle_not_preserved(struct arrived *in)
{
	virt_to_page(in->ser)->private = 0;
}

static void m_handle_out_of_range(struct arrived *in)
{
	in->handle = BIT_ULL(51);
}

static void m_magic(struct arrived *in)
{
	in->ser->magic++;
}

static void m_no_pages(struct arrived *in)
{
	in->ser->memory.total_pages = 0;
}

static void m_no_chunk(struct arrived *in)
{
	in->ser->memory.first.phys = 0;
}

static void m_too_many_pages(struct arrived *in)
{
	in->ser->memory.total_pages = UINT_MAX;
}

static void m_more_pages(struct arrived *in)
{
	in->ser->memory.total_pages = PAGES - 1;
}

static void m_fewer_pages(struct arrived *in)
{
	in->chunk->phys[PAGES - 1] = 0;
}

static void m_order(struct arrived *in)
{
	in->ser->memory.order = 9;
}

static void m_chunk_odd(struct arrived *in)
{
	in->ser->memory.first.phys += sizeof(u64);
}

static void m_chunk_not_preserved(struct arrived *in)
{
	virt_to_page(in->chunk)->private = 0;
}

static void m_chunk_out_of_range(struct arrived *in)
{
	in->ser->memory.first.phys = BIT_ULL(51);
}

static void m_chunk_is_next(struct arrived *in)
{
	in->chunk->hdr.next.phys = virt_to_phys(in->chunk);
}

static void m_chunk_is_handle(struct arrived *in)
{
	in->chunk->hdr.next.phys = in->handle;
}

static void m_page_odd(struct arrived *in)
{
	in->chunk->phys[1] |= 1;
}

static void m_page_not_preserved(struct arrived *in)
{
	virt_to_page(in->data[1])->private = 0;
}

static void m_page_out_of_range(struct arrived *in)
{
	in->chunk->phys[1] = BIT_ULL(51);
}

static void m_page_twice(struct arrived *in)
{
	in->chunk->phys[1] = in->chunk->phys[0];
}

static void m_page_is_chunk(struct arrived *in)
{
	in->chunk->phys[1] = virt_to_phys(in->chunk);
}

static void m_page_is_handle(struct arrived *in)
{
	in->chunk->phys[1] = in->handle;
}

struct blob_case {
	const char *name;
	void (*spoil)(struct arrived *in);
	int rc;
};

static const struct blob_case memory_cases[] = {
	{ "handle not aligned", m_handle_odd, -EBADMSG },
	{ "handle not preserved", m_handle_not_preserved, -EBADMSG },
	{ "handle out of range", m_handle_out_of_range, -EBADMSG },
	{ "handle of something else", m_magic, -EBADMSG },
	{ "no pages", m_no_pages, -EBADMSG },
	{ "no list of pages", m_no_chunk, -EBADMSG },
	{ "a number of pages that overflows", m_too_many_pages, -EBADMSG },
	{ "more pages than said", m_more_pages, -EBADMSG },
	{ "fewer pages than said", m_fewer_pages, -EBADMSG },
	{ "pages of another order", m_order, -EBADMSG },
	{ "list not aligned", m_chunk_odd, -EBADMSG },
	{ "list not preserved", m_chunk_not_preserved, -EBADMSG },
	{ "list out of range", m_chunk_out_of_range, -EBADMSG },
	{ "list that follows itself", m_chunk_is_next, -EBADMSG },
	{ "list in the handle's page", m_chunk_is_handle, -EBADMSG },
	{ "page not aligned", m_page_odd, -EBADMSG },
	{ "page not preserved", m_page_not_preserved, -EBADMSG },
	{ "page out of range", m_page_out_of_range, -EBADMSG },
	{ "page named twice", m_page_twice, -EBADMSG },
	{ "page that is the list", m_page_is_chunk, -EBADMSG },
	{ "page that is the handle's", m_page_is_handle, -EBADMSG },
};

/* -------------------------------------------------------- wrong in the tree */

static struct fdt_header *header(struct arrived *in)
{
	return in->data[0];
}

static void t_size_zero(struct arrived *in)
{
	in->ser->size = 0;
}

static void t_size_less(struct arrived *in)
{
	in->ser->size -= 4;
}

static void t_size_more(struct arrived *in)
{
	in->ser->size += 4;
}

static void t_size_overflows(struct arrived *in)
{
	in->ser->size = U32_MAX;
}

/* Header and descriptor agree on what is not there. */
static void t_both_sizes_overflow(struct arrived *in)
{
	in->ser->size = U32_MAX;
	fdt_set_totalsize(header(in), U32_MAX);
}

static void t_past_last_page(struct arrived *in)
{
	in->ser->size = PAGES * PAGE_SIZE + 4;
	fdt_set_totalsize(header(in), in->ser->size);
}

static void t_truncated(struct arrived *in)
{
	in->ser->size = PAGE_SIZE;
	fdt_set_totalsize(header(in), PAGE_SIZE);
}

static void t_no_fdt(struct arrived *in)
{
	fdt_set_magic(header(in), 0);
}

static void t_struct_past_end(struct arrived *in)
{
	fdt_set_off_dt_struct(header(in), in->ser->size);
}

static void t_struct_overflows(struct arrived *in)
{
	fdt_set_size_dt_struct(header(in), U32_MAX - 3);
}

static void t_strings_past_end(struct arrived *in)
{
	fdt_set_off_dt_strings(header(in), in->ser->size + 1);
}

static void t_no_nodes(struct arrived *in)
{
	size_t at = fdt_off_dt_struct(header(in));

	for (size_t i = 0; i < 4; i++)
		*byte(in, at + i) = i == 3 ? FDT_END : 0;
}

static void flip(struct arrived *in, size_t offset)
{
	*byte(in, offset) ^= 1;
}

/* In the middle of "fill", which no check of the tree looks at. */
static void t_content(struct arrived *in)
{
	flip(in, FILL);
}

/* The reservation block before the tree is under the checksum, too. */
static void t_before_tree(struct arrived *in)
{
	flip(in, fdt_off_mem_rsvmap(header(in)));
}

static void t_checksum(struct arrived *in)
{
	flip(in, in->property[CHECKSUM]);
}

/* Length and name stand before the value: give @to the name of @from. */
static void rename_property(struct arrived *in, int to, int from)
{
	for (int i = 1; i <= 4; i++)
		*byte(in, in->property[to] - i) =
			*byte(in, in->property[from] - i);
}

static void t_no_checksum(struct arrived *in)
{
	rename_property(in, CHECKSUM, OTHER);
}

static void t_checksum_short(struct arrived *in)
{
	*byte(in, in->property[CHECKSUM] - 5) = 3;
}

static void t_layout(struct arrived *in)
{
	flip(in, in->property[COMPATIBLE]);
}

static void t_layout_longer(struct arrived *in)
{
	*byte(in, in->property[COMPATIBLE] + sizeof(LAYOUT) - 1) = '2';
}

static void t_no_layout(struct arrived *in)
{
	rename_property(in, COMPATIBLE, RELEASE);
}

static const struct blob_case tree_cases[] = {
	{ "size 0", t_size_zero, -EBADMSG },
	{ "size less than the tree's", t_size_less, -EBADMSG },
	{ "size more than the tree's", t_size_more, -EBADMSG },
	{ "size that overflows", t_size_overflows, -EBADMSG },
	{ "two sizes that overflow", t_both_sizes_overflow, -EBADMSG },
	{ "tree past the last page", t_past_last_page, -EBADMSG },
	{ "tree cut off", t_truncated, -EBADMSG },
	{ "no tree", t_no_fdt, -EBADMSG },
	{ "nodes past the end", t_struct_past_end, -EBADMSG },
	{ "nodes of a size that overflows", t_struct_overflows, -EBADMSG },
	{ "names past the end", t_strings_past_end, -EBADMSG },
	{ "no root node", t_no_nodes, -EPROTO },
	{ "content changed", t_content, -EBADMSG },
	{ "reservations changed", t_before_tree, -EBADMSG },
	{ "wrong checksum", t_checksum, -EBADMSG },
	{ "no checksum", t_no_checksum, -EBADMSG },
	{ "checksum of 3 bytes", t_checksum_short, -EBADMSG },
	{ "wrong compatible", t_layout, -EPROTO },
	{ "compatible with the beginning only", t_layout_longer, -EPROTO },
	{ "no compatible", t_no_layout, -EPROTO },
};

/* ------------------------------------------------------------------- tests */

KUNIT_ARRAY_PARAM_DESC(memory, memory_cases, name);
KUNIT_ARRAY_PARAM_DESC(tree, tree_cases, name);

static void test_refused(struct kunit *test)
{
	const struct blob_case *c = test->param_value;
	struct liveupdate_blob blob;
	unsigned int before;
	struct arrived in;

	arrive(test, &in);
	c->spoil(&in);
	before = kept(&in);
	/* A refusal is final: the second is the same. */
	for (int i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, liveupdate_blob_restore(&blob, in.handle,
							      LAYOUT), c->rc);
		KUNIT_EXPECT_NULL(test, blob.fdt);
	}
	KUNIT_EXPECT_EQ(test, in_use(&in), PAGES + 2);
	KUNIT_EXPECT_EQ(test, kept(&in), before);
	each_page(&in, free_preserved);
}

static void check_content(struct kunit *test, struct liveupdate_blob *blob)
{
	u64 value = 0;
	size_t len;

	KUNIT_EXPECT_EQ(test, liveupdate_blob_get_u64(blob, 0, "value", &value),
			0);
	KUNIT_EXPECT_EQ(test, value, VALUE);
	KUNIT_EXPECT_NOT_NULL(test, liveupdate_blob_get(blob, 0, "fill", &len));
	KUNIT_EXPECT_EQ(test, len, FILL);
}

/* The number of pages that are not free afterwards. */
static unsigned int restore_good(struct kunit *test)
{
	struct liveupdate_blob blob;
	struct arrived in;
	unsigned int left;

	arrive(test, &in);
	KUNIT_ASSERT_EQ(test, liveupdate_blob_restore(&blob, in.handle, LAYOUT),
			0);
	check_content(test, &blob);
	liveupdate_blob_free(&blob, in.handle);
	left = in_use(&in);
	each_page(&in, count_back);
	KUNIT_EXPECT_NULL(test, blob.fdt);
	return left;
}

static void test_good(struct kunit *test)
{
	unsigned int left = 1;

	for (int i = 0; i < TRIES && left; i++)
		left = restore_good(test);
	KUNIT_EXPECT_EQ(test, left, 0);
}

static u32 checksum(const struct liveupdate_blob *blob)
{
	return fdt32_to_cpu(*(const fdt32_t *)fdt_getprop(blob->fdt, 0,
							  LIVEUPDATE_BLOB_CRC32,
							  NULL));
}

/* Patched or written before it was sealed: one checksum. */
static void test_patch(struct kunit *test)
{
	static const u8 bytes[] = { 0xff, 0x01, 0x80, 0x00, 0x5a };
	u8 *fill = kunit_kzalloc(test, FILL, GFP_KERNEL);
	struct liveupdate_blob blob;
	size_t len;
	u8 *at;

	KUNIT_ASSERT_NOT_NULL(test, fill);
	KUNIT_ASSERT_EQ(test, liveupdate_blob_new(&blob, LAYOUT), 0);
	liveupdate_blob_add(&blob, "fill", fill, FILL);
	KUNIT_ASSERT_EQ(test, liveupdate_blob_finish(&blob), 0);
	liveupdate_blob_seal(&blob);
	at = (u8 *)liveupdate_blob_get(&blob, 0, "fill", &len);
	for (size_t n = 1; n <= sizeof(bytes); n++) {
		/* At the start, somewhere, at the end, and over what was there. */
		size_t offset = n == 1 ? 0 : n == 2 ? FILL / 3 : FILL - n;
		u32 patched;

		liveupdate_blob_patch(&blob, at + offset, bytes, n);
		KUNIT_EXPECT_EQ(test, memcmp(at + offset, bytes, n), 0);
		patched = checksum(&blob);
		liveupdate_blob_seal(&blob);
		KUNIT_EXPECT_EQ(test, patched, checksum(&blob));
	}
	liveupdate_blob_unpreserve(&blob);
}

static struct kunit_case liveupdate_blob_cases[] = {
	KUNIT_CASE_PARAM(test_refused, memory_gen_params),
	KUNIT_CASE_PARAM(test_refused, tree_gen_params),
	KUNIT_CASE(test_good),
	KUNIT_CASE(test_patch),
	{}
};

static struct kunit_suite liveupdate_blob_suite = {
	.name = "liveupdate-blob",
	.test_cases = liveupdate_blob_cases,
};

kunit_test_suite(liveupdate_blob_suite);
