// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/*
 * The registers of a virtio block device on the memory-mapped transport, version 2
 * (Virtual I/O Device 1.2, 4.2 and 5.2).
 */
#include <stddef.h>
#include <string.h>

#include "hypervisor.h"

#define REG_MAGIC		0x000
#define REG_VERSION		0x004
#define REG_DEVICE		0x008
#define REG_FEATURES		0x010
#define REG_FEATURE_PAGE	0x014
#define REG_DRIVER		0x020
#define REG_DRIVER_PAGE		0x024
#define REG_QUEUE_MAX		0x034
#define REG_QUEUE_SIZE		0x038
#define REG_QUEUE_READY		0x044
#define REG_NOTIFY		0x050
#define REG_INTERRUPT		0x060
#define REG_ACK			0x064
#define REG_STATUS		0x070
#define REG_DESC		0x080
#define REG_AVAIL		0x090
#define REG_USED		0x0a0
#define REG_CONFIG		0x100

#define MAGIC			0x74726976u
#define DEVICE_BLOCK		2
#define USED_BUFFER		1u

/* By page of 32. A segment is at most a page long, so that it takes one command. */
static const uint32_t features[] = {
	1u << 1 | 1u << 2 | 1u << 9,	/* largest segment, most segments, flush */
	1u << 0,			/* version 1 */
};

struct config {
	uint64_t capacity;
	uint32_t segment_size, segments;
};

static uint32_t get(const struct blk_state *blk, uint64_t reg)
{
	switch (reg) {
	case REG_MAGIC:
		return MAGIC;
	case REG_VERSION:
		return 2;
	case REG_DEVICE:
		return DEVICE_BLOCK;
	case REG_FEATURES:
		return blk->feature_page < 2 ? features[blk->feature_page] : 0;
	case REG_QUEUE_MAX:
		return QUEUE_SIZE;
	case REG_QUEUE_READY:
		return blk->ready;
	case REG_INTERRUPT:
		return blk->interrupt;
	case REG_STATUS:
		return blk->status;
	}
	return 0;
}

void virtio_read(struct vm *vm, uint64_t reg, void *value, unsigned int size)
{
	const struct config config = {
		.capacity = vm->state->nvme.blocks,
		.segment_size = NVME_PAGE, .segments = QUEUE_SIZE - 2,
	};
	uint32_t word;

	if (reg >= REG_CONFIG) {
		reg -= REG_CONFIG;
		if (reg + size <= sizeof(config))
			memcpy(value, (const char *)&config + reg, size);
	} else if (size == sizeof(word)) {
		word = get(&vm->state->blk, reg);
		memcpy(value, &word, sizeof(word));
	}
}

static void set_half(uint64_t *address, bool high, uint32_t value)
{
	unsigned int shift = high ? 32 : 0;

	*address &= ~((uint64_t)~0u << shift);
	*address |= (uint64_t)value << shift;
}

static void set(struct vm *vm, struct blk_state *blk, uint64_t reg, uint32_t value)
{
	if (reg == REG_FEATURE_PAGE)
		blk->feature_page = value;
	else if (reg == REG_DRIVER_PAGE)
		blk->driver_page = value;
	else if (reg == REG_DRIVER && blk->driver_page < 2)
		blk->features[blk->driver_page] = value;
	else if (reg == REG_QUEUE_SIZE && !blk->ready)
		blk->size = value <= QUEUE_SIZE ? value : 0;
	else if (reg == REG_QUEUE_READY)
		blk->ready = value && blk->size;
	else if (reg == REG_STATUS && value)
		blk->status = value;
	else if (reg == REG_STATUS)
		blk_reset(vm);
	else if ((reg & ~4ull) == REG_DESC)
		set_half(&blk->desc, reg & 4, value);
	else if ((reg & ~4ull) == REG_AVAIL)
		set_half(&blk->avail, reg & 4, value);
	else if ((reg & ~4ull) == REG_USED)
		set_half(&blk->used, reg & 4, value);
}

void virtio_write(struct vm *vm, uint64_t reg, uint32_t value)
{
	struct blk_state *blk = &vm->state->blk;

	if (reg == REG_NOTIFY) {
		blk_submit(vm);
	} else if (reg == REG_ACK) {
		blk->interrupt &= ~value;
		vm_irq(vm, BLK_IRQ, blk->interrupt);
	} else {
		set(vm, blk, reg, value);
	}
}

void virtio_interrupt(struct vm *vm)
{
	vm->state->blk.interrupt |= USED_BUFFER;
	vm_irq(vm, BLK_IRQ, true);
}
