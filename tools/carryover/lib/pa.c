// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* Physical addresses behind IOVAs. */
#include <errno.h>
#include <sys/ioctl.h>

#include "internal.h"

int co_pa(int iommufd, uint32_t ioas, uint64_t iova, uint64_t *pa,
	  uint64_t *length)
{
	struct iommu_ioas_noiommu_get_pa arg = {
		.size = sizeof(arg), .ioas_id = ioas, .iova = iova,
		.length = *length,
	};

	if (ioctl(iommufd, IOMMU_IOAS_NOIOMMU_GET_PA, &arg))
		return co_fail("GET_PA of IOVA 0x%llx in IOAS %u",
			       (unsigned long long)iova, ioas);
	*pa = arg.out_phys;
	*length = arg.length;
	return 0;
}

int co_pa_runs(int iommufd, uint32_t ioas, uint64_t iova, uint64_t length,
	       struct co_run *runs, unsigned int max)
{
	unsigned int count = 0;
	struct co_run run;
	int ret;

	for (; length; iova += run.length, length -= run.length) {
		run = (struct co_run){ .iova = iova, .length = length };
		ret = co_pa(iommufd, ioas, iova, &run.pa, &run.length);
		if (ret)
			return ret;
		if (count && runs[count - 1].pa + runs[count - 1].length ==
		    run.pa) {
			runs[count - 1].length += run.length;
			continue;
		}
		if (count == max)
			return co_fail_as(ENOSPC, "PA runs of IOAS %u", ioas);
		runs[count++] = run;
	}
	return count;
}
