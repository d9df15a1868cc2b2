// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* Options and IOVA ranges of an iommufd. */
#include <errno.h>
#include <sys/ioctl.h>

#include "helpers.h"
#include "internal.h"

int co_option_get(int iommufd, uint32_t object, uint32_t option,
		  uint64_t *value)
{
	struct iommu_option arg = {
		.size = sizeof(arg), .option_id = option,
		.op = IOMMU_OPTION_OP_GET, .object_id = object,
	};

	if (ioctl(iommufd, IOMMU_OPTION, &arg))
		return co_fail("get OPTION %u of object %u", option, object);
	*value = arg.val64;
	return 0;
}

int co_option_set(int iommufd, uint32_t object, uint32_t option,
		  uint64_t value)
{
	struct iommu_option arg = {
		.size = sizeof(arg), .option_id = option,
		.op = IOMMU_OPTION_OP_SET, .object_id = object,
		.val64 = value,
	};

	return ioctl(iommufd, IOMMU_OPTION, &arg) ?
		co_fail("set OPTION %u of object %u", option, object) : 0;
}

int co_ioas_ranges(int iommufd, uint32_t ioas, struct iommu_iova_range *ranges,
		   uint32_t *count)
{
	struct iommu_ioas_iova_ranges arg = {
		.size = sizeof(arg), .ioas_id = ioas, .num_iovas = *count,
		.allowed_iovas = (uintptr_t)ranges,
	};
	int ret = ioctl(iommufd, IOMMU_IOAS_IOVA_RANGES, &arg);

	if (!ret || errno == EMSGSIZE)
		*count = arg.num_iovas;
	return ret ? co_fail("IOVA_RANGES of IOAS %u", ioas) : 0;
}

int co_ioas_allow(int iommufd, uint32_t ioas,
		  const struct iommu_iova_range *ranges, uint32_t count)
{
	struct iommu_ioas_allow_iovas arg = {
		.size = sizeof(arg), .ioas_id = ioas, .num_iovas = count,
		.allowed_iovas = (uintptr_t)ranges,
	};

	return ioctl(iommufd, IOMMU_IOAS_ALLOW_IOVAS, &arg) ?
		co_fail("ALLOW_IOVAS of IOAS %u", ioas) : 0;
}
