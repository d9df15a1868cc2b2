/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The system calls the noiommu tests are about, one function each: 0 (or a file
 * descriptor) or a negative errno. Nothing is retried and nothing asserted.
 */
#ifndef SELFTESTS_VFIO_NOIOMMU_H
#define SELFTESTS_VFIO_NOIOMMU_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/ioctl.h>
#include <sys/mman.h>

#include <linux/iommufd.h>
#include <linux/vfio.h>

#include <libvfio.h>

#define MAP_RW (IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)

static inline int do_ioctl(int fd, unsigned long request, void *args)
{
	return ioctl(fd, request, args) < 0 ? -errno : 0;
}

static inline int do_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static inline int iommufd_open(void)
{
	return do_open("/dev/iommu");
}

static inline int cdev_open(const char *bdf)
{
	const char *path = vfio_pci_get_cdev_path(bdf);
	int fd = do_open(path);

	free((void *)path);
	return fd;
}

static inline int cdev_bind(int device, int iommufd, u32 *devid)
{
	struct vfio_device_bind_iommufd args = {
		.argsz = sizeof(args),
		.iommufd = iommufd,
	};
	int rc = do_ioctl(device, VFIO_DEVICE_BIND_IOMMUFD, &args);

	if (!rc && devid)
		*devid = args.out_devid;
	return rc;
}

/* In @pt_id comes back which HWPT the device is attached to. */
static inline int cdev_attach(int device, u32 *pt_id)
{
	struct vfio_device_attach_iommufd_pt args = {
		.argsz = sizeof(args),
		.pt_id = *pt_id,
	};
	int rc = do_ioctl(device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &args);

	if (!rc)
		*pt_id = args.pt_id;
	return rc;
}

static inline int cdev_detach(int device)
{
	struct vfio_device_detach_iommufd_pt args = {
		.argsz = sizeof(args),
	};

	return do_ioctl(device, VFIO_DEVICE_DETACH_IOMMUFD_PT, &args);
}

static inline int device_info(int device, struct vfio_device_info *info)
{
	*info = (struct vfio_device_info) { .argsz = sizeof(*info) };
	return do_ioctl(device, VFIO_DEVICE_GET_INFO, info);
}

static inline int region_info(int device, u32 index,
			      struct vfio_region_info *info)
{
	*info = (struct vfio_region_info) {
		.argsz = sizeof(*info),
		.index = index,
	};
	return do_ioctl(device, VFIO_DEVICE_GET_REGION_INFO, info);
}

static inline int ioas_alloc(int iommufd, u32 *id)
{
	struct iommu_ioas_alloc args = { .size = sizeof(args) };
	int rc = do_ioctl(iommufd, IOMMU_IOAS_ALLOC, &args);

	if (!rc)
		*id = args.out_ioas_id;
	return rc;
}

static inline int hwpt_alloc(int iommufd, u32 devid, u32 ioas, u32 *hwpt)
{
	struct iommu_hwpt_alloc args = {
		.size = sizeof(args),
		.dev_id = devid,
		.pt_id = ioas,
	};
	int rc = do_ioctl(iommufd, IOMMU_HWPT_ALLOC, &args);

	if (!rc)
		*hwpt = args.out_hwpt_id;
	return rc;
}

static inline int object_destroy(int iommufd, u32 id)
{
	struct iommu_destroy args = { .size = sizeof(args), .id = id };

	return do_ioctl(iommufd, IOMMU_DESTROY, &args);
}

/* At *@iova with IOMMU_IOAS_MAP_FIXED_IOVA in @flags, else *@iova is chosen. */
static inline int ioas_map(int iommufd, u32 ioas, void *vaddr, u64 length,
			   u32 flags, iova_t *iova)
{
	struct iommu_ioas_map args = {
		.size = sizeof(args),
		.flags = flags,
		.ioas_id = ioas,
		.user_va = (uintptr_t)vaddr,
		.length = length,
		.iova = *iova,
	};
	int rc = do_ioctl(iommufd, IOMMU_IOAS_MAP, &args);

	if (!rc)
		*iova = args.iova;
	return rc;
}

static inline int ioas_map_fixed(int iommufd, u32 ioas, void *vaddr, u64 length,
				 iova_t iova)
{
	return ioas_map(iommufd, ioas, vaddr, length,
			MAP_RW | IOMMU_IOAS_MAP_FIXED_IOVA, &iova);
}

/* How much was unmapped comes back in *@length. */
static inline int ioas_unmap(int iommufd, u32 ioas, iova_t iova, u64 *length)
{
	struct iommu_ioas_unmap args = {
		.size = sizeof(args),
		.ioas_id = ioas,
		.iova = iova,
		.length = *length,
	};
	int rc = do_ioctl(iommufd, IOMMU_IOAS_UNMAP, &args);

	if (!rc)
		*length = args.length;
	return rc;
}

/* GET_PA of one byte: 0 if it is mapped where a noiommu device can see it. */
static inline int get_pa_byte(int iommufd, u32 ioas, iova_t iova, u64 *pa)
{
	u64 length = 1;

	return __noiommu_get_pa(iommufd, ioas, iova, &length, pa);
}

/* Fresh memory, every page there. */
static inline void *pages_alloc(u64 size, int flags)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | flags, -1, 0);
}

#endif /* SELFTESTS_VFIO_NOIOMMU_H */
