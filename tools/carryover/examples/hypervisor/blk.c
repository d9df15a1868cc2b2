// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/*
 * The requests of the virtio block device. Every piece of memory that the guest names
 * becomes one command of the disk, which reads and writes it where it is.
 *
 * Requests and whose command is whose are noted in the state, so that a completion can
 * be taken in this kernel or in the next.
 */
#include <linux/virtio_blk.h>
#include <linux/virtio_ring.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "hypervisor.h"

#define NEEDS_RESET	0x40u
#define SECTOR		512u
#define ID_SIZE		20u

/* The guest's queue makes no sense: it is not looked at until it is reset. */
static int broken(struct vm *vm, const char *what)
{
	vm->state->blk.status |= NEEDS_RESET;
	vm->state->blk.ready = 0;
	return fail("disk of the guest: %s", what);
}

static int get_desc(struct vm *vm, unsigned int index, struct vring_desc *desc)
{
	const struct blk_state *blk = &vm->state->blk;
	const struct vring_desc *table =
		vm_memory(vm, blk->desc, blk->size * sizeof(*table));

	if (!table || index >= blk->size)
		return broken(vm, "a descriptor that is none");
	*desc = table[index];
	if (!vm_memory(vm, desc->addr, desc->len))
		return broken(vm, "a buffer that is not in memory");
	return 0;
}

static void finish(struct vm *vm, unsigned int head, uint8_t status, uint32_t length)
{
	struct blk_state *blk = &vm->state->blk;
	struct vring_used *used = vm_memory(vm, blk->used, sizeof(*used) +
					    blk->size * sizeof(used->ring[0]));
	uint8_t *at = vm_memory(vm, blk->request[head].status_at, 1);

	if (!used || !at || !blk->size) {
		broken(vm, "the ring of what is done is not in memory");
		return;
	}
	*at = status;
	used->ring[used->idx % blk->size] = (struct vring_used_elem){
		.id = head, .len = length + 1,
	};
	__atomic_store_n(&used->idx, (uint16_t)(used->idx + 1), __ATOMIC_RELEASE);
	vm->state->taken++;
	virtio_interrupt(vm);
}

/* One command of the request @head; the slot it got says whose it is. */
static bool command(struct vm *vm, unsigned int head, enum nvme_op op, uint64_t sector,
		    const struct vring_desc *desc)
{
	struct blk_state *blk = &vm->state->blk;
	int slot;

	if (op == NVME_FLUSH)
		slot = nvme_flush(&vm->disk.nvme);
	else
		slot = nvme_submit(&vm->disk.nvme, op, sector, RAM_IOVA + desc->addr,
				   desc->len);
	if (slot < 0)
		return false;
	blk->head[slot] = head;
	blk->request[head].left++;
	if (op == NVME_READ)
		blk->request[head].length += desc->len;
	return true;
}

/* The descriptors between header and status. */
static int transfer(struct vm *vm, unsigned int head, enum nvme_op op, uint64_t sector,
		    struct vring_desc *desc)
{
	struct request *request = &vm->state->blk.request[head];
	unsigned int left = QUEUE_SIZE;

	for (; desc->flags & VRING_DESC_F_NEXT; sector += desc->len / SECTOR) {
		if (!left-- || get_desc(vm, desc->next, desc))
			return broken(vm, "a request without an end");
		if (!(desc->flags & VRING_DESC_F_NEXT))
			break;
		if (!request->failed && !command(vm, head, op, sector, desc))
			request->failed = 1;
	}
	request->status_at = desc->addr;
	return 0;
}

static void identify(struct vm *vm, struct vring_desc *desc)
{
	if (desc->len >= ID_SIZE)
		strncpy(vm_memory(vm, desc->addr, ID_SIZE), "carryover", ID_SIZE);
}

/* What has no data for the disk: the end of the chain is where the status goes. */
static int other(struct vm *vm, unsigned int head, uint32_t type, struct vring_desc *desc)
{
	struct request *request = &vm->state->blk.request[head];

	if (get_desc(vm, desc->next, desc))
		return -1;
	if (type == VIRTIO_BLK_T_GET_ID && desc->flags & VRING_DESC_F_NEXT) {
		identify(vm, desc);
		request->length = ID_SIZE;
		if (get_desc(vm, desc->next, desc))
			return -1;
	}
	request->status_at = desc->addr;
	if (type == VIRTIO_BLK_T_FLUSH && command(vm, head, NVME_FLUSH, 0, NULL))
		return 0;
	finish(vm, head, type == VIRTIO_BLK_T_GET_ID ? VIRTIO_BLK_S_OK :
	       type == VIRTIO_BLK_T_FLUSH ? VIRTIO_BLK_S_IOERR : VIRTIO_BLK_S_UNSUPP,
	       request->length);
	return 0;
}

static int start(struct vm *vm, unsigned int head)
{
	struct virtio_blk_outhdr header;
	struct vring_desc desc;
	bool out;

	if (get_desc(vm, head, &desc))
		return -1;
	if (desc.len < sizeof(header) || vm->state->blk.request[head].left)
		return broken(vm, "a request without a header, or made twice");
	memcpy(&header, vm_memory(vm, desc.addr, sizeof(header)), sizeof(header));
	vm->state->blk.request[head] = (struct request){ 0 };
	out = header.type == VIRTIO_BLK_T_OUT;
	if (!out && header.type != VIRTIO_BLK_T_IN)
		return other(vm, head, header.type, &desc);
	if (transfer(vm, head, out ? NVME_WRITE : NVME_READ, header.sector, &desc))
		return -1;
	if (!vm->state->blk.request[head].left)
		finish(vm, head, VIRTIO_BLK_S_IOERR, 0);
	return 0;
}

void blk_submit(struct vm *vm)
{
	struct blk_state *blk = &vm->state->blk;
	const struct vring_avail *avail = vm_memory(vm, blk->avail, sizeof(*avail) +
						    blk->size * sizeof(avail->ring[0]));

	if (!avail && blk->ready)
		broken(vm, "the ring of requests is not in memory");
	while (blk->ready &&
	       blk->next != __atomic_load_n(&avail->idx, __ATOMIC_ACQUIRE))
		if (start(vm, avail->ring[blk->next++ % blk->size]))
			return;
}

/* Take everything that the disk has completed. */
int blk_complete(struct vm *vm)
{
	struct blk_state *blk = &vm->state->blk;
	struct nvme_done done;
	int ret;

	while ((ret = nvme_poll(&vm->disk.nvme, &done)) > 0) {
		unsigned int head = blk->head[done.slot];
		struct request *request = &blk->request[head];

		request->failed |= done.status;
		if (!--request->left && blk->ready)
			finish(vm, head, request->failed ? VIRTIO_BLK_S_IOERR :
			       VIRTIO_BLK_S_OK, request->length);
	}
	return ret ? fail("disk: a completion of no command") : 0;
}

/* What is on its way ends first: the guest takes its memory back. */
void blk_reset(struct vm *vm)
{
	vm->state->blk.ready = 0;
	while (nvme_busy(&vm->state->nvme))
		if (blk_complete(vm))
			break;
	memset(&vm->state->blk, 0, sizeof(vm->state->blk));
	vm_irq(vm, BLK_IRQ, false);
}
