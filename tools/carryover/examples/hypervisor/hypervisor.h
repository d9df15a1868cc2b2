/* SPDX-License-Identifier: (LGPL-2.1 OR MIT) */
/*
 * A small hypervisor whose virtual machine outlives the kernel.
 *
 *   main.c        the command line, and the loop that waits for everything
 *   vm.c          the virtual machine: KVM's files, the guest's memory
 *   boot.c        a Linux kernel put into it; mptable.c: its processors
 *   vcpu.c        a thread a processor, and what guests ask of a hypervisor
 *   serial.c      the console
 *   virtio.c      the registers of a virtio block device
 *   blk.c         its requests, given to the disk as they are
 *   disk.c        the disk: an NVMe controller that DMAs to the guest's memory
 *   vcpu_state.c  what KVM knows of a processor
 *   vm_state.c    and of the rest
 *   update.c      the live update: into a session, and out of it
 *
 * Functions return 0, or -1 after a message.
 */
#ifndef HYPERVISOR_H
#define HYPERVISOR_H

#include <pthread.h>
#include <stdarg.h>

#include "state.h"

/* Where the devices see the guest's memory, and the state. */
#define RAM_IOVA	0x100000000ull
#define STATE_IOVA	0x800000000ull

/* What the guest sees where. */
#define SERIAL_PORT	0x3f8u
#define SERIAL_IRQ	4u
#define BLK_BASE	0xd0000000ull
#define BLK_SIZE	0x1000ull
#define BLK_IRQ		5u

struct vm;

/**
 * struct vcpu - a processor, in this process
 * @vm: its virtual machine
 * @id: its number
 * @fd: KVM's file
 * @run: what KVM says about an exit
 * @run_size: of that mapping
 * @thread: runs it
 */
struct vcpu {
	struct vm *vm;
	unsigned int id;
	int fd;
	struct kvm_run *run;
	size_t run_size;
	pthread_t thread;
};

/**
 * struct disk - the guest's disk, in this process
 * @nvme: its driver; that has the iommufd and the VFIO device
 * @event: signalled by the device's interrupt
 */
struct disk {
	struct nvme nvme;
	int event;
};

/**
 * struct vm - a virtual machine, in this process
 * @kvm: /dev/kvm
 * @fd: KVM's file of the virtual machine
 * @ram: the guest's memory
 * @kept: the memfd that @state is in
 * @state: what outlives this process
 * @disk: the disk
 * @vcpu: its processors
 * @lock: of @state's devices: processors and the loop work on them
 * @ended: an eventfd, signalled when the guest has ended
 * @failed: it has not ended well
 * @running: the processors have threads
 */
struct vm {
	int kvm, fd;
	struct co_buffer ram, kept;
	struct state *state;
	struct disk disk;
	struct vcpu vcpu[MAX_VCPUS];
	pthread_mutex_t lock;
	int ended;
	bool failed, running;
};

/**
 * struct options - the command line
 * @kernel: a bzImage
 * @initrd: its initial memory file system
 * @cmdline: more words for its command line
 * @bdf: the NVMe controller
 * @name: of the session
 * @memory: size of the guest's memory
 * @huge: size of its pages where it is not to be of ordinary ones
 * @vcpus: number of processors
 * @from: a session that has arrived, or -1 to ask for it
 * @into: a session for the next kernel, or -1 to make one
 */
struct options {
	const char *kernel, *initrd, *cmdline;
	const char *bdf, *name;
	uint64_t memory, huge;
	unsigned int vcpus;
	int from, into;
};

/* One line for the story, and one for what went wrong, with errno or co_error(). */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
int fail_errno(const char *what);

/* vm.c: memory, and KVM's objects without any state */
int vm_alloc(struct vm *vm, const struct options *options);
int vm_create(struct vm *vm);
void *vm_memory(const struct vm *vm, uint64_t at, uint64_t size);
int vm_irq(const struct vm *vm, unsigned int irq, bool on);
void vm_end(struct vm *vm, bool failed);

/* boot.c, mptable.c */
int boot_load(struct vm *vm, const struct options *options);
void mptable_write(struct vm *vm);

/* vcpu.c: run processors, and stop them where all they did is in their state */
int vm_run(struct vm *vm);
void vm_pause(struct vm *vm);

/* serial.c */
void serial_read(struct vm *vm, unsigned int reg, uint8_t *value);
void serial_write(struct vm *vm, unsigned int reg, uint8_t value);
void serial_type(struct vm *vm, uint8_t input);

/* virtio.c */
void virtio_read(struct vm *vm, uint64_t reg, void *value, unsigned int size);
void virtio_write(struct vm *vm, uint64_t reg, uint32_t value);
void virtio_interrupt(struct vm *vm);

/* blk.c: the guest rang; the disk has completed something; forget all */
void blk_submit(struct vm *vm);
int blk_complete(struct vm *vm);
void blk_reset(struct vm *vm);

/* disk.c */
int disk_start(struct vm *vm, const char *bdf);
int disk_resume(struct vm *vm);
int disk_stop(struct vm *vm);

/* vcpu_state.c, vm_state.c */
int cpuid_choose(struct vm *vm);
int cpuid_give(const struct vcpu *vcpu);
int vcpu_save(const struct vcpu *vcpu);
int vcpu_load(const struct vcpu *vcpu);
int vm_save(struct vm *vm);
int vm_load(struct vm *vm);

/* update.c: the session with which to go on, or 0; hold one until the kexec */
int update_arrived(struct vm *vm, const struct options *options);
int update_prepare(struct vm *vm, const struct options *options, int request);

#endif /* HYPERVISOR_H */
