// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* The virtual machine: the guest's memory, and KVM's objects around it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hypervisor.h"

/* Out of the way of memory and devices; Intel's KVM wants pages of its own. */
#define IDENTITY_MAP	0xfffbc000ull
#define TSS		0xfffbd000ul

/* The state is zeroes, and all there is of a virtual machine that never ran. */
int vm_alloc(struct vm *vm, const struct options *options)
{
	int ret;

	if (options->huge)
		ret = co_buffer_create_huge(&vm->ram, "guest", options->memory,
					    options->huge);
	else
		ret = co_buffer_create(&vm->ram, "guest", options->memory, false);
	if (!ret)
		ret = co_buffer_create(&vm->kept, "state", sizeof(*vm->state), false);
	if (ret)
		return fail("memory: %s", co_error());
	vm->state = vm->kept.mem;
	vm->state->magic = STATE_MAGIC;
	vm->state->version = STATE_VERSION;
	vm->state->vcpus = options->vcpus;
	vm->state->memory = options->memory;
	return 0;
}

static int create_chips(struct vm *vm)
{
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };
	uint64_t map = IDENTITY_MAP;

	if (ioctl(vm->fd, KVM_SET_IDENTITY_MAP_ADDR, &map) ||
	    ioctl(vm->fd, KVM_SET_TSS_ADDR, TSS))
		return fail_errno("KVM: places of its own");
	if (ioctl(vm->fd, KVM_CREATE_IRQCHIP, 0))
		return fail_errno("KVM_CREATE_IRQCHIP");
	if (ioctl(vm->fd, KVM_CREATE_PIT2, &pit))
		return fail_errno("KVM_CREATE_PIT2");
	return 0;
}

static int create_vcpu(struct vm *vm, unsigned int id)
{
	struct vcpu *vcpu = &vm->vcpu[id];
	int size = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	*vcpu = (struct vcpu){ .vm = vm, .id = id };
	vcpu->fd = ioctl(vm->fd, KVM_CREATE_VCPU, (unsigned long)id);
	if (size < 0 || vcpu->fd < 0)
		return fail_errno("KVM_CREATE_VCPU");
	vcpu->run_size = size;
	vcpu->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	return vcpu->run == MAP_FAILED ? fail_errno("mmap of a vCPU") : 0;
}

static int give_memory(struct vm *vm)
{
	struct kvm_userspace_memory_region region = {
		.memory_size = vm->ram.size,
		.userspace_addr = (uintptr_t)vm->ram.mem,
	};

	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region))
		return fail_errno("KVM_SET_USER_MEMORY_REGION");
	return 0;
}

/*
 * The guest's TSC counts as fast as the host's, at the rate that the kernel knows now: 0.
 * KVM's own is of the moment it was initialized. Where the TSC is not called constant, as
 * under QEMU, that was before the kernel had measured it for long enough. If the two differ
 * by more than 250 ppm and the processor can't scale, KVM computes with a guest's TSC that
 * stands still: the guest's timer never fires, and its clock is wrong by the host's TSC.
 */
static int set_tsc_rate(const struct vm *vm)
{
	return ioctl(vm->fd, KVM_SET_TSC_KHZ, 0) ? fail_errno("KVM_SET_TSC_KHZ") : 0;
}

int vm_create(struct vm *vm)
{
	vm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (vm->kvm < 0)
		return fail_errno("/dev/kvm");
	vm->ended = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	vm->fd = ioctl(vm->kvm, KVM_CREATE_VM, 0);
	if (vm->fd < 0 || vm->ended < 0)
		return fail_errno("KVM_CREATE_VM");
	if (set_tsc_rate(vm) || create_chips(vm) || give_memory(vm))
		return -1;
	for (unsigned int id = 0; id < vm->state->vcpus; id++)
		if (create_vcpu(vm, id))
			return -1;
	return 0;
}

/* The guest's memory at one of its addresses; NULL if that is not all memory. */
void *vm_memory(const struct vm *vm, uint64_t at, uint64_t size)
{
	if (at > vm->ram.size || size > vm->ram.size - at)
		return NULL;
	return (char *)vm->ram.mem + at;
}

int vm_irq(const struct vm *vm, unsigned int irq, bool on)
{
	struct kvm_irq_level level = { .irq = irq, .level = on };

	return ioctl(vm->fd, KVM_IRQ_LINE, &level) ? fail_errno("KVM_IRQ_LINE") : 0;
}

void vm_end(struct vm *vm, bool failed)
{
	vm->failed |= failed;
	eventfd_write(vm->ended, 1);
}
