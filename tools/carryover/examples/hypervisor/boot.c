// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/*
 * Puts a Linux kernel into the guest's memory, the way Documentation/arch/x86/boot.rst
 * has it for a loader that starts it in 32 bits.
 */
#include <asm/bootparam.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hypervisor.h"

#define PARAMS_AT	0x10000ull
#define CMDLINE_AT	0x20000ull
#define CMDLINE_SIZE	2048u
#define LOW_END		0x9fc00ull	/* the table of processors is above it */
#define KERNEL_AT	0x100000ull
#define SECTOR		512u
#define E820_RAM	1u
#define LOADER_OTHER	0xff
#define CR0_PROTECTED	1u
#define FLAGS_FIXED	2u

/* A restart goes to the keyboard controller, where vcpu.c waits for it. */
#define CMDLINE \
	"console=ttyS0 loglevel=6 panic=-1 reboot=k acpi=off pci=off kho=off liveupdate=off " \
	"virtio_mmio.device=0x%llx@0x%llx:%u %s"

/* All of a file to an address of the guest; its size, or -1. */
static long long load(struct vm *vm, const char *path, long long skip, uint64_t at)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	long long size;
	void *to;

	if (fd < 0 || fstat(fd, &st))
		return fail_errno(path);
	size = st.st_size - skip;
	to = size > 0 ? vm_memory(vm, at, size) : NULL;
	if (!to || pread(fd, to, size, skip) != size)
		size = fail("%s: is not the file it should be, or too large", path);
	close(fd);
	return size;
}

static int read_header(const char *path, struct boot_params *params)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t sector[2 * SECTOR];
	size_t end;

	if (fd < 0 || pread(fd, sector, sizeof(sector), 0) != sizeof(sector))
		return fail_errno(path);
	close(fd);
	if (memcmp(sector + 0x202, "HdrS", 4))
		return fail("%s: no kernel image", path);
	/* The header ends where the jump over it goes. */
	end = 0x202 + sector[0x201];
	memcpy(&params->hdr, sector + 0x1f1, end - 0x1f1);
	return 0;
}

static void add_memory(struct boot_params *params, uint64_t from, uint64_t to)
{
	params->e820_table[params->e820_entries++] = (struct boot_e820_entry){
		.addr = from, .size = to - from, .type = E820_RAM,
	};
}

static int load_initrd(struct vm *vm, const char *path, struct setup_header *header)
{
	struct stat st;
	uint64_t at;

	if (stat(path, &st))
		return fail_errno(path);
	at = (vm->ram.size - st.st_size) & ~(uint64_t)(NVME_PAGE - 1);
	if ((uint64_t)st.st_size > vm->ram.size ||
	    at < header->pref_address + header->init_size)
		return fail("the guest's memory is too small for %s", path);
	header->ramdisk_image = at;
	header->ramdisk_size = st.st_size;
	return load(vm, path, 0, at) < 0 ? -1 : 0;
}

/* In 32 bits without paging, with segments that span everything. */
static int set_registers(struct vm *vm)
{
	struct kvm_segment code = {
		.limit = ~0u, .selector = 0x10, .type = 11, .present = 1,
		.db = 1, .s = 1, .g = 1,
	}, data = code;
	struct kvm_regs regs = {
		.rip = KERNEL_AT, .rsi = PARAMS_AT, .rflags = FLAGS_FIXED,
	};
	struct kvm_sregs sregs;

	data.selector = 0x18;
	data.type = 3;
	if (ioctl(vm->vcpu[0].fd, KVM_GET_SREGS, &sregs))
		return fail_errno("KVM_GET_SREGS");
	sregs.cs = code;
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data;
	sregs.cr0 |= CR0_PROTECTED;
	if (ioctl(vm->vcpu[0].fd, KVM_SET_SREGS, &sregs) ||
	    ioctl(vm->vcpu[0].fd, KVM_SET_REGS, &regs))
		return fail_errno("first registers");
	return 0;
}

int boot_load(struct vm *vm, const struct options *options)
{
	struct boot_params *params = vm_memory(vm, PARAMS_AT, sizeof(*params));
	char *cmdline = vm_memory(vm, CMDLINE_AT, CMDLINE_SIZE);

	if (!params || !cmdline || read_header(options->kernel, params))
		return -1;
	if (load(vm, options->kernel, (params->hdr.setup_sects + 1) * SECTOR, KERNEL_AT) < 0)
		return -1;
	if (options->initrd && load_initrd(vm, options->initrd, &params->hdr))
		return -1;
	snprintf(cmdline, CMDLINE_SIZE, CMDLINE, BLK_SIZE, BLK_BASE, BLK_IRQ,
		 options->cmdline ? options->cmdline : "");
	params->hdr.type_of_loader = LOADER_OTHER;
	params->hdr.cmd_line_ptr = CMDLINE_AT;
	add_memory(params, 0, LOW_END);
	add_memory(params, KERNEL_AT, vm->ram.size);
	mptable_write(vm);
	return cpuid_choose(vm) ? -1 : set_registers(vm);
}
