// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the previous kernel hands over is hostile (invariant I4): contexts
 * that are wrong in one point each are refused with the right error, and
 * nothing of them stays.
 */
#include <kunit/test.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/generic_pt/liveupdate.h>
#include <linux/liveupdate_kunit.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "io_pagetable.h"
#include "liveupdate_kunit.h"
#include "liveupdate_load.h"

#define IOAS	1
#define HWPT	2
#define DEVICE	3
#define SECOND	4	/* HWPT */

/* What a case spoils, beside nodes that it writes itself. */
struct context {
	u32 page_size;
	struct iommufd_file_ser file;
	size_t files;
	struct iommufd_pages_ser pages;
	size_t pages_bytes;
};

static void add_lists(struct liveupdate_blob *blob, const struct context *c)
{
	liveupdate_blob_add_u32(blob, "account-mode", 0);
	liveupdate_blob_add_u32(blob, "page-size", c->page_size);
	liveupdate_blob_add(blob, "files", &c->file, c->files);
	liveupdate_blob_add(blob, "pages", &c->pages, c->pages_bytes);
}

static struct context good(void)
{
	return (struct context) {
		.page_size = PAGE_SIZE,
		.file = {
			.token = cpu_to_be64(7),
			.flags = cpu_to_be32(IOMMUFD_FILE_SER_KNOWN),
		},
		.files = sizeof(struct iommufd_file_ser),
		.pages = { .npages = cpu_to_be64(4) },
		.pages_bytes = sizeof(struct iommufd_pages_ser),
	};
}

static struct iommufd_area_ser area(u64 iova, u64 last, u64 pages, u64 first)
{
	return (struct iommufd_area_ser) {
		.iova = cpu_to_be64(iova),
		.last = cpu_to_be64(last),
		.prot = cpu_to_be32(IOMMU_READ),
		.pages = cpu_to_be64(pages),
		.first_page = cpu_to_be64(first),
	};
}

static void add_ioas(struct liveupdate_blob *blob, u64 id,
		     const struct iommufd_area_ser *areas, size_t bytes)
{
	liveupdate_blob_begin(blob, "ioas", id);
	liveupdate_blob_add_u32(blob, "disable-large-pages", 0);
	liveupdate_blob_add(blob, "allowed", NULL, 0);
	liveupdate_blob_add(blob, "areas", areas, bytes);
	liveupdate_blob_end(blob);
}

static void add_area(struct liveupdate_blob *blob, struct iommufd_area_ser ser)
{
	struct context c = good();

	add_lists(blob, &c);
	add_ioas(blob, IOAS, &ser, sizeof(ser));
}

static void add_none(struct liveupdate_blob *blob)
{
	struct context c = good();

	add_lists(blob, &c);
	add_ioas(blob, IOAS, NULL, 0);
}

static void add_table(struct liveupdate_blob *blob, u32 id, u32 ioas,
		      const struct pt_amdv1_ser *ser)
{
	liveupdate_blob_begin(blob, "hwpt", id);
	liveupdate_blob_add_u32(blob, "ioas", ioas);
	liveupdate_blob_add_u32(blob, "auto", 0);
	liveupdate_blob_add_u64(blob, "top", ser->top_phys);
	liveupdate_blob_add_u64(blob, "mapped", ser->mapped);
	liveupdate_blob_add_u64(blob, "sme-mask", 0);
	liveupdate_blob_add_u32(blob, "features", 0);
	liveupdate_blob_add_u32(blob, "level", ser->top_level);
	liveupdate_blob_add_u32(blob, "vasz", 64);
	liveupdate_blob_add_u32(blob, "oasz", 52);
	liveupdate_blob_add_u32(blob, "tables", ser->nr_tables);
	liveupdate_blob_end(blob);
}

static void add_hwpt(struct liveupdate_blob *blob, u32 ioas, u64 top)
{
	struct pt_amdv1_ser ser = { .top_phys = top, .top_level = 2,
				    .nr_tables = 1 };

	add_table(blob, HWPT, ioas, &ser);
}

static void add_dev(struct liveupdate_blob *blob, u32 hwpt)
{
	liveupdate_blob_begin(blob, "device", DEVICE);
	liveupdate_blob_add_u32(blob, "hwpt", hwpt);
	liveupdate_blob_add_u64(blob, "sbdf", 0x10);
	liveupdate_blob_add_u32(blob, "kept", 1);
	liveupdate_blob_end(blob);
}

static void w_nothing(struct liveupdate_blob *blob)
{
}

static void w_empty(struct liveupdate_blob *blob)
{
	struct context c = { .page_size = PAGE_SIZE };

	add_lists(blob, &c);
}

static void w_good(struct liveupdate_blob *blob)
{
	w_empty(blob);
	add_ioas(blob, IOAS, NULL, 0);
	add_dev(blob, 0);
}

static void w_id_zero(struct liveupdate_blob *blob)
{
	w_empty(blob);
	add_ioas(blob, 0, NULL, 0);
}

static void w_id_huge(struct liveupdate_blob *blob)
{
	w_empty(blob);
	add_ioas(blob, 0x80000000, NULL, 0);
}

static void w_id_twice(struct liveupdate_blob *blob)
{
	w_empty(blob);
	add_ioas(blob, DEVICE, NULL, 0);
	add_dev(blob, 0);
}

static void w_areas_ragged(struct liveupdate_blob *blob)
{
	struct iommufd_area_ser ser = area(0, 0xfff, 0, 0);
	struct context c = good();

	add_lists(blob, &c);
	add_ioas(blob, IOAS, &ser, sizeof(ser) - 4);
}

static void w_area_no_pages(struct liveupdate_blob *blob)
{
	add_area(blob, area(0, 0xfff, 1, 0));
}

static void w_area_backwards(struct liveupdate_blob *blob)
{
	add_area(blob, area(0x2000, 0xfff, 0, 0));
}

static void w_area_too_long(struct liveupdate_blob *blob)
{
	add_area(blob, area(0, 0x4fff, 0, 0));
}

static void w_area_past_end(struct liveupdate_blob *blob)
{
	add_area(blob, area(0, 0xfff, 0, 4));
}

static void w_area_overflow(struct liveupdate_blob *blob)
{
	add_area(blob, area(0, 0x1fff, 0, U64_MAX));
}

static void w_area_may_not_write(struct liveupdate_blob *blob)
{
	struct iommufd_area_ser ser = area(0, 0xfff, 0, 0);

	ser.prot = cpu_to_be32(IOMMU_WRITE);
	add_area(blob, ser);
}

static void w_area_prot(struct liveupdate_blob *blob)
{
	struct iommufd_area_ser ser = area(0, 0xfff, 0, 0);

	ser.prot = cpu_to_be32(~0);
	add_area(blob, ser);
}

static void add_two_areas(struct liveupdate_blob *blob,
			  struct iommufd_area_ser a, struct iommufd_area_ser b)
{
	struct iommufd_area_ser areas[] = { a, b };
	struct context c = good();

	add_lists(blob, &c);
	add_ioas(blob, IOAS, areas, sizeof(areas));
}

static void w_areas_overlap(struct liveupdate_blob *blob)
{
	add_two_areas(blob, area(0, 0x1fff, 0, 0), area(0x1000, 0x1fff, 0, 0));
}

static void w_areas_unordered(struct liveupdate_blob *blob)
{
	add_two_areas(blob, area(0x2000, 0x2fff, 0, 0), area(0, 0xfff, 0, 0));
}

static void w_page_size(struct liveupdate_blob *blob)
{
	struct context c = good();

	c.page_size = 2 * PAGE_SIZE;
	add_lists(blob, &c);
}

static void w_files_ragged(struct liveupdate_blob *blob)
{
	struct context c = good();

	c.files -= 4;
	add_lists(blob, &c);
}

static void w_file_no_token(struct liveupdate_blob *blob)
{
	struct context c = good();

	c.file.flags = 0;
	add_lists(blob, &c);
}

static void w_file_flags(struct liveupdate_blob *blob)
{
	struct context c = good();

	c.file.flags = cpu_to_be32(~0);
	add_lists(blob, &c);
}

static void w_file_reserved(struct liveupdate_blob *blob)
{
	struct context c = good();

	c.file.reserved = cpu_to_be32(1);
	add_lists(blob, &c);
}

static void w_pages_ragged(struct liveupdate_blob *blob)
{
	struct context c = good();

	c.pages_bytes -= 4;
	add_lists(blob, &c);
}

static void w_pages_no_file(struct liveupdate_blob *blob)
{
	struct context c = good();

	c.pages.file = cpu_to_be32(1);
	add_lists(blob, &c);
}

static void w_pages_no_memory(struct liveupdate_blob *blob)
{
	struct context c = good();

	c.pages.flags = cpu_to_be32(IOMMUFD_PAGES_SER_MEMORY);
	add_lists(blob, &c);
}

static void w_pages_flags(struct liveupdate_blob *blob)
{
	struct context c = good();

	c.pages.flags = cpu_to_be32(0x8);
	add_lists(blob, &c);
}

static void w_pages_unaligned(struct liveupdate_blob *blob)
{
	struct context c = good();

	c.pages.start = cpu_to_be64(1);
	add_lists(blob, &c);
}

static void w_pages_none(struct liveupdate_blob *blob)
{
	struct context c = good();

	c.pages.npages = 0;
	add_lists(blob, &c);
}

static void w_pages_overflow(struct liveupdate_blob *blob)
{
	struct context c = good();

	c.pages.npages = cpu_to_be64(U64_MAX / 2);
	add_lists(blob, &c);
}

static void w_pages_too_far(struct liveupdate_blob *blob)
{
	struct context c = good();

	c.pages.start = cpu_to_be64(BIT_ULL(63));
	add_lists(blob, &c);
}

static void w_hwpt_no_ioas(struct liveupdate_blob *blob)
{
	add_none(blob);
	add_hwpt(blob, 9, 0);
}

static void w_hwpt_ioas_is_hwpt(struct liveupdate_blob *blob)
{
	add_none(blob);
	add_hwpt(blob, HWPT, 0);
}

static void w_hwpt_maps_less(struct liveupdate_blob *blob)
{
	add_area(blob, area(0, 0xfff, 0, 0));
	add_hwpt(blob, IOAS, 0);
}

static void w_hwpt_top_out_of_range(struct liveupdate_blob *blob)
{
	add_none(blob);
	add_hwpt(blob, IOAS, BIT_ULL(51));
}

static void w_device_no_hwpt(struct liveupdate_blob *blob)
{
	add_none(blob);
	add_dev(blob, IOAS);
}

static const struct context_case {
	const char *name;
	void (*write)(struct liveupdate_blob *blob);
	int rc;
} context_cases[] = {
	{ "nothing", w_nothing, -EBADMSG },
	{ "empty context", w_empty, 0 },
	{ "IOAS and device", w_good, 0 },
	{ "ID 0", w_id_zero, -EBADMSG },
	{ "ID above 31 bits", w_id_huge, -EBADMSG },
	{ "one ID for two objects", w_id_twice, -EBADMSG },
	{ "areas cut off", w_areas_ragged, -EBADMSG },
	{ "area of pages that are not there", w_area_no_pages, -EBADMSG },
	{ "area that ends before it begins", w_area_backwards, -EBADMSG },
	{ "area longer than its pages", w_area_too_long, -EBADMSG },
	{ "area behind its pages", w_area_past_end, -EBADMSG },
	{ "area with an index that overflows", w_area_overflow, -EBADMSG },
	{ "area that may write what it may not", w_area_may_not_write, -EBADMSG },
	{ "area with unknown protection", w_area_prot, -EBADMSG },
	{ "areas that overlap", w_areas_overlap, -EBADMSG },
	{ "areas out of order", w_areas_unordered, -EBADMSG },
	{ "another page size", w_page_size, -EBADMSG },
	{ "files cut off", w_files_ragged, -EBADMSG },
	{ "file without its token", w_file_no_token, -EBADMSG },
	{ "file with unknown flags", w_file_flags, -EBADMSG },
	{ "file with what is reserved", w_file_reserved, -EBADMSG },
	{ "pages cut off", w_pages_ragged, -EBADMSG },
	{ "pages of a file that is not there", w_pages_no_file, -EBADMSG },
	{ "pages of a memory that is not there", w_pages_no_memory, -EBADMSG },
	{ "pages with unknown flags", w_pages_flags, -EBADMSG },
	{ "pages not aligned", w_pages_unaligned, -EBADMSG },
	{ "pages of no length", w_pages_none, -EBADMSG },
	{ "pages of a length that overflows", w_pages_overflow, -EBADMSG },
	{ "pages behind the end of any file", w_pages_too_far, -EBADMSG },
	{ "HWPT of an IOAS that is not there", w_hwpt_no_ioas, -EBADMSG },
	{ "HWPT of itself", w_hwpt_ioas_is_hwpt, -EBADMSG },
	{ "HWPT that maps less than its IOAS", w_hwpt_maps_less, -EBADMSG },
	{ "HWPT with its top out of range", w_hwpt_top_out_of_range, -EBADMSG },
	{ "device attached to what is no HWPT", w_device_no_hwpt, -EBADMSG },
};

KUNIT_ARRAY_PARAM_DESC(context, context_cases, name);

/* With what each CPU has not added to the sum yet. */
static long table_pages(void)
{
	long pages = atomic_long_read(&vm_node_stat[NR_IOMMU_PAGES]);
	int nid, cpu;

	for_each_online_node(nid) {
		struct per_cpu_nodestat __percpu *stat =
			NODE_DATA(nid)->per_cpu_nodestats;

		for_each_possible_cpu(cpu)
			pages += per_cpu_ptr(stat, cpu)->vm_node_stat_diff[NR_IOMMU_PAGES];
	}
	return pages;
}

static void load_context(struct kunit *test, const struct context_case *c)
{
	struct iommufd_load load = {};
	struct liveupdate_blob blob;
	struct file *file;

	KUNIT_ASSERT_EQ(test, liveupdate_blob_new(&blob, "test"), 0);
	c->write(&blob);
	KUNIT_ASSERT_EQ(test, liveupdate_blob_finish(&blob), 0);

	/* Without a context: no object can have been made. */
	load.blob = blob;
	KUNIT_EXPECT_EQ(test, iommufd_luo_load_read(&load), c->rc);
	iommufd_luo_load_free(&load);

	load = (struct iommufd_load) { .blob = blob };
	file = iommufd_luo_new_file();
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	load.ictx = file->private_data;

	KUNIT_EXPECT_EQ(test, iommufd_luo_load_context(&load), c->rc);
	iommufd_luo_load_free(&load);
	liveupdate_blob_free(&blob, 0);
	__fput_sync(file);
}

/*
 * What a CPU is adding to the sum at the moment is counted nowhere, so a
 * difference may be none. A leak shows each time.
 */
static void test_context(struct kunit *test)
{
	long leaked = 1;

	for (int i = 0; leaked && i < 3; i++) {
		long before = table_pages();

		load_context(test, test->param_value);
		leaked = table_pages() - before;
	}
	KUNIT_EXPECT_EQ(test, leaked, 0);
}

/* A tree of three tables, top at level 2, one granule mapped at IOVA 0. */
struct tree {
	u64 *table[3];
	struct pt_amdv1_ser ser;
};

static u64 entry(u64 *table, unsigned int level)
{
	return ENTRY_PRESENT | ENTRY_LEVEL(level) | ENTRY_RW | virt_to_phys(table);
}

static void tree_make(struct kunit *test, struct tree *tree)
{
	for (int i = 0; i < 3; i++) {
		tree->table[i] = (u64 *)get_zeroed_page(GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, tree->table[i]);
		virt_to_page(tree->table[i])->private = FAKE_PRESERVED;
	}
	tree->table[2][0] = entry(tree->table[1], 2);
	tree->table[1][0] = entry(tree->table[0], 1);
	tree->table[0][0] = ENTRY_PRESENT | ENTRY_RW | 0x1000;
	tree->ser = (struct pt_amdv1_ser) {
		.top_phys = virt_to_phys(tree->table[2]),
		.top_level = 2,
		.mapped = PAGE_SIZE,
		.nr_tables = 3,
	};
}

static void tree_free(struct tree *tree)
{
	for (int i = 0; i < 3; i++) {
		virt_to_page(tree->table[i])->private = 0;
		free_page((unsigned long)tree->table[i]);
	}
}

static void t_good(struct tree *tree)
{
}

static void t_one_gib(struct tree *tree)
{
	tree->table[2][1] = ENTRY_PRESENT | ENTRY_RW | SZ_1G;
	tree->ser.mapped += SZ_1G;
}

static void t_cyclic(struct tree *tree)
{
	tree->table[1][0] = entry(tree->table[2], 1);
}

static void t_shared(struct tree *tree)
{
	tree->table[1][1] = tree->table[1][0];
	tree->ser.mapped = 2 * PAGE_SIZE;
	tree->ser.nr_tables = 4;
}

static void t_level_left_out(struct tree *tree)
{
	tree->table[2][0] = entry(tree->table[0], 1);
}

static void t_level_too_deep(struct tree *tree)
{
	tree->table[0][0] = entry(tree->table[1], 1);
}

static void t_top_too_high(struct tree *tree)
{
	tree->ser.top_level = 6;
}

static void t_not_preserved(struct tree *tree)
{
	virt_to_page(tree->table[0])->private = 0;
}

static void t_out_of_range(struct tree *tree)
{
	tree->table[1][0] = ENTRY_PRESENT | ENTRY_LEVEL(1) | BIT_ULL(51);
}

static void t_more_tables(struct tree *tree)
{
	tree->ser.nr_tables = 2;
}

static void t_fewer_tables(struct tree *tree)
{
	tree->ser.nr_tables = 4;
}

static void t_other_length(struct tree *tree)
{
	tree->ser.mapped = 2 * PAGE_SIZE;
}

static void t_absent_with_bits(struct tree *tree)
{
	tree->table[0][5] = 0x2000;
}

/* Two entries of 8 KiB, the first at an odd index. */
static void t_run_unaligned(struct tree *tree)
{
	tree->table[0][1] = ENTRY_PRESENT | ENTRY_LEVEL(7) | 0x4000;
	tree->table[0][2] = tree->table[0][1];
	tree->ser.mapped = 3 * PAGE_SIZE;
}

static void t_run_broken(struct tree *tree)
{
	tree->table[0][2] = ENTRY_PRESENT | ENTRY_LEVEL(7) | 0x4000;
	tree->ser.mapped = 3 * PAGE_SIZE;
}

static void t_encrypted(struct tree *tree)
{
	tree->ser.sme_mask = BIT_ULL(47);
}

static const struct tree_case {
	const char *name;
	void (*spoil)(struct tree *tree);
	int rc;
} tree_cases[] = {
	{ "good", t_good, 0 },
	{ "a leaf of 1 GiB", t_one_gib, 0 },
	{ "cyclic", t_cyclic, -EBADMSG },
	{ "a table shared", t_shared, -EBADMSG },
	{ "a level left out", t_level_left_out, -EBADMSG },
	{ "a level too deep", t_level_too_deep, -EBADMSG },
	{ "top too high", t_top_too_high, -EBADMSG },
	{ "a table not preserved", t_not_preserved, -EBADMSG },
	{ "a table out of range", t_out_of_range, -EBADMSG },
	{ "more tables than said", t_more_tables, -EBADMSG },
	{ "fewer tables than said", t_fewer_tables, -EBADMSG },
	{ "another length than said", t_other_length, -EBADMSG },
	{ "an absent entry with bits", t_absent_with_bits, -EBADMSG },
	{ "a run not aligned", t_run_unaligned, -EBADMSG },
	{ "a run not whole", t_run_broken, -EBADMSG },
	{ "another encryption mask", t_encrypted, -EPROTO },
};

KUNIT_ARRAY_PARAM_DESC(tree, tree_cases, name);

static void test_tree(struct kunit *test)
{
	const struct tree_case *c = test->param_value;
	struct xarray seen;
	struct tree tree;

	tree_make(test, &tree);
	c->spoil(&tree);
	xa_init(&seen);
	KUNIT_EXPECT_EQ(test, pt_amdv1_check(&tree.ser, &seen), c->rc);
	xa_destroy(&seen);
	tree_free(&tree);
}

/* A context with one area, and the tree as the table of its HWPT. */
static void p_good(struct liveupdate_blob *blob, const struct tree *tree)
{
	add_area(blob, area(0, PAGE_SIZE - 1, 0, 0));
	add_table(blob, HWPT, IOAS, &tree->ser);
}

static void p_two_hwpts(struct liveupdate_blob *blob, const struct tree *tree)
{
	p_good(blob, tree);
	add_table(blob, SECOND, IOAS, &tree->ser);
}

static void add_memory_node(struct liveupdate_blob *blob, u32 unit, void *page)
{
	struct iommufd_run_ser run = {
		.pfn = cpu_to_be64(PHYS_PFN(virt_to_phys(page))),
		.npages = cpu_to_be64(1),
	};

	liveupdate_blob_begin(blob, "memory", unit);
	liveupdate_blob_add_u64(blob, "page-size", PAGE_SIZE);
	liveupdate_blob_add_u64(blob, "size", PAGE_SIZE);
	liveupdate_blob_add(blob, "runs", &run, sizeof(run));
	liveupdate_blob_end(blob);
}

static void p_memory(struct liveupdate_blob *blob, const struct tree *tree)
{
	p_good(blob, tree);
	add_memory_node(blob, 0, tree->table[0]);
}

static void p_two_memories(struct liveupdate_blob *blob,
			   const struct tree *tree)
{
	add_none(blob);
	add_memory_node(blob, 0, tree->table[0]);
	add_memory_node(blob, 1, tree->table[0]);
}

static const struct shared_case {
	const char *name;
	void (*write)(struct liveupdate_blob *blob, const struct tree *tree);
	int rc;
} shared_cases[] = {
	{ "a table of one HWPT", p_good, 0 },
	{ "a table of two HWPTs", p_two_hwpts, -EBADMSG },
	{ "a table that is memory, too", p_memory, -EBADMSG },
	{ "a page of two memories", p_two_memories, -EBADMSG },
};

KUNIT_ARRAY_PARAM_DESC(shared, shared_cases, name);

/* Found out while the blob is read: what is taken over can't be given back. */
static void test_shared(struct kunit *test)
{
	const struct shared_case *c = test->param_value;
	struct iommufd_load load = {};
	struct tree tree;

	tree_make(test, &tree);
	KUNIT_ASSERT_EQ(test, liveupdate_blob_new(&load.blob, "test"), 0);
	c->write(&load.blob, &tree);
	KUNIT_ASSERT_EQ(test, liveupdate_blob_finish(&load.blob), 0);
	KUNIT_EXPECT_EQ(test, iommufd_luo_load_read(&load), c->rc);
	iommufd_luo_load_free(&load);
	liveupdate_blob_free(&load.blob, 0);
	tree_free(&tree);
}

static struct kunit_case iommufd_liveupdate_cases[] = {
	KUNIT_CASE_PARAM(test_context, context_gen_params),
	KUNIT_CASE_PARAM(test_tree, tree_gen_params),
	KUNIT_CASE_PARAM(test_shared, shared_gen_params),
	{}
};

static struct kunit_suite iommufd_liveupdate_suite = {
	.name = "iommufd-liveupdate",
	.test_cases = iommufd_liveupdate_cases,
};

kunit_test_suite(iommufd_liveupdate_suite);
