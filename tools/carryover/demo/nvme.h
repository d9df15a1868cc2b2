/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small polled NVMe driver whose state outlives the kernel.
 *
 * Everything the driver must not forget is in struct nvme_mem, which lies in a
 * memfd mapped for DMA: the queues themselves, how far each side got, and the
 * table of commands on their way. Kernel B hands the memfd back; nvme_resume()
 * looks at it and goes on. It reads and writes no controller register: the
 * next one touched is the doorbell of the next command.
 *
 * One admin queue pair and one I/O queue pair, each queue one page, so that
 * physical contiguity is no question. No interrupts.
 */
#ifndef NVME_H
#define NVME_H

#include <stdbool.h>
#include <stdint.h>

#include "helpers.h"

#define NVME_PAGE	4096u
#define NVME_DEPTH	64u	/* submission entries of 64 bytes: one page */
#define NVME_CQ_DEPTH	256u	/* completion entries of 16 bytes: one page */
#define NVME_MAX_BUSY	(NVME_DEPTH - 1)

enum nvme_op {
	NVME_FLUSH = 0,
	NVME_WRITE = 1,
	NVME_READ = 2,
};

/* A submission entry; little endian, like everything the device reads. */
struct nvme_sqe {
	uint8_t opcode;
	uint8_t flags;
	uint16_t cid;
	uint32_t nsid;
	uint64_t reserved[2];
	uint64_t prp1;
	uint64_t prp2;
	uint32_t cdw10;
	uint32_t cdw11;
	uint32_t cdw12;
	uint32_t cdw13;
	uint32_t cdw14;
	uint32_t cdw15;
};

/* A completion entry. The low bit of @status is the phase. */
struct nvme_cqe {
	uint32_t result;
	uint32_t reserved;
	uint16_t sq_head;
	uint16_t sq_id;
	uint16_t cid;
	uint16_t status;
};

/**
 * struct nvme_queue - how far the driver got with a queue pair
 * @id: 0 for the admin queue
 * @sq_size: entries
 * @cq_size: entries
 * @sq_tail: the next entry to fill
 * @cq_head: the next entry to look at
 * @phase: what the phase bit of a new entry at @cq_head is
 */
struct nvme_queue {
	uint16_t id;
	uint16_t sq_size;
	uint16_t cq_size;
	uint16_t sq_tail;
	uint16_t cq_head;
	uint16_t phase;
};

/**
 * struct nvme_command - a command on its way
 * @lba: first block
 * @iova: of the data
 * @length: of the data, in bytes
 * @cid: on the wire; the low six bits are the slot, the rest counts its uses,
 *       so that an entry of an earlier use is not taken for this one's
 * @op: read, write or flush
 * @busy: submitted and not yet completed
 */
struct nvme_command {
	uint64_t lba;
	uint64_t iova;
	uint32_t length;
	uint16_t cid;
	uint8_t op;
	uint8_t busy;
};

/**
 * struct nvme_mem - all of the driver, in DMA memory
 * @magic: NVME_MAGIC once the controller runs
 * @blocks: size of the namespace
 * @doorbell_stride: from CAP, in bytes
 * @block_shift: log2 of the block size
 * @model: the controller's own name
 * @submitted: commands ever given to the I/O queue
 * @completed: commands ever taken out of it
 * @last_submit: co_tsc() of the last one
 * @admin: the admin queue pair
 * @io: the I/O queue pair
 * @command: the outstanding ones, by slot
 * @page: all of the above fill one
 * @admin_sq: submission entries of the admin queue
 * @admin_cq: its completion entries
 * @io_sq: submission entries of the I/O queue
 * @io_cq: its completion entries
 * @identify: what the controller said about itself
 */
struct nvme_mem {
	union {
		struct {
			uint64_t magic;
			uint64_t blocks;
			uint32_t doorbell_stride;
			uint32_t block_shift;
			char model[41];
			uint64_t submitted;
			uint64_t completed;
			uint64_t last_submit;
			struct nvme_queue admin;
			struct nvme_queue io;
			struct nvme_command command[NVME_DEPTH];
		};
		uint8_t page[NVME_PAGE];
	};
	struct nvme_sqe admin_sq[NVME_DEPTH];
	struct nvme_cqe admin_cq[NVME_CQ_DEPTH];
	struct nvme_sqe io_sq[NVME_DEPTH];
	struct nvme_cqe io_cq[NVME_CQ_DEPTH];
	uint8_t identify[NVME_PAGE];
};

/**
 * struct nvme - what belongs to this process only
 * @mem: the driver's state, in DMA memory
 * @iova: of @mem, page aligned
 * @iommufd: asked for physical addresses
 * @ioas: asked for physical addresses
 * @device: the VFIO device
 * @bar: its registers
 *
 * The caller fills in all but @bar.
 */
struct nvme {
	struct nvme_mem *mem;
	uint64_t iova;
	int iommufd;
	uint32_t ioas;
	int device;
	struct co_bar bar;
};

/**
 * struct nvme_done - a completed command
 * @slot: what nvme_submit() returned
 * @status: 0, or the NVMe status code
 * @command: as it was submitted
 */
struct nvme_done {
	unsigned int slot;
	unsigned int status;
	struct nvme_command command;
};

/* Reset the controller, bring it up, make the queues. 0 or -errno. */
int nvme_start(struct nvme *nvme);

/* Go on where the process before this one stopped. 0 or -errno. */
int nvme_resume(struct nvme *nvme);

/*
 * Read or write @length bytes, whole blocks, in at most two pages; @iova is a
 * multiple of 4. Returns the slot, -EAGAIN if NVME_MAX_BUSY are on their way.
 */
int nvme_submit(struct nvme *nvme, enum nvme_op op, uint64_t lba,
		uint64_t iova, uint32_t length);

/* Make what was written before stay. Returns as nvme_submit(). */
int nvme_flush(struct nvme *nvme);

/* Take one completion: 1, or 0 if there is none, or -EPROTO if it is bogus. */
int nvme_poll(struct nvme *nvme, struct nvme_done *done);

/* How many completions wait to be taken. Touches neither state nor device. */
unsigned int nvme_waiting(const struct nvme_mem *mem);

/* How many commands are on their way or wait to be taken. */
unsigned int nvme_busy(const struct nvme_mem *mem);

/* CSTS; all ones if the device does not answer. */
uint32_t nvme_status(const struct nvme *nvme);

/* Shut the controller down. 0 or -errno. */
int nvme_stop(struct nvme *nvme);

/* Let go of the registers; the controller goes on. */
void nvme_detach(struct nvme *nvme);

#endif /* NVME_H */
