// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reset of a whole bus, and who may ask for it when devices have no IOMMU group
 * that would say who owns them. Needs two functions that are reset together.
 */
#include <string.h>

#include "vfio_noiommu.h"
#include "kselftest_harness.h"

static char **bdfs;

#define MAX_DEPENDENT 8

struct hot_reset_info {
	struct vfio_pci_hot_reset_info head;
	struct vfio_pci_dependent_device device[MAX_DEPENDENT];
};

static int hot_reset_info(int device, struct hot_reset_info *info)
{
	memset(info, 0, sizeof(*info));
	info->head.argsz = sizeof(*info);
	return do_ioctl(device, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, info);
}

static int hot_reset(int device)
{
	struct vfio_pci_hot_reset args = { .argsz = sizeof(args) };

	return do_ioctl(device, VFIO_DEVICE_PCI_HOT_RESET, &args);
}

/* The ID the kernel tells for @bdf; 0 is VFIO_PCI_DEVID_OWNED. */
static u32 devid_of(const struct hot_reset_info *info, const char *bdf)
{
	unsigned int segment, bus, slot, function;
	int got;

	got = sscanf(bdf, "%x:%x:%x.%x", &segment, &bus, &slot, &function);
	VFIO_ASSERT_EQ(got, 4);
	for (u32 i = 0; i < info->head.count; i++) {
		const struct vfio_pci_dependent_device *d = &info->device[i];

		if (d->segment == segment && d->bus == bus &&
		    d->devfn == (slot << 3 | function))
			return d->devid;
	}
	VFIO_FAIL("%s is not in the list\n", bdf);
}

FIXTURE(noiommu_reset) {
	int device[2];
	int iommufd;
	u32 devid[2];
	struct hot_reset_info info;
};

FIXTURE_SETUP(noiommu_reset)
{
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
	for (int i = 0; i < 2; i++) {
		self->device[i] = cdev_open(bdfs[i]);
		ASSERT_LE(0, self->device[i]);
	}
	ASSERT_EQ(0, cdev_bind(self->device[0], self->iommufd, &self->devid[0]));
}

FIXTURE_TEARDOWN(noiommu_reset)
{
	ASSERT_EQ(0, close(self->device[0]));
	ASSERT_EQ(0, close(self->device[1]));
	ASSERT_EQ(0, close(self->iommufd));
}

#define OWNED VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED

TEST_F(noiommu_reset, the_other_is_nobodys)
{
	ASSERT_EQ(0, hot_reset_info(self->device[0], &self->info));
	ASSERT_EQ(2, self->info.head.count);
	ASSERT_TRUE(self->info.head.flags & VFIO_PCI_HOT_RESET_FLAG_DEV_ID);
	ASSERT_FALSE(self->info.head.flags & OWNED);
	ASSERT_EQ(self->devid[0], devid_of(&self->info, bdfs[0]));
	ASSERT_EQ((u32)VFIO_PCI_DEVID_NOT_OWNED, devid_of(&self->info, bdfs[1]));
	ASSERT_EQ(-EINVAL, hot_reset(self->device[0]));
}

TEST_F(noiommu_reset, the_other_is_somebody_elses)
{
	int other = iommufd_open();

	ASSERT_LE(0, other);
	ASSERT_EQ(0, cdev_bind(self->device[1], other, &self->devid[1]));
	ASSERT_EQ(0, hot_reset_info(self->device[0], &self->info));
	ASSERT_FALSE(self->info.head.flags & OWNED);
	ASSERT_EQ((u32)VFIO_PCI_DEVID_NOT_OWNED, devid_of(&self->info, bdfs[1]));
	ASSERT_EQ(-EINVAL, hot_reset(self->device[0]));
	ASSERT_EQ(-EINVAL, hot_reset(self->device[1]));
	ASSERT_EQ(0, close(other));
}

TEST_F(noiommu_reset, both_are_ours)
{
	struct vfio_region_info config;
	u16 line = 0x5a, read_back = 0;

	ASSERT_EQ(0, cdev_bind(self->device[1], self->iommufd, &self->devid[1]));
	ASSERT_EQ(0, hot_reset_info(self->device[0], &self->info));
	ASSERT_EQ(2, self->info.head.count);
	ASSERT_TRUE(self->info.head.flags & OWNED);
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(self->devid[i], devid_of(&self->info, bdfs[i]));
	ASSERT_EQ(0, hot_reset(self->device[0]));
	ASSERT_EQ(0, hot_reset(self->device[1]));

	/* Both answer afterwards. */
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, region_info(self->device[i],
					 VFIO_PCI_CONFIG_REGION_INDEX, &config));
		ASSERT_EQ(sizeof(line), pread(self->device[i], &read_back,
					      sizeof(read_back), config.offset));
		ASSERT_NE(0xffff, read_back);
	}
}

TEST_F(noiommu_reset, groups_are_for_group_files)
{
	struct {
		struct vfio_pci_hot_reset head;
		s32 fd;
	} args = {
		.head = { .argsz = sizeof(args), .count = 1 },
		.fd = self->iommufd,
	};

	ASSERT_EQ(0, cdev_bind(self->device[1], self->iommufd, &self->devid[1]));
	ASSERT_EQ(-EINVAL, do_ioctl(self->device[0], VFIO_DEVICE_PCI_HOT_RESET,
				    &args));
}

TEST_F(noiommu_reset, list_too_short)
{
	struct vfio_pci_hot_reset_info head = { .argsz = sizeof(head) };

	ASSERT_EQ(-ENOSPC, do_ioctl(self->device[0],
				    VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &head));
	ASSERT_EQ(2, head.count);
}

/* The mappings are not the device's, and stay. */
TEST_F(noiommu_reset, mappings_survive)
{
	void *mem = pages_alloc(getpagesize(), 0);
	u32 ioas, pt_id;
	u64 pa;

	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, cdev_bind(self->device[1], self->iommufd, &self->devid[1]));
	ASSERT_EQ(0, ioas_alloc(self->iommufd, &ioas));
	pt_id = ioas;
	ASSERT_EQ(0, cdev_attach(self->device[0], &pt_id));
	ASSERT_EQ(0, ioas_map_fixed(self->iommufd, ioas, mem, getpagesize(), 0));
	ASSERT_EQ(0, hot_reset(self->device[0]));
	ASSERT_EQ(0, get_pa_byte(self->iommufd, ioas, 0, &pa));
	ASSERT_EQ(pagemap_pa(mem), pa);
}

int main(int argc, char *argv[])
{
	int nr_bdfs;

	bdfs = vfio_selftests_get_bdfs(&argc, argv, &nr_bdfs);
	for (int i = 0; i < nr_bdfs; i++) {
		if (!vfio_pci_is_noiommu(bdfs[i]))
			ksft_exit_skip("%s has an IOMMU\n", bdfs[i]);
	}
	if (nr_bdfs < 2)
		ksft_exit_skip("needs two functions that are reset together\n");

	return test_harness_run(argc, argv);
}
