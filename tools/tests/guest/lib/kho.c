// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tree of memory that KHO will hand over: debugfs shows the FDT that has its
 * address, /dev/mem the rest. Layout: include/linux/kho/abi/kexec_handover.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <libfdt.h>

#include "harness.h"
#include "kho.h"

#define OUT_FDT		"/sys/kernel/debug/kho/out/fdt"
#define IN		"/sys/kernel/debug/kho/in"
#define PAGE		4096
#define WORDS		(PAGE / sizeof(uint64_t))
#define TOP_LEVEL	5

/*
 * debugfs shows as much of the FDT as it had when it was made. It has grown
 * since, and what is cut off is the names: the address is the root's only
 * property of its size.
 */
static uint64_t root(void)
{
	static char fdt[64 << 10];
	uint64_t phys;
	int fd, at, len;

	fd = open(OUT_FDT, O_RDONLY | O_CLOEXEC);
	MUST(fd >= 0);
	MUST(read(fd, fdt, sizeof(fdt)) > 0);
	close(fd);
	fdt_for_each_property_offset(at, fdt, 0) {
		const struct fdt_property *property =
			fdt_get_property_by_offset(fdt, at, &len);

		if (!property || len != sizeof(phys))
			continue;
		memcpy(&phys, property->data, sizeof(phys));
		return phys;
	}
	MUST(!"an FDT with the tree's address");
	return 0;
}

static long long count(int mem, uint64_t phys, unsigned int level)
{
	uint64_t node[WORDS];
	long long keys = 0;

	MUST(pread(mem, node, PAGE, phys) == PAGE);
	for (unsigned int i = 0; i < WORDS; i++) {
		if (!level)
			keys += __builtin_popcountll(node[i]);
		else if (node[i])
			keys += count(mem, node[i], level - 1);
	}
	return keys;
}

/* With CONFIG_STRICT_DEVMEM there is a /dev/mem, and no RAM in it. */
static int open_ram(uint64_t phys)
{
	int mem = open("/dev/mem", O_RDONLY | O_CLOEXEC);
	char byte;

	if (mem < 0 || pread(mem, &byte, 1, phys) == 1)
		return mem;
	MUST(errno == EPERM);
	close(mem);
	return -1;
}

long long kho_keys(void)
{
	long long keys;
	int mem;

	/* A kernel that got a handover itself does not show what it hands over. */
	if (!access(IN, F_OK))
		return -1;
	mem = open_ram(root());
	if (mem < 0)
		return -1;
	keys = count(mem, root(), TOP_LEVEL);
	close(mem);
	return keys;
}
