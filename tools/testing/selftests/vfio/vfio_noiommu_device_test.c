// SPDX-License-Identifier: GPL-2.0-only
/*
 * The character device of a device without IOMMU: open, bind, what it answers
 * before and after, regions, interrupts and reset. Needs a device that is bound
 * to vfio-pci.
 */
#include <stdio.h>
#include <string.h>

#include <linux/io.h>
#include <linux/limits.h>

#include "vfio_noiommu.h"
#include "kselftest_harness.h"

static const char *device_bdf;

/* A file of the device in sysfs; false if it has none. */
static bool sysfs_read(const char *name, char *text, size_t size)
{
	char path[PATH_MAX];
	ssize_t got;
	int fd;

	snprintf_assert(path, sizeof(path), "/sys/bus/pci/devices/%s/%s",
			device_bdf, name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	got = read(fd, text, size - 1);
	VFIO_ASSERT_GE(got, 0);
	text[got] = 0;
	VFIO_ASSERT_EQ(close(fd), 0);
	return true;
}

FIXTURE(noiommu_cdev) {
	int device;
	int iommufd;
};

FIXTURE_SETUP(noiommu_cdev)
{
	self->device = cdev_open(device_bdf);
	ASSERT_LE(0, self->device);
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
}

FIXTURE_TEARDOWN(noiommu_cdev)
{
	ASSERT_EQ(0, close(self->device));
	ASSERT_EQ(0, close(self->iommufd));
}

TEST_F(noiommu_cdev, name_says_noiommu)
{
	const char *path = vfio_pci_get_cdev_path(device_bdf);

	ASSERT_TRUE(vfio_pci_is_noiommu(device_bdf));
	ASSERT_EQ(0, strncmp(path, "/dev/vfio/devices/noiommu-vfio", 30));
	free((void *)path);
}

TEST_F(noiommu_cdev, names_of_cdevs)
{
	ASSERT_TRUE(vfio_is_cdev_name("vfio0"));
	ASSERT_TRUE(vfio_is_cdev_name("noiommu-vfio17"));
	ASSERT_FALSE(vfio_is_cdev_name("vfio"));
	ASSERT_FALSE(vfio_is_cdev_name("vfio0x"));
	ASSERT_FALSE(vfio_is_cdev_name("noiommu-0"));
	ASSERT_FALSE(vfio_is_cdev_name("."));
}

TEST_F(noiommu_cdev, opens_more_than_once)
{
	int second = cdev_open(device_bdf);

	ASSERT_LE(0, second);
	ASSERT_EQ(0, close(second));
}

TEST_F(noiommu_cdev, open_needs_rawio)
{
	drop_sys_rawio();
	ASSERT_EQ(-EPERM, cdev_open(device_bdf));
}

TEST_F(noiommu_cdev, nothing_but_bind_before_bind)
{
	struct vfio_region_info region;
	struct vfio_device_info info;
	u32 pt_id = 1;
	u32 word;

	ASSERT_EQ(-EINVAL, device_info(self->device, &info));
	ASSERT_EQ(-EINVAL, region_info(self->device, 0, &region));
	ASSERT_EQ(-EINVAL, cdev_attach(self->device, &pt_id));
	ASSERT_EQ(-EINVAL, cdev_detach(self->device));
	ASSERT_EQ(-EINVAL, do_ioctl(self->device, VFIO_DEVICE_RESET, NULL));
	ASSERT_EQ(-1, pread(self->device, &word, sizeof(word), 0));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_EQ(MAP_FAILED, mmap(NULL, getpagesize(), PROT_READ, MAP_SHARED,
				   self->device, 0));
	ASSERT_EQ(EINVAL, errno);
}

TEST_F(noiommu_cdev, bind)
{
	u32 devid = 0;

	ASSERT_EQ(0, cdev_bind(self->device, self->iommufd, &devid));
	ASSERT_NE(0, devid);
}

TEST_F(noiommu_cdev, bind_to_what_is_no_iommufd)
{
	int null = do_open("/dev/null");

	ASSERT_LE(0, null);
	ASSERT_EQ(-EINVAL, cdev_bind(self->device, -1, NULL));
	ASSERT_EQ(-EBADF, cdev_bind(self->device, 1000, NULL));
	ASSERT_EQ(-EBADFD, cdev_bind(self->device, null, NULL));
	ASSERT_EQ(-EBADFD, cdev_bind(self->device, self->device, NULL));
	ASSERT_EQ(0, close(null));

	/* Nothing stuck: it can still be bound. */
	ASSERT_EQ(0, cdev_bind(self->device, self->iommufd, NULL));
}

TEST_F(noiommu_cdev, bind_twice)
{
	int other = iommufd_open();
	struct vfio_device_info info;

	ASSERT_LE(0, other);
	ASSERT_EQ(0, cdev_bind(self->device, self->iommufd, NULL));
	ASSERT_EQ(-EINVAL, cdev_bind(self->device, self->iommufd, NULL));
	ASSERT_EQ(-EINVAL, cdev_bind(self->device, other, NULL));
	ASSERT_EQ(0, device_info(self->device, &info));
	ASSERT_EQ(0, close(other));
}

TEST_F(noiommu_cdev, bind_through_a_second_file)
{
	int second = cdev_open(device_bdf);

	ASSERT_LE(0, second);
	ASSERT_EQ(0, cdev_bind(self->device, self->iommufd, NULL));
	ASSERT_EQ(-EINVAL, cdev_bind(second, self->iommufd, NULL));

	/* The first one gone, it is the second one's turn. */
	ASSERT_EQ(0, close(self->device));
	ASSERT_EQ(0, cdev_bind(second, self->iommufd, NULL));
	self->device = second;
}

TEST_F(noiommu_cdev, bind_with_bad_arguments)
{
	struct vfio_device_bind_iommufd args = {
		.argsz = sizeof(args),
		.iommufd = self->iommufd,
	};

	args.argsz = offsetof(struct vfio_device_bind_iommufd, out_devid);
	ASSERT_EQ(-EINVAL, do_ioctl(self->device, VFIO_DEVICE_BIND_IOMMUFD, &args));
	args.argsz = sizeof(args);
	args.flags = 1U << 31;
	ASSERT_EQ(-EINVAL, do_ioctl(self->device, VFIO_DEVICE_BIND_IOMMUFD, &args));
	ASSERT_EQ(-EFAULT, do_ioctl(self->device, VFIO_DEVICE_BIND_IOMMUFD, NULL));
}

TEST_F(noiommu_cdev, the_iommufd_knows_the_device)
{
	struct iommu_hw_info args = { .size = sizeof(args) };

	ASSERT_EQ(0, cdev_bind(self->device, self->iommufd, &args.dev_id));
	ASSERT_EQ(-EBUSY, object_destroy(self->iommufd, args.dev_id));
	/* There is no hardware to tell anything about. */
	ASSERT_EQ(-EOPNOTSUPP, do_ioctl(self->iommufd, IOMMU_GET_HW_INFO, &args));
	/* The ID goes with the binding. */
	ASSERT_EQ(0, close(self->device));
	ASSERT_EQ(-ENOENT, object_destroy(self->iommufd, args.dev_id));
	self->device = cdev_open(device_bdf);
	ASSERT_LE(0, self->device);
}

FIXTURE(noiommu_bound) {
	int device;
	int iommufd;
	struct vfio_device_info info;
};

FIXTURE_SETUP(noiommu_bound)
{
	self->device = cdev_open(device_bdf);
	ASSERT_LE(0, self->device);
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
	ASSERT_EQ(0, cdev_bind(self->device, self->iommufd, NULL));
	ASSERT_EQ(0, device_info(self->device, &self->info));
}

FIXTURE_TEARDOWN(noiommu_bound)
{
	ASSERT_EQ(0, close(self->device));
	ASSERT_EQ(0, close(self->iommufd));
}

TEST_F(noiommu_bound, info)
{
	ASSERT_TRUE(self->info.flags & VFIO_DEVICE_FLAGS_PCI);
	ASSERT_EQ(VFIO_PCI_NUM_REGIONS, self->info.num_regions);
	ASSERT_EQ(VFIO_PCI_NUM_IRQS, self->info.num_irqs);
}

TEST_F(noiommu_bound, config_space)
{
	struct vfio_region_info region;
	char text[16];
	u16 vendor;

	ASSERT_EQ(0, region_info(self->device, VFIO_PCI_CONFIG_REGION_INDEX,
				 &region));
	ASSERT_LE(256, region.size);
	ASSERT_EQ(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE,
		  region.flags);
	ASSERT_EQ(sizeof(vendor), pread(self->device, &vendor, sizeof(vendor),
					region.offset + PCI_VENDOR_ID));
	ASSERT_TRUE(sysfs_read("vendor", text, sizeof(text)));
	ASSERT_EQ(strtoul(text, NULL, 0), vendor);
}

/* sysfs has a line "start end flags" for each region. */
TEST_F(noiommu_bound, regions_are_those_of_sysfs)
{
	char text[4096], *line = text;
	struct vfio_region_info region;
	u64 start, end, flags;
	int got;

	ASSERT_TRUE(sysfs_read("resource", text, sizeof(text)));
	for (u32 i = 0; i < PCI_STD_NUM_BARS; i++) {
		got = sscanf(line, "%lx %lx %lx", &start, &end, &flags);
		ASSERT_EQ(3, got);
		ASSERT_EQ(0, region_info(self->device, i, &region));
		ASSERT_EQ(end ? end - start + 1 : 0, region.size);
		ASSERT_EQ(!!region.size,
			  !!(region.flags & VFIO_REGION_INFO_FLAG_READ));
		line = strchr(line, '\n') + 1;
	}
	ASSERT_EQ(0, region_info(self->device, 0, &region));
	ASSERT_LT(0, region.size);
	ASSERT_EQ(-EINVAL, region_info(self->device, self->info.num_regions,
				       &region));
	ASSERT_EQ(-EINVAL, region_info(self->device, UINT32_MAX, &region));
}

TEST_F(noiommu_bound, region_can_be_mapped)
{
	struct vfio_region_info region;
	void *bar;

	ASSERT_EQ(0, region_info(self->device, 0, &region));
	ASSERT_TRUE(region.flags & VFIO_REGION_INFO_FLAG_MMAP);
	bar = mmap(NULL, region.size, PROT_READ | PROT_WRITE, MAP_SHARED,
		   self->device, region.offset);
	ASSERT_NE(MAP_FAILED, bar);
	/* A register that is there does not read as all ones. */
	ASSERT_NE(UINT32_MAX, readl(bar));
	ASSERT_EQ(0, munmap(bar, region.size));
}

TEST_F(noiommu_bound, bus_master_is_off)
{
	struct vfio_region_info region;
	u16 command;

	ASSERT_EQ(0, region_info(self->device, VFIO_PCI_CONFIG_REGION_INDEX,
				 &region));
	ASSERT_EQ(sizeof(command), pread(self->device, &command, sizeof(command),
					 region.offset + PCI_COMMAND));
	ASSERT_FALSE(command & PCI_COMMAND_MASTER);
}

/* The kernel lists its ways to reset a device that has any. */
TEST_F(noiommu_bound, reset)
{
	char methods[256];
	bool can = sysfs_read("reset_method", methods, sizeof(methods)) &&
		   methods[0] != '\n' && methods[0];

	TH_LOG("ways to reset: %s", can ? methods : "none");
	ASSERT_EQ(can, !!(self->info.flags & VFIO_DEVICE_FLAGS_RESET));
	ASSERT_EQ(can ? 0 : -EINVAL,
		  do_ioctl(self->device, VFIO_DEVICE_RESET, NULL));
	ASSERT_EQ(0, device_info(self->device, &self->info));
}

TEST_F(noiommu_bound, no_ioctl_of_that_number)
{
	ASSERT_EQ(-ENOTTY, do_ioctl(self->device, _IO(VFIO_TYPE, 200), NULL));
}

int main(int argc, char *argv[])
{
	device_bdf = vfio_selftests_get_bdf(&argc, argv);
	if (!vfio_pci_is_noiommu(device_bdf))
		ksft_exit_skip("%s has an IOMMU\n", device_bdf);

	return test_harness_run(argc, argv);
}
