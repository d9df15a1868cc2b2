// SPDX-License-Identifier: GPL-2.0-only
/*
 * QEMU's edu device: moves up to 4095 bytes at a time, in 100 ms, between
 * memory and 4096 bytes of its own. It has to be made with dma_mask= for all of
 * memory. No IOMMU translates its addresses: the driver asks for the physical
 * ones, page by page.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <linux/io.h>
#include <linux/kernel.h>

#include <libvfio.h>

#define EDU_VENDOR	0x1234
#define EDU_DEVICE	0x11e8

#define EDU_IRQ_RAISE	0x60
#define EDU_IRQ_ACK	0x64
#define EDU_SRC		0x80
#define EDU_DST		0x88
#define EDU_COUNT	0x90
#define EDU_CMD		0x98
#define EDU_CMD_RUN	1
#define EDU_BUFFER	0x40000

#define EDU_PROOF_SIZE	4000
/* A quarter of a page: a test's four chunks stay in one page. */
#define EDU_CHUNK	1024
#define EDU_COPIES	4

enum edu_way {
	EDU_LOAD = 0,
	EDU_STORE = 2,
};

/* One copy at a time can be going on; the state is the process's. */
static struct edu_copy {
	u64 src;
	u64 dst;
	u64 size;
	u64 count;
	int error;
} copy;

static void *edu_reg(struct vfio_pci_device *device, size_t offset)
{
	return device->bars[0].vaddr + offset;
}

/* To the end of one transfer; a device that takes ten seconds does not work. */
static void edu_run(struct vfio_pci_device *device, enum edu_way way, u64 pa,
		    u64 size)
{
	const struct timespec step = { .tv_nsec = 1000000 };
	int tries = 10000;

	writeq(way == EDU_LOAD ? pa : EDU_BUFFER, edu_reg(device, EDU_SRC));
	writeq(way == EDU_LOAD ? EDU_BUFFER : pa, edu_reg(device, EDU_DST));
	writeq(size, edu_reg(device, EDU_COUNT));
	writeq(EDU_CMD_RUN | way, edu_reg(device, EDU_CMD));
	while (readq(edu_reg(device, EDU_CMD)) & EDU_CMD_RUN) {
		VFIO_ASSERT_GT(tries--, 0, "edu does not end its transfer\n");
		nanosleep(&step, NULL);
	}
}

static bool edu_match(struct vfio_pci_device *device)
{
	return vfio_pci_device_match(device, EDU_VENDOR, EDU_DEVICE);
}

/* ---------------------------------------------------------------- driver -- */

static int edu_probe(struct vfio_pci_device *device)
{
	return edu_match(device) && vfio_pci_is_noiommu(device->bdf) ? 0 : -EINVAL;
}

static void edu_init(struct vfio_pci_device *device)
{
	struct vfio_pci_driver *driver = &device->driver;

	vfio_pci_cmd_set(device, PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY);
	driver->max_memcpy_size = EDU_CHUNK;
	driver->max_memcpy_count = EDU_COPIES;
	driver->msi = 0;
	vfio_pci_msi_enable(device, 0, 1);
}

static void edu_remove(struct vfio_pci_device *device)
{
	vfio_pci_msi_disable(device);
	vfio_pci_cmd_clear(device, PCI_COMMAND_MASTER);
}

/* The part of a range that is contiguous, through the device's buffer. */
static int edu_move(struct vfio_pci_device *device, enum edu_way way,
		    iova_t iova, u64 *size)
{
	u64 pa;
	int rc;

	rc = __noiommu_get_pa(device->iommu->iommufd, device->iommu->ioas_id,
			      iova, size, &pa);
	if (!rc)
		edu_run(device, way, pa, *size);
	return rc;
}

static int edu_copy_once(struct vfio_pci_device *device)
{
	u64 done, piece, part;
	int rc;

	for (done = 0; done < copy.size; done += piece) {
		piece = copy.size - done;
		rc = edu_move(device, EDU_LOAD, copy.src + done, &piece);
		if (rc)
			return rc;
		part = piece;
		rc = edu_move(device, EDU_STORE, copy.dst + done, &part);
		if (rc)
			return rc;
		piece = part;
	}
	return 0;
}

/* A copy takes two transfers, and only one can be started without waiting. */
static void edu_memcpy_start(struct vfio_pci_device *device, iova_t src,
			     iova_t dst, u64 size, u64 count)
{
	copy = (struct edu_copy) {
		.src = src, .dst = dst, .size = size, .count = count,
	};
}

static int edu_memcpy_wait(struct vfio_pci_device *device)
{
	int rc = 0;

	while (!rc && copy.count--)
		rc = edu_copy_once(device);
	return rc;
}

static void edu_send_msi(struct vfio_pci_device *device)
{
	writel(1, edu_reg(device, EDU_IRQ_RAISE));
	writel(1, edu_reg(device, EDU_IRQ_ACK));
}

struct vfio_pci_driver_ops edu_ops = {
	.name = "edu",
	.probe = edu_probe,
	.init = edu_init,
	.remove = edu_remove,
	.memcpy_start = edu_memcpy_start,
	.memcpy_wait = edu_memcpy_wait,
	.send_msi = edu_send_msi,
};

/* ----------------------------------------------------------------- proof -- */

static void fill(u8 *page, u8 seed)
{
	for (int i = 0; i < EDU_PROOF_SIZE; i++)
		page[i] = i * 7 + seed;
}

static void edu_proof_init(struct dma_proof *proof)
{
	proof->size = EDU_PROOF_SIZE;
	fill(dma_proof_vaddr(proof, DMA_PROOF_DATA), 1);
}

static void edu_proof_write(struct dma_proof *proof, u64 pa)
{
	edu_run(proof->device, EDU_LOAD, dma_proof_pa(proof, DMA_PROOF_DATA),
		proof->size);
	edu_run(proof->device, EDU_STORE, pa, proof->size);
}

/* Through the device to a page of ours, and there it must be the same. */
static bool edu_proof_read(struct dma_proof *proof, u64 pa, void *vaddr)
{
	void *echo = dma_proof_vaddr(proof, DMA_PROOF_SQ);

	fill(vaddr, 2);
	memset(echo, 0, proof->size);
	edu_run(proof->device, EDU_LOAD, pa, proof->size);
	edu_run(proof->device, EDU_STORE, dma_proof_pa(proof, DMA_PROOF_SQ),
		proof->size);
	return !memcmp(echo, vaddr, proof->size);
}

static void edu_proof_remove(struct dma_proof *proof)
{
}

const struct dma_proof_ops dma_proof_edu_ops = {
	.name = "edu",
	.probe = edu_match,
	.init = edu_proof_init,
	.write = edu_proof_write,
	.read = edu_proof_read,
	.remove = edu_proof_remove,
};
