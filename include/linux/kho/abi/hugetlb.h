/* SPDX-License-Identifier: GPL-2.0 */
/**
 * DOC: Handover blob of a memfd of huge pages
 *
 * A memfd made with MFD_HUGETLB. Root::
 *
 *   page-size  u64  bytes of a huge page
 *   size       u64  bytes of the file
 *   pos        u64  where its description is
 *   seals      u32  F_SEAL_*
 *   noexec     u32  1 when it can't be executed, MFD_NOEXEC_SEAL
 *   runs       array of struct hugetlb_run_ser, ascending and apart
 *
 * Each huge page is kept by kho_preserve_folio().
 */
#ifndef _LINUX_KHO_ABI_HUGETLB_H
#define _LINUX_KHO_ABI_HUGETLB_H

#include <linux/types.h>

#define HUGETLB_LUO_FH_COMPATIBLE	"carryover,hugetlb-v1"

/**
 * struct hugetlb_run_ser - adjacent huge pages, all counted in PAGE_SIZE
 * @page:   of the file, where the first one is
 * @pfn:    frame number of the first one
 * @npages: how many pages of PAGE_SIZE they have
 */
struct hugetlb_run_ser {
	__be64 page;
	__be64 pfn;
	__be64 npages;
};

#endif
