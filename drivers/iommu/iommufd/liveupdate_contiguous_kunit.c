// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs that GET_PA finds (invariant I2): over tables of random leaves,
 * anywhere in the range of IOVAs, they are those that a look at each page finds.
 */
#include <kunit/test.h>
#include <linux/generic_pt/contiguous.h>
#include <linux/iommu.h>
#include <linux/prandom.h>

#include "iommufd_private.h"

#define PIECES	200
#define QUERIES	400
/* Pages of the largest piece, lg2: its leaves are of two levels. */
#define PIECE_LG2	11
/* Nothing behind the addresses is touched. */
#define PA_LG2		40

/* Pieces are mapped one behind the other, some with a gap before them. */
struct table {
	struct rnd_state rnd;
	struct iommu_domain *domain;
	unsigned long start;
	unsigned long end;
	u64 pa;
};

static const unsigned long starts[] = {
	0, SZ_4K, SZ_1G - SZ_1M, BIT(39) - SZ_2M - SZ_4K, BIT(48) - SZ_4K,
	BIT(57) - SZ_2M, BIT(63) - SZ_1M,
};

static void start_desc(const unsigned long *start, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "from %#lx", *start);
}

KUNIT_ARRAY_PARAM(start, starts, start_desc);

static u32 below(struct table *t, u32 n)
{
	return prandom_u32_state(&t->rnd) % n;
}

/* Half of the pieces go on where the one before ends. */
static u64 next_pa(struct table *t, unsigned int lg2)
{
	u64 pa = t->pa;

	switch (below(t, 4)) {
	case 0:
		pa = (u64)below(t, BIT(PA_LG2 - PAGE_SHIFT)) << PAGE_SHIFT;
		break;
	case 1:
		pa = ALIGN(pa, PAGE_SIZE << lg2);
		break;
	}
	return pa ?: PAGE_SIZE;
}

static void map_piece(struct kunit *test, struct table *t)
{
	unsigned int lg2 = below(t, PIECE_LG2 + 1);
	size_t bytes = (1 + below(t, BIT(lg2))) << PAGE_SHIFT;
	int prot = IOMMU_READ | (below(t, 8) ? IOMMU_WRITE : 0);

	if (!below(t, 4))
		t->end = ALIGN(t->end, PAGE_SIZE << lg2);
	t->pa = next_pa(t, lg2);
	KUNIT_ASSERT_EQ(test, 0, iommu_map(t->domain, t->end, t->pa, bytes,
					   prot, GFP_KERNEL));
	t->end += bytes;
	t->pa += bytes;
}

/* As many bytes as iommu_iova_to_phys() of each page goes on for. */
static u64 slow(struct table *t, unsigned long iova, u64 most, u64 *pa)
{
	u64 bytes = PAGE_SIZE - offset_in_page(iova);

	*pa = iommu_iova_to_phys(t->domain, iova);
	if (!*pa)
		return 0;
	while (bytes < most &&
	       iommu_iova_to_phys(t->domain, iova + bytes) == *pa + bytes)
		bytes += PAGE_SIZE;
	return min(bytes, most);
}

static void compare(struct kunit *test, struct table *t)
{
	u64 most = 1 + below(t, BIT(below(t, PIECE_LG2 + PAGE_SHIFT + 2)));
	unsigned long iova = t->start + below(t, t->end - t->start);
	u64 slow_pa, fast_pa, bytes = slow(t, iova, most, &slow_pa);

	KUNIT_ASSERT_EQ_MSG(test, bytes,
			    pt_amdv1_contiguous(t->domain, iova, most, &fast_pa),
			    "I2: run at IOVA %#lx, at most %#llx", iova, most);
	KUNIT_ASSERT_EQ_MSG(test, slow_pa, fast_pa,
			    "I2: address of IOVA %#lx", iova);
}

static void free_domain(void *domain)
{
	iommu_domain_free(domain);
}

static void new_table(struct kunit *test, struct table *t)
{
	t->domain = iommufd_noiommu_ops.domain_alloc_paging_flags(NULL, 0, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t->domain);
	t->domain->owner = &iommufd_noiommu_ops;
	t->domain->type = IOMMU_DOMAIN_UNMANAGED;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_domain,
							   t->domain));
	t->start = *(const unsigned long *)test->param_value;
	t->end = t->start;
	t->pa = SZ_1M;
	prandom_seed_state(&t->rnd, t->start + 1);
}

static void test_contiguous(struct kunit *test)
{
	struct table t;

	new_table(test, &t);
	for (int i = 0; i < PIECES; i++)
		map_piece(test, &t);
	for (int i = 0; i < QUERIES; i++)
		compare(test, &t);
}

static struct kunit_case iommufd_liveupdate_contiguous_cases[] = {
	KUNIT_CASE_PARAM(test_contiguous, start_gen_params),
	{}
};

static struct kunit_suite iommufd_liveupdate_contiguous_suite = {
	.name = "iommufd-liveupdate-contiguous",
	.test_cases = iommufd_liveupdate_contiguous_cases,
};

kunit_test_suite(iommufd_liveupdate_contiguous_suite);
