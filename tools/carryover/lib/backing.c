// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* What is in a context, and the file behind an IOVA. */
#include <sys/ioctl.h>

#include <linux/iommufd_liveupdate.h>

#include "internal.h"

int co_ioas_file(int iommufd, uint32_t ioas, uint64_t iova, uint64_t *offset,
		 uint64_t *length)
{
	struct iommu_ioas_get_file arg = {
		.size = sizeof(arg), .ioas_id = ioas, .iova = iova,
	};

	if (ioctl(iommufd, IOMMU_IOAS_GET_FILE, &arg))
		return co_fail("GET_FILE of IOVA 0x%llx in IOAS %u",
			       (unsigned long long)iova, ioas);
	*offset = arg.out_offset;
	*length = arg.out_length;
	return arg.out_fd;
}

int co_ioas_next(int iommufd, uint32_t *ioas)
{
	struct iommu_ioas_next arg = { .size = sizeof(arg), .ioas_id = *ioas };

	if (ioctl(iommufd, IOMMU_IOAS_NEXT, &arg))
		return co_fail("IOAS_NEXT from IOAS %u on", *ioas);
	*ioas = arg.ioas_id;
	return 0;
}

int co_ioas_next_area(int iommufd, uint32_t ioas, uint64_t *iova,
		      uint64_t *last, bool *writable)
{
	struct iommu_ioas_next_area arg = {
		.size = sizeof(arg), .ioas_id = ioas, .iova = *iova,
	};

	if (ioctl(iommufd, IOMMU_IOAS_NEXT_AREA, &arg))
		return co_fail("NEXT_AREA from IOVA 0x%llx on in IOAS %u",
			       (unsigned long long)*iova, ioas);
	*iova = arg.iova;
	*last = arg.out_last;
	if (writable)
		*writable = arg.out_flags & IOMMU_IOAS_MAP_WRITEABLE;
	return 0;
}
