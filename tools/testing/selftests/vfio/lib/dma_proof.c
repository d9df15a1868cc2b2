// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <unistd.h>

#include <sys/mman.h>

#include <linux/kernel.h>

#include <libvfio.h>

static const struct dma_proof_ops *const known[] = {
	&dma_proof_edu_ops,
	&dma_proof_nvme_ops,
};

static const struct dma_proof_ops *find_ops(struct vfio_pci_device *device)
{
	for (int i = 0; i < ARRAY_SIZE(known); i++) {
		if (known[i]->probe(device))
			return known[i];
	}
	return NULL;
}

bool dma_proof_supported(struct vfio_pci_device *device)
{
	return find_ops(device);
}

void dma_proof_init(struct dma_proof *proof, struct vfio_pci_device *device)
{
	struct dma_region *region = &proof->region;

	proof->device = device;
	proof->ops = find_ops(device);
	VFIO_ASSERT_NOT_NULL(proof->ops);

	region->size = DMA_PROOF_PAGES * getpagesize();
	region->iova = DMA_PROOF_IOVA;
	region->vaddr = mmap(NULL, region->size, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	VFIO_ASSERT_NE(region->vaddr, MAP_FAILED);
	iommu_map(device->iommu, region);

	vfio_pci_cmd_set(device, PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY);
	proof->ops->init(proof);
	VFIO_ASSERT_LE(proof->size, getpagesize());
}

void dma_proof_cleanup(struct dma_proof *proof)
{
	proof->ops->remove(proof);
	vfio_pci_cmd_clear(proof->device, PCI_COMMAND_MASTER);
	iommu_unmap(proof->device->iommu, &proof->region);
	VFIO_ASSERT_EQ(munmap(proof->region.vaddr, proof->region.size), 0);
}

void *dma_proof_vaddr(struct dma_proof *proof, enum dma_proof_page page)
{
	return proof->region.vaddr + page * getpagesize();
}

u64 dma_proof_pa(struct dma_proof *proof, enum dma_proof_page page)
{
	return noiommu_pa(proof->device->iommu,
			  proof->region.iova + page * getpagesize());
}

const void *dma_proof_write(struct dma_proof *proof, u64 pa)
{
	proof->ops->write(proof, pa);
	return dma_proof_vaddr(proof, DMA_PROOF_DATA);
}

bool dma_proof_read(struct dma_proof *proof, u64 pa, void *vaddr)
{
	return proof->ops->read(proof, pa, vaddr);
}
