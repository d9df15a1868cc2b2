// SPDX-License-Identifier: GPL-2.0-only
/* Devices on one context, all attached to its one address space. */
#include <unistd.h>

#include "bench.h"
#include "harness.h"
#include "rig.h"

static void open_one(struct bench *b, unsigned int n)
{
	char bdf[CO_BDF_SIZE];
	uint32_t id, pt = b->ioas;

	rig_edu(n, bdf);
	WORKS(co_pci_bind(bdf, "vfio-pci"));
	b->device[n] = WORKS(co_device_open(bdf));
	WORKS(co_device_bind(b->device[n], b->iommufd, &id));
	WORKS(co_device_attach(b->device[n], &pt));
	WORKS(co_bus_master(b->device[n], true));
}

/* The address space comes first, so that its ID is the same in every kernel. */
void bench_open_devices(struct bench *b)
{
	b->iommufd = WORKS(co_iommufd_open());
	WORKS(co_ioas_alloc(b->iommufd, &b->ioas));
	for (unsigned int n = 0; n < b->spec.devices; n++)
		open_one(b, n);
}

void bench_close(struct bench *b)
{
	for (unsigned int n = 0; n < b->spec.devices; n++)
		close(b->device[n]);
	close(b->iommufd);
}
