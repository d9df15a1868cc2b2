/* SPDX-License-Identifier: GPL-2.0 */
/**
 * DOC: Handover blob of an iommufd
 *
 * The handover blob of an iommufd of noiommu devices.
 *
 * Root: account-mode (u32, IOMMU_OPTION_RLIMIT_MODE), and these nodes. A unit
 * address is an object ID, for pages a running number. Names are the uapi's.
 *
 * ``pages``: memory that areas show; areas made with IOMMU_IOAS_COPY share it::
 *
 *   in-memory     u32  0 or 1
 *   token         u64  when 0: under which its memfd is in the same session
 *   memory        u32  when 1: number of the memory node that has it
 *   start         u64  byte of the memfd or memory where it begins, page aligned
 *   npages        u64  its length in pages
 *   writable      u32  0 or 1
 *   account-mode  u32  as in the root
 *
 * ``memory``: pages that no file had; they become a memfd::
 *
 *   size  u64  bytes, page aligned
 *   runs  array of struct iommufd_run_ser, in order; between them are holes
 *
 * ``ioas``::
 *
 *   disable-large-pages  u32  0 or 1, IOMMU_OPTION_HUGE_PAGES inverted
 *   allowed              u64 pairs (first, last), IOMMU_IOAS_ALLOW_IOVAS
 *   areas                array of struct iommufd_area_ser
 *
 * ``hwpt``: in the order in which the IOAS filled them::
 *
 *   ioas           u32  ID
 *   auto           u32  1 when made by attaching a device to the IOAS
 *   top            u64  physical address of the top table
 *   mapped         u64  bytes mapped, modulo 2^64
 *   sme-mask       u64
 *   features, level, vasz, oasz, tables  u32, see struct pt_amdv1_ser
 *
 * ``device``::
 *
 *   hwpt  u32  ID of the HWPT it is attached to, 0 when it is not
 *   sbdf  u64  PCI segment << 16 | bus << 8 | devfn
 *   kept  u32  1 when the device's own file is in the session
 */
#ifndef _LINUX_KHO_ABI_IOMMUFD_H
#define _LINUX_KHO_ABI_IOMMUFD_H

#include <linux/types.h>

#define IOMMUFD_LUO_FH_COMPATIBLE	"carryover,iommufd-v2"

/**
 * struct iommufd_area_ser - one mapping of an IOAS
 * @iova:        first IOVA
 * @last:        last IOVA
 * @prot:        IOMMU_READ, IOMMU_WRITE, IOMMU_CACHE
 * @page_offset: byte of the first page where the mapping begins
 * @pages:       number of the pages node
 * @first_page:  index into these pages
 */
struct iommufd_area_ser {
	__be64 iova;
	__be64 last;
	__be32 prot;
	__be32 page_offset;
	__be64 pages;
	__be64 first_page;
};

/**
 * struct iommufd_run_ser - adjacent pages, kept by kho_preserve_pages()
 * @page:   page of the file
 * @pfn:    frame number of the first one
 * @npages: how many
 */
struct iommufd_run_ser {
	__be64 page;
	__be64 pfn;
	__be64 npages;
};

#endif
