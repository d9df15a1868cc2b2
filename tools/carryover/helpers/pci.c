// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* PCI devices as sysfs shows them: finding them, and their config space. */
#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helpers.h"
#include "internal.h"

#define PCI_DEVICES "/sys/bus/pci/devices"

struct wanted {
	const char *attr[2];
	uint32_t value[2];
};

static bool matches(const char *bdf, const struct wanted *want)
{
	char path[300], text[32];

	for (int i = 0; i < 2 && want->attr[i]; i++) {
		snprintf(path, sizeof(path), PCI_DEVICES "/%s/%s", bdf,
			 want->attr[i]);
		if (co_read_line(path, text, sizeof(text)))
			return false;
		if (strtoul(text, NULL, 16) != want->value[i])
			return false;
	}
	return true;
}

static int pick(struct dirent **names, int count, unsigned int index,
		const struct wanted *want, char bdf[CO_BDF_SIZE])
{
	for (int i = 0; i < count; i++) {
		if (strlen(names[i]->d_name) != CO_BDF_SIZE - 1 ||
		    !matches(names[i]->d_name, want) || index--)
			continue;
		memcpy(bdf, names[i]->d_name, CO_BDF_SIZE);
		return 0;
	}
	return -ENODEV;
}

static int find(const struct wanted *want, unsigned int index,
		char bdf[CO_BDF_SIZE])
{
	struct dirent **names;
	int count = scandir(PCI_DEVICES, &names, NULL, alphasort);
	int ret;

	if (count < 0)
		return co_fail("scan " PCI_DEVICES);
	ret = pick(names, count, index, want, bdf);
	while (count--)
		free(names[count]);
	free(names);
	return ret;
}

int co_pci_find_class(uint32_t code, unsigned int index,
		      char bdf[CO_BDF_SIZE])
{
	struct wanted want = { { "class", NULL }, { code, 0 } };

	return find(&want, index, bdf) ?
		co_fail_as(ENODEV, "PCI device %u of class %06x", index,
			   code) : 0;
}

int co_pci_find_id(uint16_t vendor, uint16_t device, unsigned int index,
		   char bdf[CO_BDF_SIZE])
{
	struct wanted want = { { "vendor", "device" }, { vendor, device } };

	return find(&want, index, bdf) ?
		co_fail_as(ENODEV, "PCI device %u with ID %04x:%04x", index,
			   vendor, device) : 0;
}

int co_pci_config_read16(const char *bdf, unsigned int offset,
			 uint16_t *value)
{
	char path[64];
	uint16_t raw;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/config", bdf);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return co_fail("open %s", path);
	len = pread(fd, &raw, sizeof(raw), offset);
	close(fd);
	if (len != sizeof(raw))
		return co_fail_as(EIO, "read %s at 0x%x", path, offset);
	*value = le16toh(raw);
	return 0;
}
