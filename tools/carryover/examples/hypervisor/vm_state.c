// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* What KVM knows of a virtual machine beside its processors. */
#include <stdio.h>
#include <sys/ioctl.h>

#include "hypervisor.h"

#define NSEC	1000000000ull

static int save_chips(const struct vm *vm, struct chips_state *chips)
{
	struct kvm_clock_data clock = { 0 };

	for (unsigned int i = 0; i < 3; i++) {
		chips->irqchip[i].chip_id = i;
		if (ioctl(vm->fd, KVM_GET_IRQCHIP, &chips->irqchip[i]))
			return fail_errno("KVM_GET_IRQCHIP");
	}
	if (ioctl(vm->fd, KVM_GET_PIT2, &chips->pit))
		return fail_errno("KVM_GET_PIT2");
	if (ioctl(vm->fd, KVM_GET_CLOCK, &clock))
		return fail_errno("KVM_GET_CLOCK");
	chips->clock = clock.clock;
	chips->clock_tsc = clock.flags & KVM_CLOCK_HOST_TSC ? clock.host_tsc : co_tsc();
	return 0;
}

/*
 * The guest's clock goes on. How long it stood is told by the TSC: the next kernel's
 * CLOCK_REALTIME, by which KVM would do it, came from a clock that knows seconds only.
 */
static int load_clock(const struct vm *vm, const struct chips_state *chips)
{
	struct kvm_clock_data clock = { 0 };
	int khz = ioctl(vm->vcpu[0].fd, KVM_GET_TSC_KHZ, 0);
	unsigned __int128 gap;

	if (khz <= 0)
		return fail_errno("KVM_GET_TSC_KHZ");
	gap = (unsigned __int128)(co_tsc() - chips->clock_tsc) * (NSEC / 1000);
	clock.clock = chips->clock + (uint64_t)(gap / khz);
	if (ioctl(vm->fd, KVM_SET_CLOCK, &clock))
		return fail_errno("KVM_SET_CLOCK");
	/* A watchdog in the guest learns that it was not the guest that slept. */
	for (unsigned int id = 0; id < vm->state->vcpus; id++)
		ioctl(vm->vcpu[id].fd, KVM_KVMCLOCK_CTRL, 0);
	return 0;
}

int vm_save(struct vm *vm)
{
	for (unsigned int id = 0; id < vm->state->vcpus; id++)
		if (vcpu_save(&vm->vcpu[id]))
			return -1;
	return save_chips(vm, &vm->state->chips);
}

int vm_load(struct vm *vm)
{
	struct chips_state *chips = &vm->state->chips;

	for (unsigned int i = 0; i < 3; i++)
		if (ioctl(vm->fd, KVM_SET_IRQCHIP, &chips->irqchip[i]))
			return fail_errno("KVM_SET_IRQCHIP");
	for (unsigned int id = 0; id < vm->state->vcpus; id++)
		if (vcpu_load(&vm->vcpu[id]))
			return -1;
	if (ioctl(vm->fd, KVM_SET_PIT2, &chips->pit))
		return fail_errno("KVM_SET_PIT2");
	return load_clock(vm, chips);
}
