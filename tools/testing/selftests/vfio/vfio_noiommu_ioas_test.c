// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address spaces of devices without IOMMU: made, attached, replaced, detached
 * and destroyed, and what GET_PA says meanwhile. With two devices given, also
 * what they share.
 */
#include <string.h>

#include "vfio_noiommu.h"
#include "kselftest_harness.h"

static char **bdfs;
static int nr_bdfs;

#define IOVA 0x200000ULL

FIXTURE(noiommu_ioas) {
	int device;
	int iommufd;
	u32 devid;
	u32 ioas;
	u64 size;
	void *mem;
};

FIXTURE_SETUP(noiommu_ioas)
{
	self->device = cdev_open(bdfs[0]);
	ASSERT_LE(0, self->device);
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
	ASSERT_EQ(0, cdev_bind(self->device, self->iommufd, &self->devid));
	ASSERT_EQ(0, ioas_alloc(self->iommufd, &self->ioas));
	self->size = getpagesize();
	self->mem = pages_alloc(self->size, 0);
	ASSERT_NE(MAP_FAILED, self->mem);
}

FIXTURE_TEARDOWN(noiommu_ioas)
{
	ASSERT_EQ(0, close(self->device));
	ASSERT_EQ(0, close(self->iommufd));
}

#define ASSERT_MAPPED(_ioas, _vaddr) do {				\
	u64 __pa;							\
									\
	ASSERT_EQ(0, get_pa_byte(self->iommufd, _ioas, IOVA, &__pa));	\
	ASSERT_EQ(pagemap_pa(_vaddr), __pa);				\
} while (0)

#define ASSERT_NO_PA(_error, _ioas) do {				\
	u64 __pa;							\
									\
	ASSERT_EQ(-(_error),						\
		  get_pa_byte(self->iommufd, _ioas, IOVA, &__pa));	\
} while (0)

TEST_F(noiommu_ioas, alloc_destroy)
{
	ASSERT_EQ(0, object_destroy(self->iommufd, self->ioas));
	ASSERT_EQ(-ENOENT, object_destroy(self->iommufd, self->ioas));
}

TEST_F(noiommu_ioas, several)
{
	u32 id[8];

	for (int i = 0; i < ARRAY_SIZE(id); i++) {
		ASSERT_EQ(0, ioas_alloc(self->iommufd, &id[i]));
		ASSERT_NE(self->ioas, id[i]);
		for (int j = 0; j < i; j++)
			ASSERT_NE(id[j], id[i]);
	}
	for (int i = 0; i < ARRAY_SIZE(id); i++)
		ASSERT_EQ(0, object_destroy(self->iommufd, id[i]));
}

TEST_F(noiommu_ioas, attach)
{
	u32 pt_id = self->ioas;

	ASSERT_EQ(0, cdev_attach(self->device, &pt_id));
	ASSERT_NE(self->ioas, pt_id);
	ASSERT_NE(self->devid, pt_id);
	/* Who is in use cannot be destroyed. */
	ASSERT_EQ(-EBUSY, object_destroy(self->iommufd, self->ioas));
	ASSERT_EQ(-EBUSY, object_destroy(self->iommufd, pt_id));
}

TEST_F(noiommu_ioas, attach_to_what_is_none)
{
	u32 pt_id = UINT32_MAX;

	ASSERT_EQ(-ENOENT, cdev_attach(self->device, &pt_id));
	pt_id = 0;
	ASSERT_EQ(-ENOENT, cdev_attach(self->device, &pt_id));
	pt_id = self->devid;
	ASSERT_EQ(-EINVAL, cdev_attach(self->device, &pt_id));
	ASSERT_EQ(0, object_destroy(self->iommufd, self->ioas));
	pt_id = self->ioas;
	ASSERT_EQ(-ENOENT, cdev_attach(self->device, &pt_id));
}

TEST_F(noiommu_ioas, attach_with_bad_arguments)
{
	struct vfio_device_attach_iommufd_pt args = {
		.argsz = sizeof(args),
		.flags = 1U << 31,
		.pt_id = self->ioas,
	};

	ASSERT_EQ(-EINVAL, do_ioctl(self->device,
				    VFIO_DEVICE_ATTACH_IOMMUFD_PT, &args));
	args.flags = 0;
	args.argsz = offsetof(struct vfio_device_attach_iommufd_pt, pt_id);
	ASSERT_EQ(-EINVAL, do_ioctl(self->device,
				    VFIO_DEVICE_ATTACH_IOMMUFD_PT, &args));
	ASSERT_EQ(-EFAULT, do_ioctl(self->device,
				    VFIO_DEVICE_ATTACH_IOMMUFD_PT, NULL));
}

TEST_F(noiommu_ioas, detach)
{
	u32 pt_id = self->ioas;

	ASSERT_EQ(0, cdev_attach(self->device, &pt_id));
	ASSERT_EQ(0, cdev_detach(self->device));
	/* The HWPT was made for the device and went with it. */
	ASSERT_EQ(-ENOENT, object_destroy(self->iommufd, pt_id));
	/* Nothing to do is no error. */
	ASSERT_EQ(0, cdev_detach(self->device));
	ASSERT_EQ(0, object_destroy(self->iommufd, self->ioas));
}

TEST_F(noiommu_ioas, answers_only_while_attached)
{
	u32 pt_id = self->ioas;

	ASSERT_EQ(0, ioas_map_fixed(self->iommufd, self->ioas, self->mem,
				    self->size, IOVA));
	ASSERT_NO_PA(EOPNOTSUPP, self->ioas);
	ASSERT_EQ(0, cdev_attach(self->device, &pt_id));
	ASSERT_MAPPED(self->ioas, self->mem);
	ASSERT_EQ(0, cdev_detach(self->device));
	ASSERT_NO_PA(EOPNOTSUPP, self->ioas);
	pt_id = self->ioas;
	ASSERT_EQ(0, cdev_attach(self->device, &pt_id));
	ASSERT_MAPPED(self->ioas, self->mem);
}

/* Two address spaces that have another page at the same IOVA. */
TEST_F(noiommu_ioas, replace)
{
	u32 other, first = self->ioas, second, again;
	void *mem = pages_alloc(self->size, 0);

	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, ioas_alloc(self->iommufd, &other));
	ASSERT_EQ(0, ioas_map_fixed(self->iommufd, self->ioas, self->mem,
				    self->size, IOVA));
	ASSERT_EQ(0, ioas_map_fixed(self->iommufd, other, mem, self->size, IOVA));

	ASSERT_EQ(0, cdev_attach(self->device, &first));
	ASSERT_MAPPED(self->ioas, self->mem);
	ASSERT_NO_PA(EOPNOTSUPP, other);

	second = other;
	ASSERT_EQ(0, cdev_attach(self->device, &second));
	ASSERT_NE(first, second);
	ASSERT_MAPPED(other, mem);
	ASSERT_NO_PA(EOPNOTSUPP, self->ioas);
	ASSERT_EQ(-ENOENT, object_destroy(self->iommufd, first));
	ASSERT_EQ(0, object_destroy(self->iommufd, self->ioas));

	/* By itself: the same HWPT stays. */
	again = other;
	ASSERT_EQ(0, cdev_attach(self->device, &again));
	ASSERT_EQ(second, again);
	ASSERT_MAPPED(other, mem);
}

TEST_F(noiommu_ioas, failed_replace_changes_nothing)
{
	u32 pt_id = self->ioas, bad = UINT32_MAX;

	ASSERT_EQ(0, ioas_map_fixed(self->iommufd, self->ioas, self->mem,
				    self->size, IOVA));
	ASSERT_EQ(0, cdev_attach(self->device, &pt_id));
	ASSERT_EQ(-ENOENT, cdev_attach(self->device, &bad));
	bad = self->devid;
	ASSERT_EQ(-EINVAL, cdev_attach(self->device, &bad));
	ASSERT_MAPPED(self->ioas, self->mem);
	ASSERT_EQ(-EBUSY, object_destroy(self->iommufd, pt_id));
}

TEST_F(noiommu_ioas, explicit_hwpt)
{
	u32 hwpt, pt_id;

	ASSERT_EQ(0, hwpt_alloc(self->iommufd, self->devid, self->ioas, &hwpt));
	ASSERT_EQ(0, ioas_map_fixed(self->iommufd, self->ioas, self->mem,
				    self->size, IOVA));
	pt_id = hwpt;
	ASSERT_EQ(0, cdev_attach(self->device, &pt_id));
	ASSERT_EQ(hwpt, pt_id);
	ASSERT_MAPPED(self->ioas, self->mem);
	ASSERT_EQ(0, cdev_detach(self->device));
	/* It stays until it is destroyed, and so do the answers. */
	ASSERT_MAPPED(self->ioas, self->mem);
	ASSERT_EQ(0, object_destroy(self->iommufd, hwpt));
	ASSERT_NO_PA(EOPNOTSUPP, self->ioas);
}

/* Without an IOMMU there is nothing a flag could ask of it. */
TEST_F(noiommu_ioas, hwpt_with_flags)
{
	struct iommu_hwpt_alloc args = {
		.size = sizeof(args),
		.dev_id = self->devid,
		.pt_id = self->ioas,
	};

	args.flags = IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
	ASSERT_EQ(-EOPNOTSUPP, do_ioctl(self->iommufd, IOMMU_HWPT_ALLOC, &args));
	args.flags = IOMMU_HWPT_ALLOC_NEST_PARENT;
	ASSERT_EQ(-EOPNOTSUPP, do_ioctl(self->iommufd, IOMMU_HWPT_ALLOC, &args));
	args.flags = 0;
	args.dev_id = self->ioas;
	ASSERT_EQ(-ENOENT, do_ioctl(self->iommufd, IOMMU_HWPT_ALLOC, &args));
}

TEST_F(noiommu_ioas, no_range_is_reserved)
{
	struct iommu_iova_range range[2] = {};
	struct iommu_ioas_iova_ranges args = {
		.size = sizeof(args),
		.ioas_id = self->ioas,
		.num_iovas = ARRAY_SIZE(range),
		.allowed_iovas = (uintptr_t)range,
	};
	u32 pt_id = self->ioas;

	ASSERT_EQ(0, cdev_attach(self->device, &pt_id));
	ASSERT_EQ(0, do_ioctl(self->iommufd, IOMMU_IOAS_IOVA_RANGES, &args));
	ASSERT_EQ(1, args.num_iovas);
	ASSERT_EQ(0, range[0].start);
	ASSERT_EQ(UINT64_MAX, range[0].last);
}

/* The whole life, again and again; every second time nobody tidies up. */
TEST_F(noiommu_ioas, life_cycle)
{
	for (int round = 0; round < 6; round++) {
		u32 pt_id = self->ioas;
		u64 length = self->size;

		ASSERT_EQ(0, cdev_attach(self->device, &pt_id));
		ASSERT_EQ(0, ioas_map_fixed(self->iommufd, self->ioas, self->mem,
					    self->size, IOVA));
		ASSERT_MAPPED(self->ioas, self->mem);
		if (round % 2) {
			ASSERT_EQ(0, ioas_unmap(self->iommufd, self->ioas, IOVA,
						&length));
			ASSERT_EQ(self->size, length);
			ASSERT_NO_PA(ENOENT, self->ioas);
			ASSERT_EQ(0, cdev_detach(self->device));
			ASSERT_EQ(0, object_destroy(self->iommufd, self->ioas));
		}
		ASSERT_EQ(0, close(self->device));
		ASSERT_EQ(0, close(self->iommufd));

		self->device = cdev_open(bdfs[0]);
		ASSERT_LE(0, self->device);
		self->iommufd = iommufd_open();
		ASSERT_LE(0, self->iommufd);
		ASSERT_EQ(0, cdev_bind(self->device, self->iommufd, &self->devid));
		ASSERT_EQ(0, ioas_alloc(self->iommufd, &self->ioas));
	}
}

/* The device's file keeps the iommufd's objects alive, not the other way round. */
TEST_F(noiommu_ioas, iommufd_closed_first)
{
	u32 pt_id = self->ioas;
	struct vfio_device_info info;

	ASSERT_EQ(0, cdev_attach(self->device, &pt_id));
	ASSERT_EQ(0, ioas_map_fixed(self->iommufd, self->ioas, self->mem,
				    self->size, IOVA));
	ASSERT_EQ(0, close(self->iommufd));
	ASSERT_EQ(0, device_info(self->device, &info));
	ASSERT_EQ(0, cdev_detach(self->device));
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
}

FIXTURE(noiommu_two) {
	int device[2];
	int iommufd;
	u32 ioas;
	u64 size;
	void *mem;
};

FIXTURE_SETUP(noiommu_two)
{
	if (nr_bdfs < 2)
		SKIP(return, "needs two devices");
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
	for (int i = 0; i < 2; i++) {
		self->device[i] = cdev_open(bdfs[i]);
		ASSERT_LE(0, self->device[i]);
		ASSERT_EQ(0, cdev_bind(self->device[i], self->iommufd, NULL));
	}
	ASSERT_EQ(0, ioas_alloc(self->iommufd, &self->ioas));
	self->size = getpagesize();
	self->mem = pages_alloc(self->size, 0);
	ASSERT_NE(MAP_FAILED, self->mem);
	ASSERT_EQ(0, ioas_map_fixed(self->iommufd, self->ioas, self->mem,
				    self->size, IOVA));
}

FIXTURE_TEARDOWN(noiommu_two)
{
	ASSERT_EQ(0, close(self->device[0]));
	ASSERT_EQ(0, close(self->device[1]));
	ASSERT_EQ(0, close(self->iommufd));
}

TEST_F(noiommu_two, share_an_ioas)
{
	u32 first = self->ioas, second = self->ioas;

	ASSERT_EQ(0, cdev_attach(self->device[0], &first));
	ASSERT_EQ(0, cdev_attach(self->device[1], &second));
	ASSERT_EQ(first, second);
	ASSERT_MAPPED(self->ioas, self->mem);
	ASSERT_EQ(0, cdev_detach(self->device[0]));
	ASSERT_MAPPED(self->ioas, self->mem);
	ASSERT_EQ(-EBUSY, object_destroy(self->iommufd, self->ioas));
	ASSERT_EQ(0, cdev_detach(self->device[1]));
	ASSERT_EQ(0, object_destroy(self->iommufd, self->ioas));
}

TEST_F(noiommu_two, have_an_ioas_each)
{
	u32 first = self->ioas, second, other;
	void *mem = pages_alloc(self->size, 0);

	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, ioas_alloc(self->iommufd, &other));
	ASSERT_EQ(0, ioas_map_fixed(self->iommufd, other, mem, self->size, IOVA));
	second = other;
	ASSERT_EQ(0, cdev_attach(self->device[0], &first));
	ASSERT_EQ(0, cdev_attach(self->device[1], &second));
	ASSERT_MAPPED(self->ioas, self->mem);
	ASSERT_MAPPED(other, mem);

	/* One moves over; the other one does not notice. */
	first = other;
	ASSERT_EQ(0, cdev_attach(self->device[0], &first));
	ASSERT_EQ(second, first);
	ASSERT_NO_PA(EOPNOTSUPP, self->ioas);
	ASSERT_MAPPED(other, mem);
}

TEST_F(noiommu_two, are_on_an_iommufd_each)
{
	int other = iommufd_open();
	u32 first = self->ioas, second, ioas;
	u64 pa;

	ASSERT_LE(0, other);
	ASSERT_EQ(0, close(self->device[1]));
	self->device[1] = cdev_open(bdfs[1]);
	ASSERT_LE(0, self->device[1]);
	ASSERT_EQ(0, cdev_bind(self->device[1], other, NULL));
	ASSERT_EQ(0, ioas_alloc(other, &ioas));
	ASSERT_EQ(0, ioas_map_fixed(other, ioas, self->mem, self->size, 4 * IOVA));
	second = ioas;
	ASSERT_EQ(0, cdev_attach(self->device[0], &first));
	ASSERT_EQ(0, cdev_attach(self->device[1], &second));
	ASSERT_MAPPED(self->ioas, self->mem);
	ASSERT_EQ(-ENOENT, get_pa_byte(other, ioas, IOVA, &pa));
	ASSERT_EQ(0, get_pa_byte(other, ioas, 4 * IOVA, &pa));
	ASSERT_EQ(pagemap_pa(self->mem), pa);
	ASSERT_EQ(0, close(other));
}

int main(int argc, char *argv[])
{
	bdfs = vfio_selftests_get_bdfs(&argc, argv, &nr_bdfs);
	for (int i = 0; i < nr_bdfs; i++) {
		if (!vfio_pci_is_noiommu(bdfs[i]))
			ksft_exit_skip("%s has an IOMMU\n", bdfs[i]);
	}
	return test_harness_run(argc, argv);
}
