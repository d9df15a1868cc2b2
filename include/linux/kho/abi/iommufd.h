/* SPDX-License-Identifier: GPL-2.0 */
/**
 * DOC: Handover blob of an iommufd
 *
 * The handover blob of an iommufd of noiommu devices.
 *
 * Root::
 *
 *   account-mode  u32  IOMMU_OPTION_RLIMIT_MODE
 *   page-size     u32  PAGE_SIZE of the kernel that wrote it
 *   files         array of struct iommufd_file_ser: the memfds
 *   pages         array of struct iommufd_pages_ser: what areas show; those
 *                 made with IOMMU_IOAS_COPY share an entry
 *
 * and these nodes, whose unit address is the object's ID. Names are the uapi's.
 *
 * ``memory``: pages that no file of the session has; they become a memfd. One for
 * each size of pages; the unit address is 0 for the first one, then 1::
 *
 *   page-size  u64  PAGE_SIZE, or bytes of a huge page of hugetlb
 *   size       u64  bytes, a multiple of page-size
 *   runs       array of struct iommufd_run_ser, in order, without holes
 *
 * ``ioas``::
 *
 *   disable-large-pages  u32  0 or 1, IOMMU_OPTION_HUGE_PAGES inverted
 *   allowed              u64 pairs (first, last), IOMMU_IOAS_ALLOW_IOVAS
 *   areas                array of struct iommufd_area_ser, ascending
 *
 * ``hwpt``::
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
 *
 * Until the context is frozen entries of ``files`` may lack their token, and
 * ``kept`` is 0.
 */
#ifndef _LINUX_KHO_ABI_IOMMUFD_H
#define _LINUX_KHO_ABI_IOMMUFD_H

#include <linux/types.h>

#define IOMMUFD_LUO_FH_COMPATIBLE	"carryover,iommufd-v4"

/* iommufd_file_ser::flags */
#define IOMMUFD_FILE_SER_KNOWN		0x1	/* the token is valid */
#define IOMMUFD_FILE_SER_HUGETLB	0x2	/* it has huge pages */

/* iommufd_pages_ser::flags */
#define IOMMUFD_PAGES_SER_MEMORY	0x1	/* of a memory node, not a file */
#define IOMMUFD_PAGES_SER_WRITABLE	0x2	/* areas may be writable */
#define IOMMUFD_PAGES_SER_FILE_RDONLY	0x4	/* mapped by a read-only description */

/**
 * struct iommufd_file_ser - a memfd that has to be in the same session
 * @token:    under which it is there
 * @inode:    its inode number in the kernel that wrote this, for people
 * @flags:    IOMMUFD_FILE_SER_*
 * @reserved: 0
 */
struct iommufd_file_ser {
	__be64 token;
	__be64 inode;
	__be32 flags;
	__be32 reserved;
};

/**
 * struct iommufd_pages_ser - a run of pages of a file or of the memory
 * @start:  byte of the file or memory where it begins, page aligned
 * @npages: how many; areas show each of them
 * @file:   index into files, or with IOMMUFD_PAGES_SER_MEMORY the unit address
 *          of the memory
 * @flags:  IOMMUFD_PAGES_SER_*
 */
struct iommufd_pages_ser {
	__be64 start;
	__be64 npages;
	__be32 file;
	__be32 flags;
};

/**
 * struct iommufd_area_ser - one mapping of an IOAS
 * @iova:        first IOVA
 * @last:        last IOVA
 * @prot:        IOMMU_READ, IOMMU_WRITE, IOMMU_CACHE
 * @page_offset: byte of the first page where the mapping begins
 * @pages:       index into pages
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
 * struct iommufd_run_ser - adjacent pages, all counted in PAGE_SIZE
 * @page:   page of the memory
 * @pfn:    frame number of the first one
 * @npages: how many
 *
 * Pages of PAGE_SIZE are kept by kho_preserve_pages(), each huge page by
 * kho_preserve_folio().
 */
struct iommufd_run_ser {
	__be64 page;
	__be64 pfn;
	__be64 npages;
};

#endif
