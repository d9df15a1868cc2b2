// SPDX-License-Identifier: GPL-2.0-only
/*
 * I2: what a device says of itself by way of VFIO is the same in both kernels:
 * GET_INFO, REGION_INFO, config space, who else a hot reset would hit. It can
 * be reset, and closed it is as it would have been closed in kernel A.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "disk.h"
#include "harness.h"
#include "internal.h"
#include "rig.h"

#define TOKEN		1
#define CONFIG		4096u
#define REGIONS		VFIO_PCI_NUM_REGIONS
#define HOT_SIZE	512u

/**
 * struct looks - a device as VFIO shows it
 * @info: GET_DEVICE_INFO
 * @region: GET_REGION_INFO of each region
 * @irq: GET_IRQ_INFO of each
 * @config: all of config space
 * @hot: the devices of GET_PCI_HOT_RESET_INFO
 * @closed: config space as sysfs shows it when the device is not in use
 */
struct looks {
	struct vfio_device_info info;
	struct vfio_region_info region[REGIONS];
	struct vfio_irq_info irq[VFIO_PCI_NUM_IRQS];
	uint8_t config[CONFIG];
	uint8_t hot[HOT_SIZE];
	uint8_t closed[CONFIG];
};

/* Carried over in the data of a memfd of its own. */
static struct looks *was;

static void look(int device, struct looks *looks)
{
	struct vfio_region_info config;
	struct vfio_pci_hot_reset_info *hot = (void *)looks->hot;

	memset(looks, 0, offsetof(struct looks, closed));
	WORKS(co_device_info(device, &looks->info));
	/* Not every device has all: what it says of those it lacks counts, too. */
	for (uint32_t i = 0; i < REGIONS; i++)
		if (co_region_info(device, i, &looks->region[i]))
			looks->region[i].flags = ~0u;
	for (uint32_t i = 0; i < VFIO_PCI_NUM_IRQS; i++) {
		looks->irq[i] = (struct vfio_irq_info){
			.argsz = sizeof(looks->irq[i]), .index = i,
		};
		if (ioctl(device, VFIO_DEVICE_GET_IRQ_INFO, &looks->irq[i]))
			looks->irq[i].flags = ~0u;
	}
	WORKS(co_region_info(device, VFIO_PCI_CONFIG_REGION_INDEX, &config));
	MUST(pread(device, looks->config, CONFIG, config.offset) > 0);
	hot->argsz = HOT_SIZE;
	if (ioctl(device, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, hot))
		memset(hot, 0xff, HOT_SIZE);
}

static void look_closed(const char *bdf, uint8_t config[CONFIG])
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", bdf);
	file = fopen(path, "r");
	MUST(file);
	memset(config, 0, CONFIG);
	MUST(fread(config, 1, CONFIG, file) >= 64);
	fclose(file);
}

static void same_bytes(const char *what, const uint8_t *is,
		       const uint8_t *before, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (is[i] != before[i]) {
			test_say("%s: byte %#zx is %#x, was %#x", what, i,
				 is[i], before[i]);
			CHECK(is[i] == before[i]);
		}
}

static void compare(int device)
{
	static struct looks is;

	look(device, &is);
	CHECK(!memcmp(&is.info, &was->info, sizeof(is.info)));
	CHECK(!memcmp(is.region, was->region, sizeof(is.region)));
	CHECK(!memcmp(is.irq, was->irq, sizeof(is.irq)));
	same_bytes("config space", is.config, was->config, CONFIG);
	same_bytes("hot reset info", is.hot, was->hot, HOT_SIZE);
}

/* Userspace has its own wishes, of which vfio keeps some to itself. */
static void set_up(int device)
{
	uint16_t command, wish = 0x10, serr = PCI_COMMAND_SERR |
					      PCI_COMMAND_INTX_DISABLE;
	uint8_t line = 0x2a;

	WORKS(co_config_read(device, PCI_COMMAND, &command, 2));
	command |= serr;
	WORKS(co_config_write(device, PCI_COMMAND, &command, 2));
	WORKS(co_config_write(device, PCI_CACHE_LINE_SIZE, &wish, 1));
	WORKS(co_config_write(device, PCI_INTERRUPT_LINE, &line, 1));
}

static struct co_buffer open_looks(int session)
{
	struct co_buffer buffer;

	if (session < 0)
		WORKS(co_buffer_create(&buffer, "looks", 65536, false));
	else
		WORKS(co_buffer_open(&buffer,
				     co_session_retrieve_fd(session, 99)));
	was = buffer.mem;
	return buffer;
}

static int before(void)
{
	int session = rig_session_create("config");
	struct co_buffer buffer = open_looks(-1);
	char bdf[CO_BDF_SIZE];
	struct disk disk;

	/* Once opened, set up and closed: this is what B has to leave behind. */
	disk_open(&disk, -1, 0);
	set_up(disk.nvme.device);
	disk_close(&disk);
	disk_find(bdf);
	look_closed(bdf, was->closed);

	disk_open(&disk, -1, 0);
	set_up(disk.nvme.device);
	look(disk.nvme.device, was);
	disk_fill(&disk, 4);
	disk_preserve(&disk, session, TOKEN);
	WORKS(co_session_preserve(session, buffer.fd, 99));
	rig_linger();
	return test_result();
}

/* As after a reset in A: the driver starts anew. */
static void reset(struct disk *disk)
{
	WORKS(co_device_reset(disk->nvme.device));
	SAME(nvme_status(&disk->nvme), 0);
	nvme_detach(&disk->nvme);
	MUST(!nvme_start(&disk->nvme));
	disk_fill(disk, 4);
	disk_drain(disk);
}

static int after(void)
{
	int session = rig_session_retrieve("config");
	struct co_buffer buffer = open_looks(session);
	static uint8_t closed[CONFIG];
	char bdf[CO_BDF_SIZE];
	struct disk disk;

	disk_retrieve(&disk, session, TOKEN, -1);
	compare(disk.nvme.device);
	disk_check(&disk);
	disk_drain(&disk);
	rig_session_finish(session);
	compare(disk.nvme.device);
	reset(&disk);
	disk_close(&disk);
	disk_find(bdf);
	look_closed(bdf, closed);
	same_bytes("closed", closed, was->closed, CONFIG);
	CHECK(!rig_master(bdf));
	co_buffer_close(&buffer);
	return test_result();
}

int main(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[1], "after") ? after() : before();
}
