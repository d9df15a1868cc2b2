// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* Which driver a PCI device has. */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define PCI_BUS "/sys/bus/pci"

int co_pci_driver(const char *bdf, char *name, size_t size)
{
	char path[64], target[256];
	ssize_t len;

	snprintf(path, sizeof(path), PCI_BUS "/devices/%s", bdf);
	if (access(path, F_OK))
		return co_fail_as(ENODEV, "PCI device %s", bdf);

	snprintf(path, sizeof(path), PCI_BUS "/devices/%s/driver", bdf);
	len = readlink(path, target, sizeof(target) - 1);
	target[len < 0 ? 0 : len] = 0;
	snprintf(name, size, "%s", len < 0 ? "" : strrchr(target, '/') + 1);
	return 0;
}

static int set_override(const char *bdf, const char *driver)
{
	char path[64];

	snprintf(path, sizeof(path), PCI_BUS "/devices/%s/driver_override",
		 bdf);
	return co_write_line(path, driver);
}

static int release(const char *bdf)
{
	char path[64];
	int ret;

	snprintf(path, sizeof(path), PCI_BUS "/devices/%s/driver/unbind", bdf);
	ret = co_write_line(path, bdf);
	/* No driver had it, or it has let go by now. */
	return ret == -ENOENT || ret == -ENODEV ? 0 : ret;
}

static int has_cdev(const void *bdf)
{
	char path[64];

	if (co_device_path(bdf, path, sizeof(path)))
		return -EAGAIN;
	return access(path, F_OK) ? -EAGAIN : 0;
}

/* Who else binds it may not be done; co_device_open() waits for what is left of that. */
static int wait_for_cdev(const char *bdf)
{
	int ret = co_wait(has_cdev, bdf);

	return ret ? co_fail_as(-ret, "VFIO device of %s", bdf) : 0;
}

static int take(const char *bdf, const char *driver)
{
	char now[64];
	int ret = set_override(bdf, driver);

	if (!ret)
		ret = release(bdf);
	if (!ret)
		ret = co_write_line(PCI_BUS "/drivers_probe", bdf);
	if (!ret)
		ret = co_pci_driver(bdf, now, sizeof(now));
	if (!ret && strcmp(now, driver))
		ret = co_fail_as(ENODEV, "bind %s to %s", bdf, driver);
	return ret;
}

/* A try, and a pause after it that doubles: two seconds in all. */
#define TRIES 12

static void pause_after(int try)
{
	const struct timespec pause = { .tv_nsec = 1000000L << try };

	nanosleep(&pause, NULL);
}

/*
 * A device that was just plugged in is in sysfs before the kernel lets a driver
 * have it, and who binds it at the same time may have unbound it in between.
 * Neither is told from a driver that does not want it.
 */
int co_pci_bind(const char *bdf, const char *driver)
{
	char now[64];
	int ret = co_pci_driver(bdf, now, sizeof(now));

	for (int i = 0; !ret && i < TRIES && strcmp(now, driver); i++) {
		ret = take(bdf, driver);
		if (ret != -ENODEV || i == TRIES - 1)
			break;
		pause_after(i);
		ret = co_pci_driver(bdf, now, sizeof(now));
	}
	if (!ret && !strcmp(driver, "vfio-pci"))
		ret = wait_for_cdev(bdf);
	return ret;
}

int co_pci_unbind(const char *bdf)
{
	int ret = set_override(bdf, "\n");

	return ret ? ret : release(bdf);
}
