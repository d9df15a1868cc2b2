// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* BARs: mapped where possible, otherwise by system calls. */
#include <endian.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

int co_bar_open(struct co_bar *bar, int device, unsigned int index)
{
	struct vfio_region_info info = { 0 };
	void *map = MAP_FAILED;
	int ret = co_region_info(device, VFIO_PCI_BAR0_REGION_INDEX + index,
				 &info);

	if (ret)
		return ret;
	if (!info.size)
		return co_fail_as(ENODEV, "BAR %u of %s", index,
				  co_name(device).text);
	if (info.flags & VFIO_REGION_INFO_FLAG_MMAP)
		map = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED,
			   device, info.offset);
	*bar = (struct co_bar){
		.device = device,
		.size = info.size,
		.offset = info.offset,
		.map = map == MAP_FAILED ? NULL : map,
	};
	return 0;
}

void co_bar_close(struct co_bar *bar)
{
	if (bar->map)
		munmap((void *)bar->map, bar->size);
	bar->map = NULL;
}

static volatile void *at(const struct co_bar *bar, uint64_t offset)
{
	return (volatile char *)bar->map + offset;
}

static uint64_t slow_read(const struct co_bar *bar, uint64_t offset,
			  size_t size)
{
	uint64_t raw = 0;

	if (pread(bar->device, &raw, size, bar->offset + offset) !=
	    (ssize_t)size)
		raw = ~0ull;
	return raw;
}

/* There is nobody to tell: the bus itself drops writes without a word. */
static void slow_write(const struct co_bar *bar, uint64_t offset,
		       const void *raw, size_t size)
{
	if (pwrite(bar->device, raw, size, bar->offset + offset) < 0)
		return;
}

uint32_t co_bar_read32(const struct co_bar *bar, uint64_t offset)
{
	uint32_t raw;

	if (bar->map)
		raw = *(volatile uint32_t *)at(bar, offset);
	else
		raw = slow_read(bar, offset, sizeof(raw));
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return le32toh(raw);
}

void co_bar_write32(const struct co_bar *bar, uint64_t offset, uint32_t value)
{
	uint32_t raw = htole32(value);

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (bar->map)
		*(volatile uint32_t *)at(bar, offset) = raw;
	else
		slow_write(bar, offset, &raw, sizeof(raw));
}

uint64_t co_bar_read64(const struct co_bar *bar, uint64_t offset)
{
	uint64_t raw;

	if (bar->map)
		raw = *(volatile uint64_t *)at(bar, offset);
	else
		raw = slow_read(bar, offset, sizeof(raw));
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return le64toh(raw);
}

void co_bar_write64(const struct co_bar *bar, uint64_t offset, uint64_t value)
{
	uint64_t raw = htole64(value);

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (bar->map)
		*(volatile uint64_t *)at(bar, offset) = raw;
	else
		slow_write(bar, offset, &raw, sizeof(raw));
}
