// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* What KVM knows of a processor: taken out of it, and put into another of its kind. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "hypervisor.h"

#define MSR_TSC		0x10u

#define LEAF_APIC	1u
#define LEAF_TOPOLOGY	0xbu
#define LEAF_TOPOLOGY_2	0x1fu
#define LEAF_AMD	0x80000001u
#define LEAF_AMD_APIC	0x8000001eu
#define HYPERVISOR	(1u << 31)	/* LEAF_APIC, ecx */
#define SVM		(1u << 2)	/* LEAF_AMD, ecx */

/* KVM's calls that take a structure of fixed size, in the order for loading. */
#define SIMPLE(X, v) \
	X(SREGS2, (v)->sregs) X(XSAVE, (v)->xsave) X(LAPIC, (v)->lapic) \
	X(DEBUGREGS, (v)->debugregs) X(REGS, (v)->regs)

#define GET(name, to) \
	if (ioctl(vcpu->fd, KVM_GET_##name, &(to))) \
		return fail_errno("KVM_GET_" #name);
#define SET(name, from) \
	if (ioctl(vcpu->fd, KVM_SET_##name, &(from))) \
		return fail_errno("KVM_SET_" #name);

/* ---------------------------------------------------------------- CPUID -- */

/* What KVM can do, without virtual machines inside of this one. */
int cpuid_choose(struct vm *vm)
{
	struct cpuid_state *cpuid = &vm->state->cpuid;

	cpuid->head.nent = MAX_CPUID;
	if (ioctl(vm->kvm, KVM_GET_SUPPORTED_CPUID, &cpuid->head))
		return fail_errno("KVM_GET_SUPPORTED_CPUID");
	for (unsigned int i = 0; i < cpuid->head.nent; i++) {
		if (cpuid->entry[i].function == LEAF_APIC)
			cpuid->entry[i].ecx |= HYPERVISOR;
		else if (cpuid->entry[i].function == LEAF_AMD)
			cpuid->entry[i].ecx &= ~SVM;
	}
	for (unsigned int id = 0; id < vm->state->vcpus; id++)
		if (cpuid_give(&vm->vcpu[id]))
			return -1;
	return 0;
}

/* All the same but for the processor's own number. */
int cpuid_give(const struct vcpu *vcpu)
{
	struct cpuid_state cpuid = vcpu->vm->state->cpuid;

	for (unsigned int i = 0; i < cpuid.head.nent; i++) {
		struct kvm_cpuid_entry2 *entry = &cpuid.entry[i];

		if (entry->function == LEAF_APIC)
			entry->ebx = (entry->ebx & 0xffff) |
				     vcpu->vm->state->vcpus << 16 | vcpu->id << 24;
		else if (entry->function == LEAF_TOPOLOGY ||
			 entry->function == LEAF_TOPOLOGY_2)
			entry->edx = vcpu->id;
		else if (entry->function == LEAF_AMD_APIC)
			entry->eax = vcpu->id;
	}
	if (ioctl(vcpu->fd, KVM_SET_CPUID2, &cpuid.head))
		return fail_errno("KVM_SET_CPUID2");
	return 0;
}

/* ------------------------------------------------------------------ MSRs -- */

struct one_msr {
	struct kvm_msrs head;
	struct kvm_msr_entry entry;
};

static bool get_msr(const struct vcpu *vcpu, uint32_t index, uint64_t *value)
{
	struct one_msr one = { .head.nmsrs = 1, .entry.index = index };

	if (ioctl(vcpu->fd, KVM_GET_MSRS, &one) != 1)
		return false;
	*value = one.entry.data;
	return true;
}

/* KVM lists more than this processor has; what cannot be read is not there. */
static int save_msrs(const struct vcpu *vcpu, struct vcpu_state *state)
{
	struct {
		struct kvm_msr_list head;
		uint32_t index[MAX_MSRS];
	} list = { .head.nmsrs = MAX_MSRS };
	uint64_t value;

	if (ioctl(vcpu->vm->kvm, KVM_GET_MSR_INDEX_LIST, &list))
		return fail_errno("KVM_GET_MSR_INDEX_LIST");
	state->msrs = 0;
	for (unsigned int i = 0; i < list.head.nmsrs; i++)
		if (list.index[i] != MSR_TSC && get_msr(vcpu, list.index[i], &value))
			state->msr[state->msrs++] = (struct kvm_msr_entry){
				.index = list.index[i], .data = value,
			};
	return 0;
}

/* Some can only be read. They have the right value already, or the guest would see. */
static int load_msr(const struct vcpu *vcpu, const struct kvm_msr_entry *msr)
{
	struct one_msr one = { .head.nmsrs = 1, .entry = *msr };
	uint64_t is = ~msr->data;

	if (ioctl(vcpu->fd, KVM_SET_MSRS, &one) == 1)
		return 0;
	if (get_msr(vcpu, msr->index, &is) && is == msr->data)
		return 0;
	return fail("MSR %#x of vCPU %u: is %#llx and cannot be made %#llx", msr->index,
		    vcpu->id, (unsigned long long)is, (unsigned long long)msr->data);
}

static int load_msrs(const struct vcpu *vcpu, const struct vcpu_state *state)
{
	for (unsigned int i = 0; i < state->msrs; i++)
		if (load_msr(vcpu, &state->msr[i]))
			return -1;
	return 0;
}

/* -------------------------------------------------------------------- all -- */

static int tsc_offset(const struct vcpu *vcpu, unsigned long call, uint64_t *offset)
{
	struct kvm_device_attr attr = {
		.group = KVM_VCPU_TSC_CTRL, .attr = KVM_VCPU_TSC_OFFSET,
		.addr = (uintptr_t)offset,
	};

	return ioctl(vcpu->fd, call, &attr) ? fail_errno("offset of the TSC") : 0;
}

int vcpu_save(const struct vcpu *vcpu)
{
	struct vcpu_state *state = &vcpu->vm->state->vcpu[vcpu->id];
	int size = ioctl(vcpu->vm->fd, KVM_CHECK_EXTENSION, KVM_CAP_XSAVE2);

	if (size > (int)sizeof(state->xsave))
		return fail("vCPU %u: its registers take %d bytes, there is room for %zu",
			    vcpu->id, size, sizeof(state->xsave));
	/* First, as it takes in what has arrived at the local APIC. */
	GET(MP_STATE, state->mp_state)
	GET(XCRS, state->xcrs)
	SIMPLE(GET, state)
	GET(VCPU_EVENTS, state->events)
	if (save_msrs(vcpu, state))
		return -1;
	return tsc_offset(vcpu, KVM_GET_DEVICE_ATTR, &state->tsc_offset);
}

/*
 * CPUID decides what the others may be; the local APIC's address is one of SREGS; its
 * timer counts in TSC and is armed by an MSR; events come when all is there.
 */
int vcpu_load(const struct vcpu *vcpu)
{
	struct vcpu_state *state = &vcpu->vm->state->vcpu[vcpu->id];

	if (cpuid_give(vcpu) ||
	    tsc_offset(vcpu, KVM_SET_DEVICE_ATTR, &state->tsc_offset))
		return -1;
	/* A processor without XSAVE has none, and takes none. */
	if (state->xcrs.nr_xcrs)
		SET(XCRS, state->xcrs)
	SIMPLE(SET, state)
	if (load_msrs(vcpu, state))
		return -1;
	SET(MP_STATE, state->mp_state)
	SET(VCPU_EVENTS, state->events)
	return 0;
}
