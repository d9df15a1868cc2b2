// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/*
 * The smallest live update of a device.
 *
 *   cc minimal.c -o minimal $(pkg-config --cflags --libs libcarryover)
 *   minimal 0000:00:03.0	in the old kernel; then kexec
 *   minimal			in the new one
 */
#include <carryover.h>
#include <stdio.h>
#include <unistd.h>

#define IOVA	0x100000000
#define DO(call) do { if ((call) < 0) return puts(co_error()), 1; } while (0)

enum token { MEMORY, IOMMUFD, DEVICE };

static int before(const char *bdf)
{
	int luo, session, iommufd, device;
	uint32_t id, ioas, table;
	struct co_buffer memory;

	DO(co_pci_bind(bdf, "vfio-pci"));
	DO(device = co_device_open(bdf));
	DO(iommufd = co_iommufd_open());
	DO(co_device_bind(device, iommufd, &id));
	DO(co_ioas_alloc(iommufd, &ioas));
	table = ioas;
	DO(co_device_attach(device, &table));
	DO(co_buffer_create(&memory, "memory", 2 << 20, false));
	DO(co_map_file(iommufd, ioas, IOVA, memory.fd, 0, memory.size));
	DO(co_bus_master(device, true));	/* from here on it may do DMA */
	sprintf(memory.mem, "IOAS %u", ioas);

	DO(luo = co_luo_open());
	DO(session = co_session_create(luo, "minimal"));
	DO(co_session_preserve(session, memory.fd, MEMORY));
	DO(co_session_preserve(session, iommufd, IOMMUFD));
	DO(co_session_preserve(session, device, DEVICE));
	puts("kept");
	fflush(stdout);
	return fork() ? 0 : pause();	/* somebody has to hold the session */
}

static int after(void)
{
	int luo, session, memfd, iommufd, device;
	uint64_t pa, length = 4096;
	struct co_buffer memory;
	unsigned int ioas;

	DO(luo = co_luo_open());
	DO(session = co_session_retrieve(luo, "minimal"));
	DO(memfd = co_session_retrieve_fd(session, MEMORY));
	DO(iommufd = co_session_retrieve_fd(session, IOMMUFD));
	DO(device = co_session_retrieve_fd(session, DEVICE));
	DO(co_session_finish(session));
	DO(co_buffer_open(&memory, memfd));
	if (sscanf(memory.mem, "IOAS %u", &ioas) != 1)
		return puts("the memory is not what it was"), 1;
	DO(co_pa(iommufd, ioas, IOVA, &pa, &length));
	printf("taken back: IOVA %#llx is at PA %#llx, Bus Master %d\n",
	       (unsigned long long)IOVA, (unsigned long long)pa,
	       co_bus_master_get(device));
	return 0;
}

int main(int argc, char **argv)
{
	return argc > 1 ? before(argv[1]) : after();
}
