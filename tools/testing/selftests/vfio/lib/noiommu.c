// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether a device has an IOMMU is read from the nodes it was given, not from
 * the parameter vfio.enable_unsafe_noiommu_mode: that says what happens to the
 * next device that is bound, and only to one that has no IOMMU.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <linux/bits.h>
#include <linux/capability.h>
#include <linux/iommufd.h>
#include <linux/kernel.h>
#include <linux/limits.h>

#include <libvfio.h>

#define CDEV_PREFIX	"vfio"
#define NOIOMMU_PREFIX	"noiommu-"

#define PAGEMAP_PRESENT	BIT_ULL(63)
#define PAGEMAP_PFN	(BIT_ULL(55) - 1)

static const char *after(const char *text, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(text, prefix, length) ? NULL : text + length;
}

static bool is_number(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == 0;
}

static bool is_noiommu_name(const char *name)
{
	return after(name, NOIOMMU_PREFIX);
}

bool vfio_is_cdev_name(const char *name)
{
	const char *rest = after(name, NOIOMMU_PREFIX) ?: name;

	rest = after(rest, CDEV_PREFIX);
	return rest && is_number(rest);
}

/* -1: it has none. */
static int cdev_is_noiommu(const char *bdf)
{
	char path[PATH_MAX];
	struct dirent *entry;
	int found = -1;
	DIR *dir;

	snprintf_assert(path, sizeof(path),
			"/sys/bus/pci/devices/%s/vfio-dev", bdf);
	dir = opendir(path);
	if (!dir)
		return -1;
	while (found < 0 && (entry = readdir(dir))) {
		if (vfio_is_cdev_name(entry->d_name))
			found = is_noiommu_name(entry->d_name);
	}
	VFIO_ASSERT_EQ(closedir(dir), 0);
	return found;
}

static bool group_is_noiommu(const char *bdf)
{
	char link[PATH_MAX], path[PATH_MAX];

	snprintf_assert(link, sizeof(link),
			"/sys/bus/pci/devices/%s/iommu_group", bdf);
	if (access(link, F_OK))
		return false;
	vfio_pci_group_path(path, sizeof(path), sysfs_iommu_group_get(bdf));
	return strstr(path, NOIOMMU_PREFIX);
}

bool vfio_pci_is_noiommu(const char *bdf)
{
	int noiommu = cdev_is_noiommu(bdf);

	/* A kernel without VFIO_DEVICE_CDEV has the group alone. */
	return noiommu < 0 ? group_is_noiommu(bdf) : noiommu;
}

void vfio_pci_group_path(char *path, size_t size, int group)
{
	snprintf_assert(path, size, "/dev/vfio/" NOIOMMU_PREFIX "%d", group);
	if (access(path, F_OK))
		snprintf_assert(path, size, "/dev/vfio/%d", group);
}

const char *noiommu_why_not(const char *bdf, const char *mode)
{
	if (!mode)
		mode = default_iommu_mode;
	if (!strcmp(mode, MODE_IOMMUFD) || !vfio_pci_is_noiommu(bdf))
		return NULL;
	return "a device without IOMMU takes mappings from an iommufd only, not from a container";
}

int __noiommu_get_pa(int iommufd, u32 ioas_id, iova_t iova, u64 *length,
		     u64 *pa)
{
	struct iommu_ioas_noiommu_get_pa args = {
		.size = sizeof(args),
		.ioas_id = ioas_id,
		.iova = iova,
		.length = *length,
	};

	if (ioctl(iommufd, IOMMU_IOAS_NOIOMMU_GET_PA, &args))
		return -errno;
	*length = args.length;
	*pa = args.out_phys;
	return 0;
}

u64 noiommu_pa(struct iommu *iommu, iova_t iova)
{
	u64 length = 1, pa = 0;

	VFIO_ASSERT_EQ(__noiommu_get_pa(iommu->iommufd, iommu->ioas_id, iova,
					&length, &pa), 0);
	VFIO_ASSERT_EQ(length, 1);
	return pa;
}

u64 pagemap_pa(const void *vaddr)
{
	const u64 page_size = getpagesize();
	const u64 address = (uintptr_t)vaddr;
	u64 entry;
	int fd;

	fd = open("/proc/self/pagemap", O_RDONLY);
	VFIO_ASSERT_GE(fd, 0);
	VFIO_ASSERT_EQ(pread(fd, &entry, sizeof(entry),
			     address / page_size * sizeof(entry)),
		       sizeof(entry));
	VFIO_ASSERT_EQ(close(fd), 0);
	VFIO_ASSERT_TRUE(entry & PAGEMAP_PRESENT);
	/* Zero is what a process without CAP_SYS_ADMIN gets. */
	VFIO_ASSERT_NE(entry & PAGEMAP_PFN, 0);
	return (entry & PAGEMAP_PFN) * page_size + address % page_size;
}

u64 pagemap_run(const void *vaddr, u64 size)
{
	const u64 page_size = getpagesize();
	const u64 first = pagemap_pa(vaddr);
	u64 run = page_size - first % page_size;

	while (run < size && pagemap_pa(vaddr + run) == first + run)
		run += page_size;
	return run < size ? run : size;
}

void drop_sys_rawio(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	u32 mask = ~(1U << CAP_SYS_RAWIO);

	VFIO_ASSERT_EQ(syscall(SYS_capget, &header, data), 0);
	data[0].effective &= mask;
	data[0].permitted &= mask;
	data[0].inheritable &= mask;
	VFIO_ASSERT_EQ(syscall(SYS_capset, &header, data), 0);
}
