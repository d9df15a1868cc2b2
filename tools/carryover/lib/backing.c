// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* The file behind an IOVA. */
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
