/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices without an IOMMU: how to find them, what they cannot do, and which
 * physical address an IOVA has.
 */
#ifndef SELFTESTS_VFIO_LIB_INCLUDE_LIBVFIO_NOIOMMU_H
#define SELFTESTS_VFIO_LIB_INCLUDE_LIBVFIO_NOIOMMU_H

#include <linux/types.h>

#include <libvfio/iommu.h>

struct vfio_pci_driver_ops;

/* Of QEMU's edu device, as long as no IOMMU translates what it uses. */
extern struct vfio_pci_driver_ops edu_ops;

/* The two containers that take a noiommu group; neither can map anything. */
#define MODE_VFIO_NOIOMMU		"vfio_noiommu"
#define MODE_IOMMUFD_COMPAT_NOIOMMU	"iommufd_compat_noiommu"

/* Is @name that of a VFIO character device: vfioX or noiommu-vfioX? */
bool vfio_is_cdev_name(const char *name);

/* Is the cdev below vfio-dev/ of @bdf, or else its group's node, a noiommu one? */
bool vfio_pci_is_noiommu(const char *bdf);

/* The node of @bdf's iommu group @group: /dev/vfio/N or /dev/vfio/noiommu-N. */
void vfio_pci_group_path(char *path, size_t size, int group);

/* Why @bdf cannot be used with @mode (NULL: the default mode), or NULL if it can. */
const char *noiommu_why_not(const char *bdf, const char *mode);

/* First in a fixture's setup; @_statement leaves it. */
#define SKIP_BECAUSE(_statement, _why) do {				\
	const char *__why = (_why);					\
									\
	if (__why)							\
		SKIP(_statement, "%s", __why);				\
} while (0)

/*
 * IOMMU_IOAS_NOIOMMU_GET_PA: of @length bytes from @iova on, the physical
 * address of the first and, in @length, how many follow it contiguously.
 * Returns 0 or a negative errno, and then leaves both as they are.
 */
int __noiommu_get_pa(int iommufd, u32 ioas_id, iova_t iova, u64 *length,
		     u64 *pa);

/* The physical address of the single byte at @iova, which is mapped. */
u64 noiommu_pa(struct iommu *iommu, iova_t iova);

/* What /proc/self/pagemap says about @vaddr, which has to be present. */
u64 pagemap_pa(const void *vaddr);

/*
 * How many of the @size bytes from @vaddr on are physically contiguous,
 * according to /proc/self/pagemap.
 */
u64 pagemap_run(const void *vaddr, u64 size);

/* Give up CAP_SYS_RAWIO in this process, for good. */
void drop_sys_rawio(void);

#endif /* SELFTESTS_VFIO_LIB_INCLUDE_LIBVFIO_NOIOMMU_H */
