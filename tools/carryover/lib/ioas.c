// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* What an I/O address space holds: allowed ranges and mappings. */
#include <errno.h>
#include <sys/ioctl.h>

#include "internal.h"

#define RW	  (IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)
#define MAP_FLAGS (IOMMU_IOAS_MAP_FIXED_IOVA | RW)

typedef unsigned long long ull;

int co_map_file(int iommufd, uint32_t ioas, uint64_t iova, int fd,
		uint64_t start, uint64_t length)
{
	struct iommu_ioas_map_file arg = {
		.size = sizeof(arg), .flags = MAP_FLAGS, .ioas_id = ioas,
		.fd = fd, .start = start, .length = length, .iova = iova,
	};

	return ioctl(iommufd, IOMMU_IOAS_MAP_FILE, &arg) ?
		co_fail("MAP_FILE at IOVA 0x%llx in IOAS %u", (ull)iova,
			ioas) : 0;
}

int co_map(int iommufd, uint32_t ioas, uint64_t iova, void *memory,
	   uint64_t length)
{
	struct iommu_ioas_map arg = {
		.size = sizeof(arg), .flags = MAP_FLAGS, .ioas_id = ioas,
		.user_va = (uintptr_t)memory, .length = length, .iova = iova,
	};

	return ioctl(iommufd, IOMMU_IOAS_MAP, &arg) ?
		co_fail("MAP at IOVA 0x%llx in IOAS %u", (ull)iova, ioas) : 0;
}

int co_map_anywhere(int iommufd, uint32_t ioas, void *memory, uint64_t length,
		    uint64_t *iova)
{
	struct iommu_ioas_map arg = {
		.size = sizeof(arg), .flags = RW, .ioas_id = ioas,
		.user_va = (uintptr_t)memory, .length = length,
	};

	if (ioctl(iommufd, IOMMU_IOAS_MAP, &arg))
		return co_fail("MAP of %llu bytes in IOAS %u", (ull)length, ioas);
	*iova = arg.iova;
	return 0;
}

int co_map_file_anywhere(int iommufd, uint32_t ioas, int fd, uint64_t start,
			 uint64_t length, uint64_t *iova)
{
	struct iommu_ioas_map_file arg = {
		.size = sizeof(arg), .flags = RW, .ioas_id = ioas,
		.fd = fd, .start = start, .length = length,
	};

	if (ioctl(iommufd, IOMMU_IOAS_MAP_FILE, &arg))
		return co_fail("MAP_FILE of %llu bytes in IOAS %u", (ull)length, ioas);
	*iova = arg.iova;
	return 0;
}

int co_unmap(int iommufd, uint32_t ioas, uint64_t iova, uint64_t length)
{
	struct iommu_ioas_unmap arg = {
		.size = sizeof(arg), .ioas_id = ioas, .iova = iova,
		.length = length,
	};

	return ioctl(iommufd, IOMMU_IOAS_UNMAP, &arg) ?
		co_fail("UNMAP at IOVA 0x%llx in IOAS %u", (ull)iova,
			ioas) : 0;
}
