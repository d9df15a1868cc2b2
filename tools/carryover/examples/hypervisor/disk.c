// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/*
 * The guest's disk: an NVMe controller. Its queues are in the state, its data in the
 * guest's memory; both are mapped, which keeps them in place and tells where they are.
 */
#include <linux/vfio.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include "hypervisor.h"

/* What virtio counts in. */
#define SECTOR_SHIFT	9u

/* Eventfds do not survive a kexec: this is done in every kernel. */
static int set_interrupt(struct disk *disk)
{
	struct {
		struct vfio_irq_set head;
		int event;
	} set = {
		.head = {
			.argsz = sizeof(set),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
			.index = VFIO_PCI_MSIX_IRQ_INDEX,
			.count = 1,
		},
	};

	disk->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (disk->event < 0)
		return fail_errno("eventfd");
	set.event = disk->event;
	if (ioctl(disk->nvme.device, VFIO_DEVICE_SET_IRQS, &set))
		return fail_errno("VFIO_DEVICE_SET_IRQS");
	return 0;
}

static int open_device(struct nvme *nvme, const char *bdf)
{
	uint32_t id;
	int ret = co_pci_bind(bdf, "vfio-pci");

	if (!ret)
		ret = nvme->device = co_device_open(bdf);
	if (ret >= 0)
		ret = nvme->iommufd = co_iommufd_open();
	if (ret >= 0)
		ret = co_device_bind(nvme->device, nvme->iommufd, &id);
	return ret < 0 ? fail("disk: %s", co_error()) : 0;
}

static int map_memory(struct vm *vm, struct nvme *nvme)
{
	uint32_t table;
	int ret = co_ioas_alloc(nvme->iommufd, &nvme->ioas);

	table = nvme->ioas;
	if (!ret)
		ret = co_device_attach(nvme->device, &table);
	if (!ret)
		ret = co_map_file(nvme->iommufd, nvme->ioas, RAM_IOVA, vm->ram.fd, 0,
				  vm->ram.size);
	if (!ret)
		ret = co_map_file(nvme->iommufd, nvme->ioas, STATE_IOVA, vm->kept.fd, 0,
				  vm->kept.size);
	return ret ? fail("memory of the disk: %s", co_error()) : 0;
}

static void find_state(struct vm *vm)
{
	vm->disk.nvme.mem = &vm->state->nvme;
	vm->disk.nvme.iova = STATE_IOVA + offsetof(struct state, nvme);
}

int disk_start(struct vm *vm, const char *bdf)
{
	struct nvme *nvme = &vm->disk.nvme;
	int ret;

	if (open_device(nvme, bdf) || map_memory(vm, nvme))
		return -1;
	find_state(vm);
	ret = nvme_start(nvme);
	if (ret)
		return fail("disk %s: %s", bdf, strerror(-ret));
	if (nvme->mem->block_shift != SECTOR_SHIFT)
		return fail("disk %s: its blocks are of %u bytes, not of %u", bdf,
			    1u << nvme->mem->block_shift, 1u << SECTOR_SHIFT);
	strncpy(vm->state->bdf, bdf, CO_BDF_SIZE - 1);
	vm->state->ioas = nvme->ioas;
	return set_interrupt(&vm->disk);
}

/*
 * The files have come with the session, and the controller was never stopped. It is
 * looked at once after the eventfd is there: what was completed before raised none.
 */
int disk_resume(struct vm *vm)
{
	struct nvme *nvme = &vm->disk.nvme;
	int ret;

	find_state(vm);
	nvme->ioas = vm->state->ioas;
	ret = nvme_resume(nvme);
	if (ret)
		return fail("disk %s: %s", vm->state->bdf, strerror(-ret));
	return set_interrupt(&vm->disk);
}

int disk_stop(struct vm *vm)
{
	int ret = nvme_stop(&vm->disk.nvme);

	return ret ? fail("disk %s: %s", vm->state->bdf, strerror(-ret)) : 0;
}
