// SPDX-License-Identifier: GPL-2.0-only
/*
 * NVMe controllers: Identify Controller writes a page, and a command that is
 * executed was fetched from its queue. Registers, opcodes and the place of
 * fields are those of the NVM Express Base Specification.
 */
#include <assert.h>
#include <string.h>
#include <time.h>

#include <linux/compiler.h>
#include <linux/io.h>
#include <linux/kernel.h>

#include <libvfio.h>

#define NVME_CLASS	0x010802
#define NVME_PAGE	4096

#define REG_CC		0x14
#define REG_CSTS	0x1c
#define REG_AQA		0x24
#define REG_ASQ		0x28
#define REG_ACQ		0x30
#define REG_SQ_TAIL	0x1000

#define CC_ENABLE	1
/* Entries of 64 and 16 bytes, pages of 4 KiB, NVM command set. */
#define CC_QUEUES	(6 << 16 | 4 << 20)
#define CSTS_READY	1

#define OP_IDENTIFY	0x06
#define CNS_CONTROLLER	1

/* Admin queues of two entries each: one command at a time, and never twice. */
#define QUEUE_ENTRIES	2

struct nvme_command {
	u8 opcode;
	u8 flags;
	u16 id;
	u32 nsid;
	u64 reserved[2];
	u64 prp1;
	u64 prp2;
	u32 cdw10[6];
};

struct nvme_completion {
	u32 result;
	u32 reserved;
	u16 sq_head;
	u16 sq_id;
	u16 id;
	u16 status;
};

static_assert(sizeof(struct nvme_command) == 64, "SQ entry");
static_assert(sizeof(struct nvme_completion) == 16, "CQ entry");

static void *reg(struct vfio_pci_device *device, size_t offset)
{
	return device->bars[0].vaddr + offset;
}

static void pause_a_little(int *tries, const char *what)
{
	const struct timespec step = { .tv_nsec = 1000000 };

	VFIO_ASSERT_GT((*tries)--, 0, "%s: no answer in ten seconds\n", what);
	nanosleep(&step, NULL);
}

static void set_enable(struct vfio_pci_device *device, bool on)
{
	int tries = 10000;

	writel(CC_QUEUES | (on ? CC_ENABLE : 0), reg(device, REG_CC));
	while ((readl(reg(device, REG_CSTS)) & CSTS_READY) != on)
		pause_a_little(&tries, "NVMe CSTS.RDY");
}

/* The submission queue may be anywhere, that is what it is there to show. */
static void start(struct dma_proof *proof, u64 sq_pa)
{
	struct vfio_pci_device *device = proof->device;

	set_enable(device, false);
	memset(dma_proof_vaddr(proof, DMA_PROOF_CQ), 0, NVME_PAGE);
	writel((QUEUE_ENTRIES - 1) << 16 | (QUEUE_ENTRIES - 1),
	       reg(device, REG_AQA));
	writeq(sq_pa, reg(device, REG_ASQ));
	writeq(dma_proof_pa(proof, DMA_PROOF_CQ), reg(device, REG_ACQ));
	set_enable(device, true);
}

/*
 * Identify Controller to @data_pa, with the command written to @sq, which is at
 * @sq_pa. The status, or -1 if nothing is completed in ten seconds.
 */
static int identify(struct dma_proof *proof, struct nvme_command *sq, u64 sq_pa,
		    u64 data_pa)
{
	struct nvme_completion *cq = dma_proof_vaddr(proof, DMA_PROOF_CQ);
	int tries = 10000;

	start(proof, sq_pa);
	memset(sq, 0, NVME_PAGE);
	*sq = (struct nvme_command) {
		.opcode = OP_IDENTIFY,
		.id = 0x4321,
		.prp1 = data_pa,
		.cdw10 = { CNS_CONTROLLER },
	};
	writel(1, reg(proof->device, REG_SQ_TAIL));
	while (!(READ_ONCE(cq->status) & 1))
		pause_a_little(&tries, "NVMe Identify");
	return cq->id == 0x4321 ? cq->status >> 1 : -1;
}

static int identify_own(struct dma_proof *proof, u64 data_pa)
{
	return identify(proof, dma_proof_vaddr(proof, DMA_PROOF_SQ),
			dma_proof_pa(proof, DMA_PROOF_SQ), data_pa);
}

static bool nvme_probe(struct vfio_pci_device *device)
{
	return vfio_pci_config_readl(device, PCI_CLASS_REVISION) >> 8 ==
	       NVME_CLASS;
}

/* Identify data begins with the PCI vendor: the device's own words. */
static bool is_identified(struct dma_proof *proof, const u16 *data)
{
	return data[0] == vfio_pci_config_readw(proof->device, PCI_VENDOR_ID);
}

static void nvme_init(struct dma_proof *proof)
{
	proof->size = NVME_PAGE;
	VFIO_ASSERT_EQ(identify_own(proof, dma_proof_pa(proof, DMA_PROOF_DATA)),
		       0);
	VFIO_ASSERT_TRUE(is_identified(proof,
				       dma_proof_vaddr(proof, DMA_PROOF_DATA)));
}

static void nvme_write(struct dma_proof *proof, u64 pa)
{
	VFIO_ASSERT_EQ(identify_own(proof, pa), 0);
}

static bool nvme_read(struct dma_proof *proof, u64 pa, void *vaddr)
{
	void *data = dma_proof_vaddr(proof, DMA_PROOF_DATA);

	memset(data, 0, NVME_PAGE);
	return !identify(proof, vaddr, pa, dma_proof_pa(proof, DMA_PROOF_DATA)) &&
	       is_identified(proof, data);
}

static void nvme_remove(struct dma_proof *proof)
{
	set_enable(proof->device, false);
}

const struct dma_proof_ops dma_proof_nvme_ops = {
	.name = "nvme",
	.probe = nvme_probe,
	.init = nvme_init,
	.write = nvme_write,
	.read = nvme_read,
	.remove = nvme_remove,
};
