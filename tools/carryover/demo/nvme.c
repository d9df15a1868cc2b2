// SPDX-License-Identifier: GPL-2.0-only
/* A small polled NVMe driver whose state outlives the kernel. */
#include <endian.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "nvme.h"

#define NVME_MAGIC	0x314f4f434d564eull

#define REG_CAP		0x00
#define REG_INTMS	0x0c
#define REG_CC		0x14
#define REG_CSTS	0x1c
#define REG_AQA		0x24
#define REG_ASQ		0x28
#define REG_ACQ		0x30
#define REG_DOORBELLS	0x1000

#define CC_ENABLE	(1u | 6u << 16 | 4u << 20)	/* 64 and 16 byte entries */
#define CC_SHUTDOWN	(1u << 14)
#define CSTS_READY	1u
#define CSTS_FATAL	2u
#define CSTS_SHN_MASK	0xcu
#define CSTS_SHN_DONE	0x8u

#define ADMIN_CREATE_SQ	0x01
#define ADMIN_CREATE_CQ	0x05
#define ADMIN_IDENTIFY	0x06

#define NSID		1
#define SLOT_MASK	(NVME_DEPTH - 1)

_Static_assert(sizeof(struct nvme_sqe) == 64, "submission entry");
_Static_assert(sizeof(struct nvme_cqe) == 16, "completion entry");
_Static_assert(offsetof(struct nvme_mem, admin_sq) == NVME_PAGE, "state page");
_Static_assert(sizeof(struct nvme_mem) == 6 * NVME_PAGE, "one page each");

/* ------------------------------------------------------------ addresses -- */

static uint32_t rest_of_page(uint64_t iova)
{
	return NVME_PAGE - iova % NVME_PAGE;
}

static int page_pa(const struct nvme *nvme, uint64_t iova, uint64_t *pa)
{
	uint64_t length = rest_of_page(iova);
	int ret = co_pa(nvme->iommufd, nvme->ioas, iova, pa, &length);

	if (!ret && length < rest_of_page(iova))
		ret = -EFAULT;
	return ret;
}

#define member_iova(nvme, member) \
	((nvme)->iova + offsetof(struct nvme_mem, member))

/* ------------------------------------------------------------ registers -- */

static void ring(const struct nvme *nvme, unsigned int index, uint16_t value)
{
	co_bar_write32(&nvme->bar,
		       REG_DOORBELLS + index * nvme->mem->doorbell_stride,
		       value);
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

static int wait_status(const struct nvme *nvme, uint32_t mask, uint32_t value,
		       long long limit_ms)
{
	const struct timespec step = { .tv_nsec = 100000 };
	long long end = now_ms() + limit_ms;

	for (;;) {
		bool is_last = now_ms() > end;

		if ((nvme_status(nvme) & mask) == value)
			return 0;
		if (is_last)
			return -ETIMEDOUT;
		nanosleep(&step, NULL);
	}
}

/* CAP.TO, in units of half a second */
static long long ready_limit_ms(const struct nvme *nvme)
{
	return ((co_bar_read64(&nvme->bar, REG_CAP) >> 24 & 0xff) + 1) * 500;
}

uint32_t nvme_status(const struct nvme *nvme)
{
	return co_bar_read32(&nvme->bar, REG_CSTS);
}

/* --------------------------------------------------------------- queues -- */

static void queue_init(struct nvme_queue *q, uint16_t id)
{
	*q = (struct nvme_queue){
		.id = id,
		.sq_size = NVME_DEPTH,
		.cq_size = NVME_CQ_DEPTH,
		.phase = 1,
	};
}

static void queue_push(struct nvme *nvme, struct nvme_queue *q,
		       struct nvme_sqe *ring_base, const struct nvme_sqe *sqe)
{
	ring_base[q->sq_tail] = *sqe;
	q->sq_tail = (q->sq_tail + 1) % q->sq_size;
	ring(nvme, 2 * q->id, q->sq_tail);
}

static bool is_new(const struct nvme_cqe *cqe, unsigned int phase)
{
	uint16_t status = __atomic_load_n(&cqe->status, __ATOMIC_ACQUIRE);

	return (le16toh(status) & 1) == phase;
}

static bool queue_pop(struct nvme *nvme, struct nvme_queue *q,
		      const struct nvme_cqe *ring_base, struct nvme_cqe *cqe)
{
	if (!is_new(&ring_base[q->cq_head], q->phase))
		return false;
	*cqe = ring_base[q->cq_head];
	q->cq_head = (q->cq_head + 1) % q->cq_size;
	if (!q->cq_head)
		q->phase ^= 1;
	ring(nvme, 2 * q->id + 1, q->cq_head);
	return true;
}

unsigned int nvme_waiting(const struct nvme_mem *mem)
{
	unsigned int head = mem->io.cq_head, phase = mem->io.phase, count = 0;

	while (count < mem->io.cq_size && is_new(&mem->io_cq[head], phase)) {
		count++;
		head = (head + 1) % mem->io.cq_size;
		if (!head)
			phase ^= 1;
	}
	return count;
}

/* ------------------------------------------------------- admin commands -- */

static int admin(struct nvme *nvme, const struct nvme_sqe *sqe)
{
	struct nvme_mem *mem = nvme->mem;
	long long end = now_ms() + 5000;
	struct nvme_cqe cqe;
	bool is_last;

	queue_push(nvme, &mem->admin, mem->admin_sq, sqe);
	do {
		is_last = now_ms() > end;
		if (queue_pop(nvme, &mem->admin, mem->admin_cq, &cqe))
			return le16toh(cqe.status) >> 1 ? -EIO : 0;
	} while (!is_last);
	return -ETIMEDOUT;
}

static int identify(struct nvme *nvme, uint32_t nsid, uint32_t what)
{
	struct nvme_sqe sqe = {
		.opcode = ADMIN_IDENTIFY,
		.nsid = htole32(nsid),
		.cdw10 = htole32(what),
	};
	uint64_t pa;
	int ret = page_pa(nvme, member_iova(nvme, identify), &pa);

	sqe.prp1 = htole64(pa);
	return ret ? ret : admin(nvme, &sqe);
}

static void trim(char *text)
{
	size_t len = strlen(text);

	while (len && text[len - 1] == ' ')
		text[--len] = 0;
}

static int identify_controller(struct nvme *nvme)
{
	int ret = identify(nvme, 0, 1);

	if (ret)
		return ret;
	memcpy(nvme->mem->model, nvme->mem->identify + 24, 40);
	nvme->mem->model[40] = 0;
	trim(nvme->mem->model);
	return 0;
}

static int identify_namespace(struct nvme *nvme)
{
	struct nvme_mem *mem = nvme->mem;
	int ret = identify(nvme, NSID, 0);
	unsigned int format;
	uint64_t blocks;

	if (ret)
		return ret;
	memcpy(&blocks, mem->identify, sizeof(blocks));
	mem->blocks = le64toh(blocks);
	format = mem->identify[26] & 0xf;
	mem->block_shift = mem->identify[128 + 4 * format + 2];
	return mem->blocks && mem->block_shift >= 9 ? 0 : -EIO;
}

static int create_cq(struct nvme *nvme)
{
	struct nvme_sqe sqe = {
		.opcode = ADMIN_CREATE_CQ,
		.cdw10 = htole32((NVME_CQ_DEPTH - 1) << 16 | 1),
		.cdw11 = htole32(3),	/* contiguous, interrupts on vector 0 */
	};
	uint64_t pa;
	int ret = page_pa(nvme, member_iova(nvme, io_cq), &pa);

	sqe.prp1 = htole64(pa);
	return ret ? ret : admin(nvme, &sqe);
}

static int create_sq(struct nvme *nvme)
{
	struct nvme_sqe sqe = {
		.opcode = ADMIN_CREATE_SQ,
		.cdw10 = htole32((NVME_DEPTH - 1) << 16 | 1),
		.cdw11 = htole32(1 << 16 | 1),	/* to queue 1, contiguous */
	};
	uint64_t pa;
	int ret = page_pa(nvme, member_iova(nvme, io_sq), &pa);

	sqe.prp1 = htole64(pa);
	return ret ? ret : admin(nvme, &sqe);
}

/* -------------------------------------------------------- start and end -- */

static int disable(struct nvme *nvme)
{
	co_bar_write32(&nvme->bar, REG_CC, 0);
	return wait_status(nvme, CSTS_READY, 0, ready_limit_ms(nvme));
}

static int enable(struct nvme *nvme)
{
	uint64_t sq, cq;
	int ret = page_pa(nvme, member_iova(nvme, admin_sq), &sq);

	if (!ret)
		ret = page_pa(nvme, member_iova(nvme, admin_cq), &cq);
	if (ret)
		return ret;
	co_bar_write32(&nvme->bar, REG_INTMS, ~0u);
	co_bar_write32(&nvme->bar, REG_AQA,
		       (NVME_CQ_DEPTH - 1) << 16 | (NVME_DEPTH - 1));
	co_bar_write64(&nvme->bar, REG_ASQ, sq);
	co_bar_write64(&nvme->bar, REG_ACQ, cq);
	co_bar_write32(&nvme->bar, REG_CC, CC_ENABLE);
	return wait_status(nvme, CSTS_READY | CSTS_FATAL, CSTS_READY,
			   ready_limit_ms(nvme));
}

static void state_init(struct nvme *nvme)
{
	uint64_t cap = co_bar_read64(&nvme->bar, REG_CAP);

	memset(nvme->mem, 0, sizeof(*nvme->mem));
	nvme->mem->doorbell_stride = 4u << (cap >> 32 & 0xf);
	queue_init(&nvme->mem->admin, 0);
	queue_init(&nvme->mem->io, 1);
}

static int bring_up(struct nvme *nvme)
{
	int ret = co_bus_master(nvme->device, true);

	if (!ret)
		ret = disable(nvme);
	if (ret)
		return ret;
	state_init(nvme);
	ret = enable(nvme);
	if (!ret)
		ret = identify_controller(nvme);
	if (!ret)
		ret = identify_namespace(nvme);
	if (!ret)
		ret = create_cq(nvme);
	if (!ret)
		ret = create_sq(nvme);
	return ret;
}

int nvme_start(struct nvme *nvme)
{
	int ret = co_bar_open(&nvme->bar, nvme->device, 0);

	if (ret)
		return ret;
	ret = bring_up(nvme);
	if (ret)
		co_bar_close(&nvme->bar);
	else
		nvme->mem->magic = NVME_MAGIC;
	return ret;
}

int nvme_resume(struct nvme *nvme)
{
	if (nvme->mem->magic != NVME_MAGIC)
		return -EINVAL;
	return co_bar_open(&nvme->bar, nvme->device, 0);
}

int nvme_stop(struct nvme *nvme)
{
	int ret;

	nvme->mem->magic = 0;
	co_bar_write32(&nvme->bar, REG_CC, CC_ENABLE | CC_SHUTDOWN);
	ret = wait_status(nvme, CSTS_SHN_MASK, CSTS_SHN_DONE, 5000);
	if (!ret)
		ret = disable(nvme);
	if (!ret)
		ret = co_bus_master(nvme->device, false);
	nvme_detach(nvme);
	return ret;
}

void nvme_detach(struct nvme *nvme)
{
	co_bar_close(&nvme->bar);
}

/* ------------------------------------------------------------------ I/O -- */

static int free_slot(const struct nvme_mem *mem)
{
	if (nvme_busy(mem) >= NVME_MAX_BUSY)
		return -EAGAIN;
	for (unsigned int slot = 0; slot < NVME_DEPTH; slot++)
		if (!mem->command[slot].busy)
			return slot;
	return -EAGAIN;
}

static int fill(const struct nvme *nvme, const struct nvme_command *command,
		struct nvme_sqe *sqe)
{
	uint32_t blocks = command->length >> nvme->mem->block_shift;
	uint32_t first = rest_of_page(command->iova);
	uint64_t prp1, prp2 = 0;
	int ret = page_pa(nvme, command->iova, &prp1);

	if (!ret && command->length > first)
		ret = page_pa(nvme, command->iova + first, &prp2);
	if (ret)
		return ret;
	*sqe = (struct nvme_sqe){
		.opcode = command->op,
		.cid = htole16(command->cid),
		.nsid = htole32(NSID),
		.prp1 = htole64(prp1),
		.prp2 = htole64(prp2),
		.cdw10 = htole32(command->lba),
		.cdw11 = htole32(command->lba >> 32),
		.cdw12 = htole32(blocks - 1),
	};
	return 0;
}

static bool is_valid(const struct nvme_mem *mem, uint64_t lba, uint64_t iova,
		     uint32_t length)
{
	uint64_t blocks = length >> mem->block_shift;

	return blocks && blocks << mem->block_shift == length &&
	       length <= NVME_PAGE + rest_of_page(iova) && !(iova % 4) &&
	       lba <= mem->blocks && blocks <= mem->blocks - lba;
}

/* Take note of a command in its slot: it is busy from now on. */
static struct nvme_command *note(struct nvme_mem *mem, unsigned int slot,
				 struct nvme_command what)
{
	struct nvme_command *command = &mem->command[slot];

	what.cid = (command->cid + NVME_DEPTH) & ~SLOT_MASK & 0x7fff;
	what.cid |= slot;
	*command = what;
	return command;
}

static void send(struct nvme *nvme, struct nvme_command *command,
		 const struct nvme_sqe *sqe)
{
	struct nvme_mem *mem = nvme->mem;

	command->busy = 1;
	mem->submitted++;
	mem->last_submit = co_tsc();
	queue_push(nvme, &mem->io, mem->io_sq, sqe);
}

int nvme_submit(struct nvme *nvme, enum nvme_op op, uint64_t lba,
		uint64_t iova, uint32_t length)
{
	struct nvme_mem *mem = nvme->mem;
	struct nvme_command *command;
	struct nvme_sqe sqe;
	int ret, slot = free_slot(mem);

	if (slot < 0)
		return slot;
	if (!is_valid(mem, lba, iova, length))
		return -EINVAL;
	command = note(mem, slot, (struct nvme_command){
		.lba = lba, .iova = iova, .length = length, .op = op });
	ret = fill(nvme, command, &sqe);
	if (ret)
		return ret;
	send(nvme, command, &sqe);
	return slot;
}

int nvme_flush(struct nvme *nvme)
{
	int slot = free_slot(nvme->mem);
	struct nvme_command *command;
	struct nvme_sqe sqe = { .opcode = NVME_FLUSH, .nsid = htole32(NSID) };

	if (slot < 0)
		return slot;
	command = note(nvme->mem, slot, (struct nvme_command){ .op = NVME_FLUSH });
	sqe.cid = htole16(command->cid);
	send(nvme, command, &sqe);
	return slot;
}

int nvme_poll(struct nvme *nvme, struct nvme_done *done)
{
	struct nvme_mem *mem = nvme->mem;
	struct nvme_command *command;
	struct nvme_cqe cqe;

	if (!queue_pop(nvme, &mem->io, mem->io_cq, &cqe))
		return 0;
	command = &mem->command[le16toh(cqe.cid) & SLOT_MASK];
	if (!command->busy || command->cid != le16toh(cqe.cid))
		return -EPROTO;
	*done = (struct nvme_done){
		.slot = le16toh(cqe.cid) & SLOT_MASK,
		.status = le16toh(cqe.status) >> 1,
		.command = *command,
	};
	command->busy = 0;
	mem->completed++;
	return 1;
}

unsigned int nvme_busy(const struct nvme_mem *mem)
{
	unsigned int count = 0;

	for (unsigned int slot = 0; slot < NVME_DEPTH; slot++)
		count += mem->command[slot].busy;
	return count;
}
