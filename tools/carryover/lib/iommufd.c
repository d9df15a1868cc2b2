// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* iommufd objects: the context, address spaces, page tables, options. */
#include <fcntl.h>
#include <sys/ioctl.h>

#include "internal.h"

#define IOMMUFD_PATH "/dev/iommu"

int co_iommufd_open(void)
{
	int fd = open(IOMMUFD_PATH, O_RDWR | O_CLOEXEC);

	return fd < 0 ? co_fail("open %s", IOMMUFD_PATH) : fd;
}

int co_ioas_alloc(int iommufd, uint32_t *ioas)
{
	struct iommu_ioas_alloc arg = { .size = sizeof(arg) };

	if (ioctl(iommufd, IOMMU_IOAS_ALLOC, &arg))
		return co_fail("IOAS_ALLOC");
	*ioas = arg.out_ioas_id;
	return 0;
}

int co_hwpt_alloc(int iommufd, uint32_t device_id, uint32_t ioas,
		  uint32_t *hwpt)
{
	struct iommu_hwpt_alloc arg = {
		.size = sizeof(arg), .dev_id = device_id, .pt_id = ioas,
		.data_type = IOMMU_HWPT_DATA_NONE,
	};

	if (ioctl(iommufd, IOMMU_HWPT_ALLOC, &arg))
		return co_fail("HWPT_ALLOC for device %u and IOAS %u",
			       device_id, ioas);
	*hwpt = arg.out_hwpt_id;
	return 0;
}

int co_iommufd_destroy(int iommufd, uint32_t id)
{
	struct iommu_destroy arg = { .size = sizeof(arg), .id = id };

	return ioctl(iommufd, IOMMU_DESTROY, &arg) ?
		co_fail("DESTROY of object %u", id) : 0;
}
