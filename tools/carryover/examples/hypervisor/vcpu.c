// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* Runs the processors, a thread each, and answers what they ask of a hypervisor. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "hypervisor.h"

/* Ends KVM_RUN and does nothing else. */
#define KICK		SIGUSR1

#define KEYBOARD_PORT	0x64u
#define KEYBOARD_RESET	0xfeu

static void port_write(struct vm *vm, unsigned int port, uint8_t value)
{
	if (port - SERIAL_PORT < 8)
		serial_write(vm, port - SERIAL_PORT, value);
	else if (port == KEYBOARD_PORT && value == KEYBOARD_RESET)
		vm_end(vm, false);
}

static void port_read(struct vm *vm, unsigned int port, uint8_t *value)
{
	*value = port == KEYBOARD_PORT ? 0 : 0xff;
	if (port - SERIAL_PORT < 8)
		serial_read(vm, port - SERIAL_PORT, value);
}

/* Our devices know single bytes. What else is asked for is not there. */
static void do_port(struct vm *vm, struct kvm_run *run)
{
	uint8_t *data = (uint8_t *)run + run->io.data_offset;

	for (unsigned int i = 0; i < run->io.count; i++, data += run->io.size) {
		if (run->io.direction == KVM_EXIT_IO_OUT) {
			port_write(vm, run->io.port, *data);
			continue;
		}
		memset(data, 0xff, run->io.size);
		if (run->io.size == 1)
			port_read(vm, run->io.port, data);
	}
}

static void do_mmio(struct vm *vm, struct kvm_run *run)
{
	uint64_t reg = run->mmio.phys_addr - BLK_BASE;
	uint32_t value = 0;

	if (!run->mmio.is_write)
		memset(run->mmio.data, 0, sizeof(run->mmio.data));
	if (reg >= BLK_SIZE)
		return;
	if (!run->mmio.is_write) {
		virtio_read(vm, reg, run->mmio.data, run->mmio.len);
	} else if (run->mmio.len == sizeof(value)) {
		memcpy(&value, run->mmio.data, sizeof(value));
		virtio_write(vm, reg, value);
	}
}

/* Whether the guest can go on. */
static bool do_exit(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;

	pthread_mutex_lock(&vcpu->vm->lock);
	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		do_port(vcpu->vm, run);
		break;
	case KVM_EXIT_MMIO:
		do_mmio(vcpu->vm, run);
		break;
	case KVM_EXIT_INTR:
		break;
	default:
		fail("vCPU %u stopped, KVM's exit reason is %u", vcpu->id,
		     run->exit_reason);
		vm_end(vcpu->vm, true);
	}
	pthread_mutex_unlock(&vcpu->vm->lock);
	return run->exit_reason == KVM_EXIT_IO || run->exit_reason == KVM_EXIT_MMIO ||
	       run->exit_reason == KVM_EXIT_INTR;
}

/*
 * An access that came out of KVM_RUN is completed by the next KVM_RUN only. With
 * immediate_exit that does nothing else, so the state is whole where the loop ends.
 */
static void *run_vcpu(void *arg)
{
	struct vcpu *vcpu = arg;

	for (;;) {
		if (!ioctl(vcpu->fd, KVM_RUN, 0)) {
			if (!do_exit(vcpu))
				return NULL;
		} else if (errno != EINTR && errno != EAGAIN) {
			fail_errno("KVM_RUN");
			vm_end(vcpu->vm, true);
			return NULL;
		} else if (vcpu->run->immediate_exit) {
			return NULL;
		}
	}
}

static void nothing(int signum)
{
	(void)signum;
}

int vm_run(struct vm *vm)
{
	struct sigaction action = { .sa_handler = nothing };

	sigaction(KICK, &action, NULL);
	for (unsigned int id = 0; id < vm->state->vcpus; id++) {
		vm->vcpu[id].run->immediate_exit = 0;
		if (pthread_create(&vm->vcpu[id].thread, NULL, run_vcpu, &vm->vcpu[id]))
			return fail_errno("thread of a vCPU");
	}
	vm->running = true;
	return 0;
}

void vm_pause(struct vm *vm)
{
	for (unsigned int id = 0; vm->running && id < vm->state->vcpus; id++) {
		__atomic_store_n(&vm->vcpu[id].run->immediate_exit, 1, __ATOMIC_SEQ_CST);
		pthread_kill(vm->vcpu[id].thread, KICK);
	}
	for (unsigned int id = 0; vm->running && id < vm->state->vcpus; id++)
		pthread_join(vm->vcpu[id].thread, NULL);
	vm->running = false;
	vm->state->paused = co_tsc();
}
