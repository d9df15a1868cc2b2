// SPDX-License-Identifier: GPL-2.0-only
/* Hotplug slots of the guest. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "helpers.h"
#include "harness.h"
#include "rig.h"
#include "slot.h"
#include "sysfs.h"

#define WAIT_MS		20000u
#define STEP_MS		20u
#define DEVICES		"/sys/bus/pci/devices"
#define BRIDGE		0x060400

void slot_monitor(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("@monitor ");
	vprintf(fmt, args);
	printf("\n");
	va_end(args);
	fflush(stdout);
}

void slot_plug_edu(const char *port)
{
	slot_monitor("device_add edu,bus=%s,dma_mask=0xffffffffffffffff", port);
}

/* 0 for a device that has no PCI Express capability. */
static unsigned int find_express(const char *bdf)
{
	uint16_t at, head;

	WORKS(co_pci_config_read16(bdf, PCI_CAPABILITY_LIST, &at));
	for (at &= 0xff; at; at = head >> 8) {
		WORKS(co_pci_config_read16(bdf, at, &head));
		if ((head & 0xff) == PCI_CAP_ID_EXP)
			return at;
	}
	return 0;
}

static bool is_slot(const char *bdf, unsigned int slot)
{
	unsigned int at = find_express(bdf);
	uint16_t flags, number;

	if (!at)
		return false;
	WORKS(co_pci_config_read16(bdf, at + PCI_EXP_FLAGS, &flags));
	WORKS(co_pci_config_read16(bdf, at + PCI_EXP_SLTCAP + 2, &number));
	return flags & PCI_EXP_FLAGS_SLOT && number >> 3 == slot;
}

void slot_port(unsigned int slot, char port[CO_BDF_SIZE])
{
	for (unsigned int i = 0; !co_pci_find_class(BRIDGE, i, port); i++)
		if (is_slot(port, slot))
			return;
	MUST(!"a port with that slot");
}

void slot_config(const char *bdf, unsigned int at, uint16_t value)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), DEVICES "/%s/config", bdf);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	MUST(fd >= 0);
	MUST(pwrite(fd, &value, sizeof(value), at) == sizeof(value));
	close(fd);
}

/*
 * What QEMU takes for the leave to detach the device: both the power and its
 * indicator are said to be off. The port has no such controls, so its driver
 * sees a device that goes with its power on. What the driver has made of the
 * indicator by then stays.
 */
void slot_pull(const char *port)
{
	unsigned int at = find_express(port);
	uint16_t control;

	MUST(at);
	at += PCI_EXP_SLTCTL;
	WORKS(co_pci_config_read16(port, at, &control));
	slot_config(port, at, control | PCI_EXP_SLTCTL_PCC |
		    PCI_EXP_SLTCTL_PWR_IND_OFF);
	WORKS(co_pci_config_read16(port, at, &control));
	slot_config(port, at, control & ~PCI_EXP_SLTCTL_PCC);
}

static unsigned int number(const char *port)
{
	uint16_t high;

	WORKS(co_pci_config_read16(port, find_express(port) + PCI_EXP_SLTCAP + 2,
				   &high));
	return high >> 3;
}

/*
 * The device is not there before the port's driver is done with the slot. A slot
 * that is off and empty can't be turned on, which the driver says when it has
 * nothing else to do; one that it takes to be on is EINVAL.
 */
bool slot_wait_empty(const char *bdf, const char *port)
{
	char path[PATH_MAX];

	if (!slot_wait(bdf, false))
		return false;
	snprintf(path, sizeof(path), "/sys/bus/pci/slots/%u/power", number(port));
	for (unsigned int ms = 0; ms < WAIT_MS; ms += STEP_MS) {
		if (file_write(path, "1") != -EINVAL)
			return true;
		rig_sleep_ms(STEP_MS);
	}
	return false;
}

int slot_power(unsigned int slot, bool on)
{
	char path[PATH_MAX];
	int err = 0;

	snprintf(path, sizeof(path), "/sys/bus/pci/slots/%u/power", slot);
	for (unsigned int ms = 0; ms < WAIT_MS; ms += STEP_MS) {
		err = file_write(path, on ? "1" : "0");
		if (err != -ENODEV)
			break;
		rig_sleep_ms(STEP_MS);
	}
	return err;
}

bool slot_wait_on(const char *port)
{
	unsigned int at = find_express(port) + PCI_EXP_SLTCTL;
	uint16_t control;

	for (unsigned int ms = 0; ms < WAIT_MS; ms += STEP_MS) {
		WORKS(co_pci_config_read16(port, at, &control));
		if ((control & PCI_EXP_SLTCTL_PIC) == PCI_EXP_SLTCTL_PWR_IND_ON)
			return true;
		rig_sleep_ms(STEP_MS);
	}
	return false;
}

bool slot_wait(const char *bdf, bool there)
{
	for (unsigned int ms = 0; ms < WAIT_MS; ms += STEP_MS) {
		if (!sysfs_present(bdf) == there)
			return true;
		rig_sleep_ms(STEP_MS);
	}
	return false;
}

/* Without a pause: what follows is to meet what the kernel does next. */
bool slot_wait_seen(const char *bdf)
{
	long long end = test_now_us() + WAIT_MS * 1000ll;

	do {
		if (!sysfs_present(bdf))
			return true;
	} while (test_now_us() < end);
	return false;
}

bool slot_wait_leaving(const char *bdf)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), DEVICES "/%s/vfio-dev", bdf);
	for (unsigned int ms = 0; ms < WAIT_MS; ms += STEP_MS) {
		if (access(path, F_OK))
			return true;
		rig_sleep_ms(STEP_MS);
	}
	return false;
}

bool slot_driver(const char *bdf, const char *driver)
{
	char path[PATH_MAX], target[PATH_MAX];
	ssize_t len;

	snprintf(path, sizeof(path), DEVICES "/%s/driver", bdf);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return false;
	target[len] = 0;
	return !strcmp(strrchr(target, '/') + 1, driver);
}
