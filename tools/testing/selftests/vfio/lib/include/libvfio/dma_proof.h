/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Proof that a physical address is where the device gets to: the device itself
 * writes there, or reads from there.
 *
 * Known are QEMU's edu device, which copies bytes, and NVMe controllers, which
 * write their Identify data and fetch commands; no namespace is touched.
 */
#ifndef SELFTESTS_VFIO_LIB_INCLUDE_LIBVFIO_DMA_PROOF_H
#define SELFTESTS_VFIO_LIB_INCLUDE_LIBVFIO_DMA_PROOF_H

#include <linux/bits.h>

#include <libvfio/vfio_pci_device.h>

/* Where dma_proof_init() maps its own pages: out of the way of a test's. */
#define DMA_PROOF_IOVA	BIT_ULL(40)

enum dma_proof_page {
	DMA_PROOF_DATA,		/* what a transfer has to write */
	DMA_PROOF_SQ,
	DMA_PROOF_CQ,
	DMA_PROOF_PAGES,
};

struct dma_proof;

struct dma_proof_ops {
	const char *name;
	bool (*probe)(struct vfio_pci_device *device);
	/* Sets @proof->size and fills DMA_PROOF_DATA. */
	void (*init)(struct dma_proof *proof);
	/* Have the device write DMA_PROOF_DATA's content to @pa. */
	void (*write)(struct dma_proof *proof, u64 pa);
	/* Did the device get from @pa what the CPU wrote to @vaddr, the same page? */
	bool (*read)(struct dma_proof *proof, u64 pa, void *vaddr);
	/* The device does no DMA any more. */
	void (*remove)(struct dma_proof *proof);
};

struct dma_proof {
	struct vfio_pci_device *device;
	const struct dma_proof_ops *ops;
	struct dma_region region;
	/* Bytes one transfer moves, at most a page. */
	u64 size;
};

extern const struct dma_proof_ops dma_proof_edu_ops;
extern const struct dma_proof_ops dma_proof_nvme_ops;

/* Can it be done with this device? */
bool dma_proof_supported(struct vfio_pci_device *device);

/* @device is attached to its iommufd's IOAS; Bus Master is on afterwards. */
void dma_proof_init(struct dma_proof *proof, struct vfio_pci_device *device);
void dma_proof_cleanup(struct dma_proof *proof);

/*
 * The device writes @proof->size bytes to @pa, the beginning of a page. Returns
 * what has to be there then.
 */
const void *dma_proof_write(struct dma_proof *proof, u64 pa);

/* The page at @vaddr, which is that at @pa, is overwritten. */
bool dma_proof_read(struct dma_proof *proof, u64 pa, void *vaddr);

/* One of the pages dma_proof_init() made, for the CPU and for the device. */
void *dma_proof_vaddr(struct dma_proof *proof, enum dma_proof_page page);
u64 dma_proof_pa(struct dma_proof *proof, enum dma_proof_page page);

#endif /* SELFTESTS_VFIO_LIB_INCLUDE_LIBVFIO_DMA_PROOF_H */
