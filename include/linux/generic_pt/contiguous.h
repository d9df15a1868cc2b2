/* SPDX-License-Identifier: GPL-2.0-only */
/* Physically contiguous runs of an IO page table. */
#ifndef __GENERIC_PT_CONTIGUOUS_H
#define __GENERIC_PT_CONTIGUOUS_H

#include <linux/types.h>

struct iommu_domain;

u64 pt_amdv1_contiguous(struct iommu_domain *domain, unsigned long iova,
			u64 most, u64 *pa);

#endif
