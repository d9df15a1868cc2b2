// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device without IOMMU that goes while it is used: unbound from its driver,
 * bound again, removed from the bus and found again. The driver asks its user to
 * let go (the request interrupt), and waits.
 */
#include <poll.h>
#include <sched.h>
#include <string.h>

#include <sys/eventfd.h>
#include <sys/wait.h>

#include <linux/limits.h>

#include "vfio_noiommu.h"
#include "kselftest_harness.h"

static const char *device_bdf;

#define IOVA 0x200000ULL
/* Only for a test that hangs: nothing is expected to take that long. */
#define PATIENCE_MS 20000

static void sysfs_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	VFIO_ASSERT_GE(fd, 0, "open(%s) failed\n", path);
	VFIO_ASSERT_EQ(write(fd, text, strlen(text)), strlen(text),
		       "writing '%s' to %s failed\n", text, path);
	VFIO_ASSERT_EQ(close(fd), 0);
}

static void device_path(char path[PATH_MAX], const char *name)
{
	snprintf_assert(path, PATH_MAX, "/sys/bus/pci/devices/%s/%s",
			device_bdf, name);
}

static void device_write(const char *name, const char *text)
{
	char path[PATH_MAX];

	device_path(path, name);
	sysfs_write(path, text);
}

static bool device_has(const char *name)
{
	char path[PATH_MAX];

	device_path(path, name);
	return !access(path, F_OK);
}

static void driver_bind(void)
{
	device_write("driver_override", "vfio-pci");
	sysfs_write("/sys/bus/pci/drivers/vfio-pci/bind", device_bdf);
}

static void driver_unbind(void)
{
	sysfs_write("/sys/bus/pci/drivers/vfio-pci/unbind", device_bdf);
}

static void bus_remove(void)
{
	device_write("remove", "1");
}

/* What is found is not for the driver that would like to have it. */
static void bus_rescan(void)
{
	sysfs_write("/sys/bus/pci/drivers_autoprobe", "0");
	sysfs_write("/sys/bus/pci/rescan", "1");
	sysfs_write("/sys/bus/pci/drivers_autoprobe", "1");
}

FIXTURE(noiommu_hotplug) {
	int device;
	int iommufd;
	int request;
	u32 ioas;
	void *mem;
	pid_t child;
};

FIXTURE_VARIANT(noiommu_hotplug) {
	void (*take)(void);
	bool off_the_bus;
};

FIXTURE_VARIANT_ADD(noiommu_hotplug, unbind) {
	.take = driver_unbind,
};

FIXTURE_VARIANT_ADD(noiommu_hotplug, remove) {
	.take = bus_remove,
	.off_the_bus = true,
};

static void use_device(int *device, int iommufd, u32 ioas)
{
	u32 pt_id = ioas;

	*device = cdev_open(device_bdf);
	VFIO_ASSERT_GE(*device, 0);
	VFIO_ASSERT_EQ(cdev_bind(*device, iommufd, NULL), 0);
	VFIO_ASSERT_EQ(cdev_attach(*device, &pt_id), 0);
}

/* An eventfd that says when the driver wants the device back. */
static int request_eventfd(int device)
{
	struct {
		struct vfio_irq_set head;
		s32 fd;
	} args = {
		.head = {
			.argsz = sizeof(args),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD |
				 VFIO_IRQ_SET_ACTION_TRIGGER,
			.index = VFIO_PCI_REQ_IRQ_INDEX,
			.count = 1,
		},
		.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	};

	VFIO_ASSERT_GE(args.fd, 0);
	VFIO_ASSERT_EQ(do_ioctl(device, VFIO_DEVICE_SET_IRQS, &args), 0);
	return args.fd;
}

FIXTURE_SETUP(noiommu_hotplug)
{
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
	ASSERT_EQ(0, ioas_alloc(self->iommufd, &self->ioas));
	use_device(&self->device, self->iommufd, self->ioas);
	self->request = request_eventfd(self->device);
	self->mem = pages_alloc(getpagesize(), 0);
	ASSERT_NE(MAP_FAILED, self->mem);
	ASSERT_EQ(0, ioas_map_fixed(self->iommufd, self->ioas, self->mem,
				    getpagesize(), IOVA));
}

FIXTURE_TEARDOWN(noiommu_hotplug)
{
	ASSERT_EQ(0, close(self->device));
	ASSERT_EQ(0, close(self->iommufd));
	ASSERT_EQ(0, close(self->request));
}

static void wait_for_request(int fd)
{
	struct pollfd wanted = { .fd = fd, .events = POLLIN };

	VFIO_ASSERT_EQ(poll(&wanted, 1, PATIENCE_MS), 1,
		       "the driver did not ask for the device\n");
}

/* Wait for the child that @take runs in; its descriptors are its own copies. */
static void taken(pid_t child)
{
	int status;

	VFIO_ASSERT_EQ(waitpid(child, &status, 0), child);
	VFIO_ASSERT_EQ(status, 0);
}

static pid_t in_the_background(void (*take)(void), int device, int iommufd)
{
	pid_t child = fork();

	VFIO_ASSERT_GE(child, 0);
	if (child)
		return child;
	/* What this process has open would keep the device from going. */
	close(device);
	close(iommufd);
	take();
	_exit(0);
}

static void bring_back(bool off_the_bus)
{
	if (off_the_bus)
		bus_rescan();
	driver_bind();
}

#define ASSERT_STILL_MAPPED() do {					\
	u64 __pa;							\
									\
	ASSERT_EQ(0, get_pa_byte(self->iommufd, self->ioas, IOVA, &__pa)); \
	ASSERT_EQ(pagemap_pa(self->mem), __pa);				\
} while (0)

TEST_F(noiommu_hotplug, while_bound_and_attached)
{
	struct vfio_device_info info;
	u64 pa;

	self->child = in_the_background(variant->take, self->device,
					self->iommufd);
	wait_for_request(self->request);

	/* Asked, not forced: until it is closed the device works. */
	ASSERT_EQ(0, device_info(self->device, &info));
	ASSERT_STILL_MAPPED();
	ASSERT_EQ(0, waitpid(self->child, NULL, WNOHANG));

	ASSERT_EQ(0, close(self->device));
	taken(self->child);
	ASSERT_FALSE(device_has("vfio-dev"));
	ASSERT_EQ(!variant->off_the_bus, device_has("vendor"));
	/* The HWPT was the device's. The mapping is not, and the page stays. */
	ASSERT_EQ(-EOPNOTSUPP, get_pa_byte(self->iommufd, self->ioas, IOVA, &pa));

	bring_back(variant->off_the_bus);
	ASSERT_TRUE(vfio_pci_is_noiommu(device_bdf));
	use_device(&self->device, self->iommufd, self->ioas);
	ASSERT_STILL_MAPPED();
}

TEST_F(noiommu_hotplug, while_open_and_not_bound)
{
	struct vfio_device_info info;

	/* A file that was only opened holds nothing. */
	ASSERT_EQ(0, close(self->device));
	self->device = cdev_open(device_bdf);
	ASSERT_LE(0, self->device);
	self->child = in_the_background(variant->take, self->device,
					self->iommufd);
	/* Gone from sysfs is the sign that it has begun. */
	while (device_has("vfio-dev"))
		sched_yield();
	ASSERT_EQ(-EINVAL, device_info(self->device, &info));
	ASSERT_EQ(0, close(self->device));
	taken(self->child);
	bring_back(variant->off_the_bus);
	use_device(&self->device, self->iommufd, self->ioas);
	ASSERT_STILL_MAPPED();
}

TEST_F(noiommu_hotplug, again_and_again)
{
	for (int round = 0; round < 3; round++) {
		ASSERT_EQ(0, close(self->device));
		variant->take();
		ASSERT_FALSE(device_has("vfio-dev"));
		bring_back(variant->off_the_bus);
		use_device(&self->device, self->iommufd, self->ioas);
		ASSERT_STILL_MAPPED();
	}
}

int main(int argc, char *argv[])
{
	device_bdf = vfio_selftests_get_bdf(&argc, argv);
	if (!vfio_pci_is_noiommu(device_bdf))
		ksft_exit_skip("%s has an IOMMU\n", device_bdf);

	return test_harness_run(argc, argv);
}
