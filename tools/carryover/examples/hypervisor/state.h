/* SPDX-License-Identifier: (LGPL-2.1 OR MIT) */
/*
 * What the hypervisor of the next kernel must know, all in one memfd.
 *
 * The devices of the virtual machine work on their part of it, all the time: there is
 * nothing to collect when an update comes, and a request that is on its way stays
 * noted. KVM's part is put here when the virtual machine is paused.
 *
 * Whoever changes the layout changes STATE_VERSION: the next kernel may come with
 * another hypervisor.
 */
#ifndef STATE_H
#define STATE_H

#include <linux/kvm.h>
#include <stdint.h>

#include "nvme.h"

#define STATE_MAGIC	0x6576696c2d6d76ull	/* "vm-live" */
#define STATE_VERSION	1u

#define MAX_VCPUS	2u
#define MAX_CPUID	128u
#define MAX_MSRS	256u
#define QUEUE_SIZE	64u
#define LINE_SIZE	160u

/**
 * struct cpuid_state - what the processors say they can do
 * @head: KVM's list
 * @entry: its entries
 *
 * A guest has looked at it once and counts on it, whatever the next kernel's KVM
 * would offer.
 */
struct cpuid_state {
	struct kvm_cpuid2 head;
	struct kvm_cpuid_entry2 entry[MAX_CPUID];
};

/**
 * struct vcpu_state - a processor that is paused
 * @tsc_offset: what is added to the host's TSC, which a kexec does not touch: with
 *	the same offset the guest's goes on as if nothing had happened
 * @msrs: how many MSRs there are
 * @msr: index and value
 *
 * The others are named as in KVM's API.
 */
struct vcpu_state {
	struct kvm_regs regs;
	struct kvm_sregs2 sregs;
	struct kvm_xcrs xcrs;
	struct kvm_xsave xsave;
	struct kvm_debugregs debugregs;
	struct kvm_vcpu_events events;
	struct kvm_mp_state mp_state;
	struct kvm_lapic_state lapic;
	uint64_t tsc_offset;
	uint32_t msrs;
	struct kvm_msr_entry msr[MAX_MSRS];
};

/**
 * struct chips_state - what KVM emulates beside processors
 * @irqchip: two PICs and the IOAPIC
 * @pit: the timer
 * @clock: of the paravirtual clock, in ns
 * @clock_tsc: co_tsc() at that moment
 */
struct chips_state {
	struct kvm_irqchip irqchip[3];
	struct kvm_pit_state2 pit;
	uint64_t clock;
	uint64_t clock_tsc;
};

/**
 * struct serial_state - the console, a 16450
 * @ier: which interrupts are on
 * @lcr: line control; only its bit that shows the divisor matters
 * @mcr: modem control
 * @scr: scratch
 * @divisor: stored for who reads it back
 * @empty: the guest has yet to hear that the transmitter is empty
 * @has_input: @input was not read yet
 * @input: a character that was typed
 * @used: length of @line
 * @within: the line before @line had no end
 * @line: what was written since the last end of a line
 */
struct serial_state {
	uint8_t ier, lcr, mcr, scr;
	uint8_t divisor[2];
	uint8_t empty;
	uint8_t has_input, input;
	uint8_t used, within;
	char line[LINE_SIZE];
};

/**
 * struct request - a request of the guest that is on its way
 * @left: commands of it that the disk has not completed
 * @failed: one of them failed
 * @status_at: where the guest wants the outcome
 * @length: of the data that the guest reads
 */
struct request {
	uint32_t left;
	uint32_t failed;
	uint64_t status_at;
	uint32_t length;
};

/**
 * struct blk_state - a virtio block device
 * @status: how far the guest's driver is
 * @interrupt: why there is an interrupt
 * @feature_page: which half of the features @features shows
 * @driver_page: which half of the features the driver writes
 * @features: what the driver took
 * @ready: the queue is in use
 * @size: of the queue, in entries
 * @desc: guest address of the queue's descriptors
 * @avail: of the requests that the guest makes
 * @used: of those that are done
 * @next: the next entry of @avail to take
 * @request: those on their way, by their first descriptor
 * @head: first descriptor, by slot of the disk's queue
 */
struct blk_state {
	uint32_t status, interrupt;
	uint32_t feature_page, driver_page;
	uint32_t features[2];
	uint32_t ready, size;
	uint64_t desc, avail, used;
	uint16_t next;
	struct request request[QUEUE_SIZE];
	uint16_t head[NVME_DEPTH];
};

/**
 * struct state - all of it
 * @magic: STATE_MAGIC once the guest was started
 * @version: STATE_VERSION
 * @vcpus: how many processors
 * @memory: size of the guest's memory
 * @ioas: ID of the disk's address space
 * @bdf: the disk
 * @updates: kernels the guest has outlived
 * @taken: requests that were completed, ever
 * @carried: those of them that were on their way at a kexec
 * @paused: co_tsc() when the last processor had stopped
 * @cpuid: of every processor
 * @vcpu: the processors
 * @chips: KVM's devices
 * @serial: the console
 * @blk: the block device
 * @nvme: the driver of the disk: its queues, and what is on its way
 */
struct state {
	uint64_t magic;
	uint32_t version;
	uint32_t vcpus;
	uint64_t memory;
	uint32_t ioas;
	char bdf[CO_BDF_SIZE];
	uint32_t updates;
	uint64_t taken, carried;
	uint64_t paused;
	struct cpuid_state cpuid;
	struct vcpu_state vcpu[MAX_VCPUS];
	struct chips_state chips;
	struct serial_state serial;
	struct blk_state blk;
	struct nvme_mem nvme __attribute__((aligned(NVME_PAGE)));
};

#endif /* STATE_H */
