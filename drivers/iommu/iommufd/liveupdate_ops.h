/* SPDX-License-Identifier: GPL-2.0-only */
/* Entries of the table of ioctls in main.c. */
#ifdef CONFIG_IOMMUFD_LIVEUPDATE
IOCTL_OP(IOMMU_IOAS_GET_FILE, iommufd_luo_get_file, struct iommu_ioas_get_file,
	 __reserved),
IOCTL_OP(IOMMU_IOAS_NEXT, iommufd_luo_next_ioas, struct iommu_ioas_next,
	 __reserved),
IOCTL_OP(IOMMU_IOAS_NEXT_AREA, iommufd_luo_next_area,
	 struct iommu_ioas_next_area, __reserved),
#endif
