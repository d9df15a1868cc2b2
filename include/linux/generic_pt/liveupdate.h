/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keeping a software AMDv1 page table in place across a kexec.
 *
 * The pages of the table stay where they are, each preserved by KHO; what
 * travels is where the top is and what the table looked like. The next kernel
 * checks the whole tree without changing anything, then makes it the table of
 * an ordinary, empty domain.
 */
#ifndef __GENERIC_PT_LIVEUPDATE_H
#define __GENERIC_PT_LIVEUPDATE_H

#include <linux/types.h>

struct iommu_domain;
struct xarray;

/**
 * struct pt_amdv1_ser - a table that is kept in place
 * @top_phys:    physical address of the top table
 * @mapped:      bytes of IOVA mapped, modulo 2^64
 * @sme_mask:    memory encryption mask in the entries that point at tables
 * @features:    pt_common::features
 * @top_level:   level of the top table, 0 maps granules
 * @max_vasz_lg2: pt_common::max_vasz_lg2
 * @max_oasz_lg2: pt_common::max_oasz_lg2
 * @nr_tables:   pages of the table, the top included
 */
struct pt_amdv1_ser {
	u64 top_phys;
	u64 mapped;
	u64 sme_mask;
	u32 features;
	u32 top_level;
	u32 max_vasz_lg2;
	u32 max_oasz_lg2;
	u32 nr_tables;
};

/* Leaves of @leaf bytes that follow each other, in IOVA and in memory: @bytes. */
typedef int (*pt_amdv1_leaf_fn)(void *ctx, u64 iova, phys_addr_t pa, u64 bytes,
				u64 leaf);

int pt_amdv1_preserve(struct iommu_domain *domain, struct pt_amdv1_ser *ser);
void pt_amdv1_unpreserve(struct iommu_domain *domain);
int pt_amdv1_check(const struct pt_amdv1_ser *ser, struct xarray *seen);
int pt_amdv1_each_leaf(const struct pt_amdv1_ser *ser,
		       pt_amdv1_leaf_fn fn, void *ctx);
int pt_amdv1_fits(struct iommu_domain *domain, const struct pt_amdv1_ser *ser);
int pt_amdv1_install(struct iommu_domain *domain,
		     const struct pt_amdv1_ser *ser);
int pt_amdv1_discard(const struct pt_amdv1_ser *ser);

#endif
