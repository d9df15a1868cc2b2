// SPDX-License-Identifier: GPL-2.0-only
/*
 * I4: blockers that need a machine or a kernel of their own: an IOMMU, virtual
 * functions, a device's memory given to others.
 */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/vfio.h>
#include <linux/vfio_liveupdate.h>

#include "disk.h"
#include "harness.h"
#include "blocker.h"
#include "rig.h"
#include "sysfs.h"

/* A device without a driver of userspace: bound, not attached. */
static int open_bound(const char *bdf, int *iommufd)
{
	uint32_t id;
	int device;

	WORKS(co_pci_bind(bdf, "vfio-pci"));
	*iommufd = WORKS(co_iommufd_open());
	device = WORKS(co_device_open(bdf));
	WORKS(co_device_bind(device, *iommufd, &id));
	return device;
}

/* Its pages are the IOMMU's, which the next kernel would set up anew. */
static void translated(void)
{
	char bdf[CO_BDF_SIZE];
	int device, iommufd;

	rig_edu(0, bdf);
	device = open_bound(bdf, &iommufd);
	blocker_refused(device, bdf, VFIO_LIVEUPDATE_IOMMU, "IOMMU");
	close(device);
	close(iommufd);
}

static void first_vf(const char *pf, char bdf[CO_BDF_SIZE])
{
	char link[96], target[PATH_MAX];
	ssize_t len;

	snprintf(link, sizeof(link), "/sys/bus/pci/devices/%s/virtfn0", pf);
	len = readlink(link, target, sizeof(target) - 1);
	MUST(len > 0);
	target[len] = 0;
	snprintf(bdf, CO_BDF_SIZE, "%s", basename(target));
}

/* While the physical function still has the driver it came up with. */
static void virtual_function(const char *pf)
{
	char bdf[CO_BDF_SIZE];
	int device, iommufd;

	WORKS(sysfs_write(pf, "sriov_drivers_autoprobe", "0"));
	WORKS(sysfs_write(pf, "sriov_numvfs", "1"));
	first_vf(pf, bdf);
	device = open_bound(bdf, &iommufd);
	blocker_refused(device, bdf, VFIO_LIVEUPDATE_VF, "virtual function");
	close(device);
	close(iommufd);
	WORKS(sysfs_write(pf, "sriov_numvfs", "0"));
}

static void physical_function(const char *bdf)
{
	int iommufd, device = open_bound(bdf, &iommufd);

	blocker_taken(device);
	WORKS(sysfs_write(bdf, "sriov_numvfs", "1"));
	blocker_refused(device, bdf, VFIO_LIVEUPDATE_HAS_VFS,
			"virtual functions");
	WORKS(sysfs_write(bdf, "sriov_numvfs", "0"));
	blocker_taken(device);
	close(device);
	close(iommufd);
}

static int export_bar0(int device)
{
	struct {
		struct vfio_device_feature head;
		uint32_t region, open_flags, flags, ranges;
		struct vfio_region_dma_range range;
	} arg = {
		.head.argsz = sizeof(arg),
		.head.flags = VFIO_DEVICE_FEATURE_GET |
			      VFIO_DEVICE_FEATURE_DMA_BUF,
		.ranges = 1,
		.range.length = RIG_PAGE,
	};

	return ioctl(device, VFIO_DEVICE_FEATURE, &arg);
}

/* Who was given a device's memory would go on using it. */
static void exported(void)
{
	char bdf[CO_BDF_SIZE];
	struct rig rig;
	int dmabuf;

	rig_edu(0, bdf);
	rig_open(&rig, bdf, 1);
	blocker_taken(rig.device);
	dmabuf = export_bar0(rig.device);
	MUST(dmabuf >= 0);
	blocker_refused(rig.device, bdf, VFIO_LIVEUPDATE_DMABUF, "dma-buf");
	close(dmabuf);
	blocker_taken(rig.device);
	rig_close(&rig);
}

/* PASIDs are what an IOMMU tells apart: there is nothing to attach one to. */
static void pasid(void)
{
	struct vfio_device_attach_iommufd_pt arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_DEVICE_ATTACH_PASID,
		.pasid = 1,
	};
	char bdf[CO_BDF_SIZE];
	struct rig rig;

	rig_edu(0, bdf);
	rig_open(&rig, bdf, 1);
	arg.pt_id = rig.note->ioas;
	SAME(ioctl(rig.device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &arg), -1);
	blocker_taken(rig.device);
	rig_close(&rig);
}

int main(int argc, char **argv)
{
	MUST(argc == 2);
	if (!strcmp(argv[1], "iommu")) {
		translated();
	} else if (!strcmp(argv[1], "sriov")) {
		char bdf[CO_BDF_SIZE];

		disk_find(bdf);
		virtual_function(bdf);
		physical_function(bdf);
	} else {
		exported();
		pasid();
	}
	return test_result();
}
