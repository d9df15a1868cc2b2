// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_IOAS_NOIOMMU_GET_PA: which physical address an IOVA has, how far it is
 * contiguous, and everything it has to refuse.
 */
#include <string.h>

#include <linux/mman.h>
#include <linux/sizes.h>

#include "vfio_noiommu.h"
#include "kselftest_harness.h"

static const char *device_bdf;

/* The low 32 bits are an IOVA as well, and nothing is mapped there. */
#define IOVA		0x140000000ULL
#define LOW_IOVA	(IOVA & UINT32_MAX)
#define HUGE_IOVA	0x180000000ULL
#define PAGES		8

FIXTURE(noiommu_pa) {
	int device;
	int iommufd;
	u32 devid;
	u32 ioas;
	u64 page;
	u64 size;
	u8 *mem;
};

FIXTURE_SETUP(noiommu_pa)
{
	u32 pt_id;

	self->device = cdev_open(device_bdf);
	ASSERT_LE(0, self->device);
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
	ASSERT_EQ(0, cdev_bind(self->device, self->iommufd, &self->devid));
	ASSERT_EQ(0, ioas_alloc(self->iommufd, &self->ioas));
	pt_id = self->ioas;
	ASSERT_EQ(0, cdev_attach(self->device, &pt_id));

	self->page = getpagesize();
	self->size = PAGES * self->page;
	self->mem = pages_alloc(self->size, 0);
	ASSERT_NE(MAP_FAILED, self->mem);
	ASSERT_EQ(0, ioas_map_fixed(self->iommufd, self->ioas, self->mem,
				    self->size, IOVA));
}

FIXTURE_TEARDOWN(noiommu_pa)
{
	ASSERT_EQ(0, close(self->device));
	ASSERT_EQ(0, close(self->iommufd));
}

/* GET_PA with the arguments as they are; a negative errno or 0. */
static int get_pa_raw(int iommufd, struct iommu_ioas_noiommu_get_pa *args)
{
	return do_ioctl(iommufd, IOMMU_IOAS_NOIOMMU_GET_PA, args);
}

#define ASSERT_PA(_iova, _asked, _pa, _length) do {			\
	u64 __length = (_asked), __pa = 0;				\
									\
	ASSERT_EQ(0, __noiommu_get_pa(self->iommufd, self->ioas, _iova,	\
				      &__length, &__pa));		\
	ASSERT_EQ((u64)(_pa), __pa);					\
	ASSERT_EQ((u64)(_length), __length);				\
} while (0)

/* A refusal writes nothing back. */
#define ASSERT_REFUSED(_error, ...) do {				\
	struct iommu_ioas_noiommu_get_pa __args = {			\
		.size = sizeof(__args),					\
		.ioas_id = self->ioas,					\
		.iova = IOVA,						\
		.length = self->page,					\
		.out_phys = 0x5a5a,					\
	};								\
	struct iommu_ioas_noiommu_get_pa __before;			\
									\
	__VA_ARGS__;							\
	__before = __args;						\
	ASSERT_EQ(-(_error), get_pa_raw(self->iommufd, &__args));	\
	ASSERT_EQ(0, memcmp(&__before, &__args, sizeof(__args)));	\
} while (0)

/* Two pages of 2 MiB, which are contiguous inside. */
static u8 *huge_alloc(void)
{
	u8 *mem = pages_alloc(2 * SZ_2M, MAP_HUGETLB | MAP_HUGE_2MB);

	VFIO_ASSERT_NE(mem, MAP_FAILED);
	return mem;
}

TEST_F(noiommu_pa, every_page_is_that_of_pagemap)
{
	for (u64 at = 0; at < self->size; at += self->page)
		ASSERT_PA(IOVA + at, 1, pagemap_pa(self->mem + at), 1);
}

TEST_F(noiommu_pa, unmapped)
{
	ASSERT_REFUSED(ENOENT, __args.iova = IOVA - 1);
	ASSERT_REFUSED(ENOENT, __args.iova = IOVA + self->size);
	ASSERT_REFUSED(ENOENT, __args.iova = 0);
	ASSERT_REFUSED(ENOENT, __args.iova = UINT64_MAX - 1);
}

TEST_F(noiommu_pa, middle_of_a_page)
{
	const u64 at = 3 * self->page + 0x123;
	const u64 run = pagemap_run(self->mem + at, self->size - at);

	ASSERT_PA(IOVA + at, 1, pagemap_pa(self->mem + at), 1);
	ASSERT_PA(IOVA + at, self->size, pagemap_pa(self->mem + at), run);
	ASSERT_LE(self->page - 0x123, run);
	/* The last byte of all. */
	ASSERT_PA(IOVA + self->size - 1, self->page,
		  pagemap_pa(self->mem + self->size - 1), 1);
}

TEST_F(noiommu_pa, contiguous_as_far_as_pagemap_says)
{
	for (u64 at = 0; at < self->size; at += self->page) {
		u64 left = self->size - at;

		ASSERT_PA(IOVA + at, left, pagemap_pa(self->mem + at),
			  pagemap_run(self->mem + at, left));
	}
}

/*
 * Pages of a file in their order and in the opposite one: they cannot be
 * contiguous both ways, so that the answer has to stop in the middle of an area.
 */
TEST_F(noiommu_pa, not_contiguous)
{
	const iova_t forward = HUGE_IOVA, backward = HUGE_IOVA + SZ_1M;
	int fd = memfd_create("order", MFD_CLOEXEC);
	u8 *mem, *turned;
	bool ends = false;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, self->size));
	mem = mmap(NULL, self->size, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_POPULATE, fd, 0);
	ASSERT_NE(MAP_FAILED, mem);
	turned = mmap_reserve(self->size, self->size, 0);
	for (u64 at = 0; at < self->size; at += self->page)
		ASSERT_NE(MAP_FAILED,
			  mmap(turned + at, self->page, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd,
			       self->size - self->page - at));
	ASSERT_EQ(0, ioas_map_fixed(self->iommufd, self->ioas, mem, self->size,
				    forward));
	ASSERT_EQ(0, ioas_map_fixed(self->iommufd, self->ioas, turned,
				    self->size, backward));
	for (u64 at = 0; at < self->size; at += self->page) {
		u64 left = self->size - at;
		u64 run = pagemap_run(mem + at, left);
		u64 turned_run = pagemap_run(turned + at, left);

		ASSERT_PA(forward + at, left, pagemap_pa(mem + at), run);
		ASSERT_PA(backward + at, left, pagemap_pa(turned + at),
			  turned_run);
		ends |= run < left || turned_run < left;
	}
	ASSERT_TRUE(ends);
	ASSERT_EQ(0, close(fd));
}

TEST_F(noiommu_pa, capped_by_the_length_asked_for)
{
	static const u64 asked[] = {
		1, 2, 4095, 4096, 4097, 8191, 8192, SZ_64K + 1, SZ_1M, SZ_2M,
	};
	u8 *mem = huge_alloc();
	u64 pa = pagemap_pa(mem);

	ASSERT_EQ(0, pa % SZ_2M);
	ASSERT_EQ(0, ioas_map_fixed(self->iommufd, self->ioas, mem, 2 * SZ_2M,
				    HUGE_IOVA));
	for (int i = 0; i < ARRAY_SIZE(asked); i++)
		ASSERT_PA(HUGE_IOVA, asked[i], pa, asked[i]);
	/* From the middle of a page as well. */
	ASSERT_PA(HUGE_IOVA + 0x800, SZ_1M + 0x10, pa + 0x800, SZ_1M + 0x10);
}

TEST_F(noiommu_pa, capped_by_the_end_of_the_area)
{
	u8 *mem = huge_alloc();
	u64 pa = pagemap_pa(mem);

	/* Neighbours in both kinds of addresses, and still two areas. */
	ASSERT_EQ(0, ioas_map_fixed(self->iommufd, self->ioas, mem, SZ_1M,
				    HUGE_IOVA));
	ASSERT_EQ(0, ioas_map_fixed(self->iommufd, self->ioas, mem + SZ_1M,
				    SZ_1M, HUGE_IOVA + SZ_1M));
	ASSERT_PA(HUGE_IOVA, SZ_2M, pa, SZ_1M);
	ASSERT_PA(HUGE_IOVA, UINT64_MAX, pa, SZ_1M);
	ASSERT_PA(HUGE_IOVA + SZ_1M - 0x10, SZ_2M, pa + SZ_1M - 0x10, 0x10);
	ASSERT_PA(HUGE_IOVA + SZ_1M, SZ_2M, pa + SZ_1M, SZ_1M);
	ASSERT_PA(HUGE_IOVA + SZ_2M - 1, SZ_2M, pa + SZ_2M - 1, 1);
}

/* The last page there is: nothing wraps around behind it. */
TEST_F(noiommu_pa, end_of_the_address_space)
{
	const iova_t last = -self->page;
	void *mem = pages_alloc(self->page, 0);
	u64 pa = pagemap_pa(mem);

	ASSERT_EQ(0, ioas_map_fixed(self->iommufd, self->ioas, mem, self->page,
				    last));
	ASSERT_PA(last, SZ_2M, pa, self->page);
	ASSERT_PA(last + 0x10, UINT64_MAX, pa + 0x10, self->page - 0x10);
	ASSERT_PA(UINT64_MAX - 1, 2, pa + self->page - 2, 2);
	ASSERT_REFUSED(EOVERFLOW, __args.iova = UINT64_MAX);
}

TEST_F(noiommu_pa, zero_length)
{
	ASSERT_REFUSED(EINVAL, __args.length = 0);
	ASSERT_REFUSED(EINVAL, __args.length = 0, __args.iova = 0);
}

TEST_F(noiommu_pa, flags_and_reserved)
{
	for (int bit = 0; bit < 32; bit++) {
		ASSERT_REFUSED(EOPNOTSUPP, __args.flags = 1U << bit);
		ASSERT_REFUSED(EOPNOTSUPP, __args.__reserved = 1U << bit);
	}
}

/* An IOVA is not cut to 32 bits on its way. */
TEST_F(noiommu_pa, beyond_32_bits)
{
	void *low = pages_alloc(self->page, 0);

	ASSERT_REFUSED(ENOENT, __args.iova = LOW_IOVA);
	ASSERT_EQ(0, ioas_map_fixed(self->iommufd, self->ioas, low, self->page,
				    LOW_IOVA));
	ASSERT_PA(LOW_IOVA, 1, pagemap_pa(low), 1);
	ASSERT_PA(IOVA, 1, pagemap_pa(self->mem), 1);
	ASSERT_REFUSED(ENOENT, __args.iova = (1ULL << 32 | IOVA) + SZ_4G);
	ASSERT_REFUSED(ENOENT, __args.iova = 1ULL << 63 | LOW_IOVA);
}

TEST_F(noiommu_pa, not_an_ioas)
{
	ASSERT_REFUSED(ENOENT, __args.ioas_id = 0);
	ASSERT_REFUSED(ENOENT, __args.ioas_id = UINT32_MAX);
	ASSERT_REFUSED(ENOENT, __args.ioas_id = self->devid);
}

TEST_F(noiommu_pa, ioas_without_noiommu_hwpt)
{
	u32 other;

	ASSERT_EQ(0, ioas_alloc(self->iommufd, &other));
	ASSERT_REFUSED(ENOENT, __args.ioas_id = other);
	ASSERT_EQ(0, ioas_map_fixed(self->iommufd, other, self->mem, self->page,
				    IOVA));
	ASSERT_REFUSED(EOPNOTSUPP, __args.ioas_id = other);
	ASSERT_EQ(0, cdev_detach(self->device));
	ASSERT_REFUSED(EOPNOTSUPP);
}

TEST_F(noiommu_pa, size_of_the_argument)
{
	struct {
		struct iommu_ioas_noiommu_get_pa args;
		u64 more;
	} later = {
		.args = {
			.size = sizeof(later),
			.ioas_id = self->ioas,
			.iova = IOVA,
			.length = 1,
		},
	};

	ASSERT_REFUSED(EINVAL, __args.size = 0);
	ASSERT_REFUSED(EINVAL, __args.size -= sizeof(__args.out_phys));
	/* That of a later kernel is taken if it says nothing new. */
	ASSERT_EQ(0, get_pa_raw(self->iommufd, &later.args));
	ASSERT_EQ(pagemap_pa(self->mem), later.args.out_phys);
	later.more = 1;
	ASSERT_EQ(-E2BIG, get_pa_raw(self->iommufd, &later.args));
	ASSERT_EQ(-EFAULT, get_pa_raw(self->iommufd, NULL));
}

TEST_F(noiommu_pa, needs_rawio)
{
	drop_sys_rawio();
	ASSERT_REFUSED(EPERM);
	/* Before anything could be learnt from another error. */
	ASSERT_REFUSED(EPERM, __args.iova = 0);
	ASSERT_REFUSED(EPERM, __args.ioas_id = UINT32_MAX);
	ASSERT_REFUSED(EPERM, __args.flags = 1);
}

/* The page that is there now answers, not the one that was. */
TEST_F(noiommu_pa, mapped_anew)
{
	void *mem = pages_alloc(self->size, 0);
	u64 length = self->size;

	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_PA(IOVA, 1, pagemap_pa(self->mem), 1);
	ASSERT_EQ(0, ioas_unmap(self->iommufd, self->ioas, IOVA, &length));
	ASSERT_REFUSED(ENOENT);
	ASSERT_EQ(0, ioas_map_fixed(self->iommufd, self->ioas, mem, self->size,
				    IOVA));
	ASSERT_NE(pagemap_pa(self->mem), pagemap_pa(mem));
	for (u64 at = 0; at < self->size; at += self->page)
		ASSERT_PA(IOVA + at, 1, pagemap_pa(mem + at), 1);
}

/* The pages stay, whatever the process does with its own mapping of them. */
TEST_F(noiommu_pa, pages_stay_where_they_are)
{
	u64 pa[PAGES];

	for (int i = 0; i < PAGES; i++)
		pa[i] = pagemap_pa(self->mem + i * self->page);
	ASSERT_EQ(0, munmap(self->mem, self->size));
	for (int i = 0; i < PAGES; i++)
		ASSERT_PA(IOVA + i * self->page, 1, pa[i], 1);
}

int main(int argc, char *argv[])
{
	device_bdf = vfio_selftests_get_bdf(&argc, argv);
	if (!vfio_pci_is_noiommu(device_bdf))
		ksft_exit_skip("%s has an IOMMU\n", device_bdf);

	return test_harness_run(argc, argv);
}
