// SPDX-License-Identifier: GPL-2.0-only
/*
 * Group and cdev of a device without IOMMU. A kernel with VFIO_GROUP has both,
 * and only one of them can be used at a time; one without has no group at all.
 */
#include <string.h>

#include <linux/io.h>
#include <linux/limits.h>

#include "vfio_noiommu.h"
#include "kselftest_harness.h"

static const char *device_bdf;

static bool has_group(void)
{
	char path[PATH_MAX];

	snprintf_assert(path, sizeof(path),
			"/sys/bus/pci/devices/%s/iommu_group", device_bdf);
	return !access(path, F_OK);
}

FIXTURE(noiommu_no_group) {
};

FIXTURE_SETUP(noiommu_no_group)
{
	if (has_group())
		SKIP(return, "%s has a group", device_bdf);
}

FIXTURE_TEARDOWN(noiommu_no_group)
{
}

TEST_F(noiommu_no_group, nor_a_container)
{
	ASSERT_EQ(-ENOENT, do_open("/dev/vfio/vfio"));
	ASSERT_EQ(-ENOENT, do_open("/dev/vfio/0"));
	ASSERT_EQ(-ENOENT, do_open("/dev/vfio/noiommu-0"));
}

TEST_F(noiommu_no_group, nor_the_file_of_one)
{
	int device = cdev_open(device_bdf);
	int iommufd = iommufd_open();
	int argument = iommufd;

	ASSERT_LE(0, device);
	ASSERT_LE(0, iommufd);
	ASSERT_EQ(0, cdev_bind(device, iommufd, NULL));
	ASSERT_EQ(-ENOTTY, do_ioctl(device, VFIO_GROUP_SET_CONTAINER, &argument));
	ASSERT_EQ(0, close(device));
	ASSERT_EQ(0, close(iommufd));
}

FIXTURE(noiommu_group) {
	struct iommu *iommu;
	struct vfio_pci_device *device;
};

FIXTURE_VARIANT(noiommu_group) {
	const char *mode;
};

FIXTURE_VARIANT_ADD(noiommu_group, vfio_container) {
	.mode = MODE_VFIO_NOIOMMU,
};

FIXTURE_VARIANT_ADD(noiommu_group, iommufd_container) {
	.mode = MODE_IOMMUFD_COMPAT_NOIOMMU,
};

FIXTURE_SETUP(noiommu_group)
{
	if (!has_group())
		SKIP(return, "%s has no group", device_bdf);
	self->iommu = iommu_init(variant->mode);
	self->device = vfio_pci_device_init(device_bdf, self->iommu);
}

FIXTURE_TEARDOWN(noiommu_group)
{
	vfio_pci_device_cleanup(self->device);
	iommu_cleanup(self->iommu);
}

TEST_F(noiommu_group, device_works)
{
	ASSERT_TRUE(self->device->info.flags & VFIO_DEVICE_FLAGS_PCI);
	ASSERT_NE(0xffff, vfio_pci_config_readw(self->device, PCI_VENDOR_ID));
	ASSERT_NE(NULL, self->device->bars[0].vaddr);
	ASSERT_NE(UINT32_MAX, readl(self->device->bars[0].vaddr));
}

TEST_F(noiommu_group, container_has_no_mappings)
{
	struct dma_region region = {
		.vaddr = pages_alloc(getpagesize(), 0),
		.size = getpagesize(),
		.iova = 0,
	};

	ASSERT_NE(MAP_FAILED, region.vaddr);
	ASSERT_GT(0, __iommu_map(self->iommu, &region));
}

TEST_F(noiommu_group, only_noiommu_is_offered)
{
	const int fd = self->iommu->container_fd;

	ASSERT_EQ(1, ioctl(fd, VFIO_CHECK_EXTENSION, VFIO_NOIOMMU_IOMMU));
	ASSERT_GT(1, ioctl(fd, VFIO_CHECK_EXTENSION, VFIO_TYPE1_IOMMU));
	ASSERT_GT(1, ioctl(fd, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU));
}

TEST_F(noiommu_group, cdev_has_to_wait)
{
	int device = cdev_open(device_bdf);
	int iommufd = iommufd_open();

	ASSERT_LE(0, device);
	ASSERT_LE(0, iommufd);
	ASSERT_EQ(-EBUSY, cdev_bind(device, iommufd, NULL));
	ASSERT_EQ(0, close(device));
	ASSERT_EQ(0, close(iommufd));
}

FIXTURE(noiommu_group_file) {
	char path[32];
};

FIXTURE_SETUP(noiommu_group_file)
{
	if (!has_group())
		SKIP(return, "%s has no group", device_bdf);
	vfio_pci_group_path(self->path, sizeof(self->path),
			    sysfs_iommu_group_get(device_bdf));
}

FIXTURE_TEARDOWN(noiommu_group_file)
{
}

TEST_F(noiommu_group_file, name_says_noiommu)
{
	ASSERT_EQ(0, strncmp(self->path, "/dev/vfio/noiommu-", 18));
}

TEST_F(noiommu_group_file, has_to_wait_for_the_cdev)
{
	int device = cdev_open(device_bdf);
	int iommufd = iommufd_open();
	int group;

	ASSERT_LE(0, device);
	ASSERT_LE(0, iommufd);
	ASSERT_EQ(0, cdev_bind(device, iommufd, NULL));
	ASSERT_EQ(-EBUSY, do_open(self->path));
	ASSERT_EQ(0, close(device));
	ASSERT_EQ(0, close(iommufd));
	group = do_open(self->path);
	ASSERT_LE(0, group);
	ASSERT_EQ(0, close(group));
}

TEST_F(noiommu_group_file, open_needs_rawio)
{
	drop_sys_rawio();
	ASSERT_EQ(-EPERM, do_open(self->path));
}

int main(int argc, char *argv[])
{
	device_bdf = vfio_selftests_get_bdf(&argc, argv);
	if (!vfio_pci_is_noiommu(device_bdf))
		ksft_exit_skip("%s has an IOMMU\n", device_bdf);

	return test_harness_run(argc, argv);
}
