/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * What live update adds to <linux/iommufd.h>.
 */
#ifndef _UAPI_LINUX_IOMMUFD_LIVEUPDATE_H
#define _UAPI_LINUX_IOMMUFD_LIVEUPDATE_H

#include <linux/iommufd.h>
#include <linux/ioctl.h>
#include <linux/types.h>

/* Far above what <linux/iommufd.h> counts up to. */
#define IOMMUFD_CMD_IOAS_GET_FILE	0xe0
#define IOMMUFD_CMD_IOAS_NEXT		0xe1
#define IOMMUFD_CMD_IOAS_NEXT_AREA	0xe2

/**
 * struct iommu_ioas_get_file - ioctl(IOMMU_IOAS_GET_FILE)
 * @size:       sizeof(struct iommu_ioas_get_file)
 * @flags:      must be 0
 * @ioas_id:    IOAS ID
 * @out_fd:     [OUT] a new file descriptor, O_CLOEXEC, of the file that backs
 *              @iova. It is open as it was for IOMMU_IOAS_MAP_FILE, or for
 *              reading and writing; for reading only where the mapping is
 *              not IOMMU_IOAS_MAP_WRITEABLE
 * @iova:       any mapped IOVA
 * @out_offset: [OUT] the byte of the file that @iova shows
 * @out_length: [OUT] bytes from @iova to the end of its mapping; the file
 *              backs them in order
 * @__reserved: must be 0
 *
 * Which file, and which part of it, backs an IOVA. With the answer a process
 * that has only the iommufd can mmap() the memory its device uses.
 *
 * Memory mapped with IOMMU_IOAS_MAP_FILE is backed by that file. Memory mapped
 * with IOMMU_IOAS_MAP is backed by no file until a live update makes it a
 * memfd: -EOPNOTSUPP. An IOVA that is not mapped: -ENOENT. Needs CAP_SYS_RAWIO,
 * as IOMMU_IOAS_NOIOMMU_GET_PA does: -EPERM. Works while the context is
 * preserved.
 */
struct iommu_ioas_get_file {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__s32 out_fd;
	__aligned_u64 iova;
	__aligned_u64 out_offset;
	__aligned_u64 out_length;
	__aligned_u64 __reserved;
};

#define IOMMU_IOAS_GET_FILE _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_GET_FILE)

/**
 * struct iommu_ioas_next - ioctl(IOMMU_IOAS_NEXT)
 * @size:       sizeof(struct iommu_ioas_next)
 * @flags:      must be 0
 * @ioas_id:    where to begin, 0 for all; [OUT] the lowest ID of an IOAS that
 *              is not below that
 * @__reserved: must be 0
 *
 * Which IOAS there are. Asked again from the answer + 1 on, until there is no
 * other: -ENOENT. Works while the context is preserved.
 */
struct iommu_ioas_next {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__u32 __reserved;
};

#define IOMMU_IOAS_NEXT _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_NEXT)

/**
 * struct iommu_ioas_next_area - ioctl(IOMMU_IOAS_NEXT_AREA)
 * @size:       sizeof(struct iommu_ioas_next_area)
 * @flags:      must be 0
 * @ioas_id:    IOAS ID
 * @out_flags:  [OUT] those that IOMMU_IOAS_MAP would map it with,
 *              IOMMU_IOAS_MAP_FIXED_IOVA among them
 * @iova:       where to look; [OUT] the first IOVA of the mapping that is there,
 *              or of the first one behind
 * @out_last:   [OUT] the last IOVA of that mapping
 * @__reserved: must be 0
 *
 * What is mapped where. Asked again from @out_last + 1 on, unless that is 0,
 * until there is no other: -ENOENT, as for an IOAS that is not there. Works
 * while the context is preserved.
 */
struct iommu_ioas_next_area {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__u32 out_flags;
	__aligned_u64 iova;
	__aligned_u64 out_last;
	__aligned_u64 __reserved;
};

#define IOMMU_IOAS_NEXT_AREA _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_NEXT_AREA)

#endif
