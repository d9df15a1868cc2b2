// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* A device without a driver: enough to see that it is kept. See vmm.c. */
#include <stdint.h>
#include <unistd.h>

#include "device.h"

#define IOVA	0x100000000

int device_start(const char *bdf, int file[FILES])
{
	uint32_t id, ioas, table;
	struct co_buffer memory;

	DO(co_pci_bind(bdf, "vfio-pci"));
	DO(file[DEVICE] = co_device_open(bdf));
	DO(file[IOMMUFD] = co_iommufd_open());
	DO(co_device_bind(file[DEVICE], file[IOMMUFD], &id));
	DO(co_ioas_alloc(file[IOMMUFD], &ioas));
	table = ioas;
	DO(co_device_attach(file[DEVICE], &table));
	DO(co_buffer_create(&memory, "memory", 2 << 20, false));
	file[MEMORY] = memory.fd;
	DO(co_map_file(file[IOMMUFD], ioas, IOVA, memory.fd, 0, memory.size));
	DO(co_bus_master(file[DEVICE], true));	/* from here on it may do DMA */
	sprintf(memory.mem, "IOAS %u", ioas);
	return 0;
}

int device_drive(const int file[FILES])
{
	printf("kept, device is file %d\n", file[DEVICE]);
	fflush(stdout);
	return fork() ? 0 : pause();
}

int device_go_on(const int file[FILES])
{
	uint64_t pa, length = 4096;
	struct co_buffer memory;
	unsigned int ioas;

	DO(co_buffer_open(&memory, file[MEMORY]));
	if (sscanf(memory.mem, "IOAS %u", &ioas) != 1)
		return puts("the memory is not what it was"), 1;
	DO(co_pa(file[IOMMUFD], ioas, IOVA, &pa, &length));
	printf("taken back: IOVA %#llx is at PA %#llx, Bus Master %d\n",
	       (unsigned long long)IOVA, (unsigned long long)pa,
	       co_bus_master_get(file[DEVICE]));
	return 0;
}
