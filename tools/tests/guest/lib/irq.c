// SPDX-License-Identifier: GPL-2.0-only
/* Interrupts of a VFIO device, by way of an eventfd. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "harness.h"
#include "irq.h"

int irq_set(int device, uint32_t index, uint32_t flags, uint32_t count,
	    int event)
{
	char space[sizeof(struct vfio_irq_set) + sizeof(int)] = { 0 };
	struct vfio_irq_set *arg = (struct vfio_irq_set *)space;

	arg->argsz = sizeof(space);
	arg->flags = flags;
	arg->index = index;
	arg->count = count;
	memcpy(arg->data, &event, sizeof(event));
	return ioctl(device, VFIO_DEVICE_SET_IRQS, arg) ? -errno : 0;
}

int irq_open(int device, uint32_t index)
{
	int event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	MUST(event >= 0);
	MUST(!irq_set(device, index, VFIO_IRQ_SET_DATA_EVENTFD |
		      VFIO_IRQ_SET_ACTION_TRIGGER, 1, event));
	return event;
}

void irq_close(int device, uint32_t index, int event)
{
	MUST(!irq_set(device, index, VFIO_IRQ_SET_DATA_NONE |
		      VFIO_IRQ_SET_ACTION_TRIGGER, 0, -1));
	close(event);
}

void irq_unmask_intx(int device)
{
	MUST(!irq_set(device, VFIO_PCI_INTX_IRQ_INDEX, VFIO_IRQ_SET_DATA_NONE |
		      VFIO_IRQ_SET_ACTION_UNMASK, 1, -1));
}

/* A number per CPU behind the colon, names behind those. */
static uint64_t add_up(const char *line)
{
	const char *at = strchr(line, ':') + 1;
	uint64_t sum = 0;
	char *end;

	for (;;) {
		uint64_t count = strtoull(at, &end, 10);

		if (end == at)
			return sum;
		sum += count;
		at = end;
	}
}

uint64_t irq_intx_count(const char *bdf)
{
	FILE *file = fopen("/proc/interrupts", "r");
	char line[512], name[64];
	uint64_t count = 0;
	bool found = false;

	MUST(file);
	snprintf(name, sizeof(name), "vfio-intx(%s)", bdf);
	while (fgets(line, sizeof(line), file))
		if (strstr(line, name)) {
			found = true;
			count = add_up(line);
		}
	fclose(file);
	MUST(found);
	return count;
}

uint64_t irq_take(int event, int ms)
{
	struct pollfd p = { .fd = event, .events = POLLIN };
	uint64_t count = 0;

	if (poll(&p, 1, ms) != 1)
		return 0;
	MUST(read(event, &count, sizeof(count)) == sizeof(count));
	return count;
}
