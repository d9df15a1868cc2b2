// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* memfds, mapped. */
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

#define HUGE_SIZE (2ul << 20)

/* A place that is aligned for huge pages: ask for more, trim the ends. */
static void *aligned_place(size_t size)
{
	char *wide = mmap(NULL, size + HUGE_SIZE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t skip;

	if (wide == MAP_FAILED)
		return MAP_FAILED;
	skip = -(uintptr_t)wide & (HUGE_SIZE - 1);
	if (skip)
		munmap(wide, skip);
	munmap(wide + skip + size, HUGE_SIZE - skip);
	return wide + skip;
}

static int map(struct co_buffer *buffer)
{
	void *place = aligned_place(buffer->size);

	if (place == MAP_FAILED)
		return co_fail("reserve %zu bytes", buffer->size);
	buffer->mem = mmap(place, buffer->size, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_FIXED, buffer->fd, 0);
	if (buffer->mem != MAP_FAILED)
		return 0;
	munmap(place, buffer->size);
	return co_fail("map %zu bytes of %s", buffer->size,
		       co_name(buffer->fd).text);
}

static int make(int fd, struct co_buffer *buffer, size_t size, bool huge)
{
	int ret;

	*buffer = (struct co_buffer){ .fd = fd, .size = size };
	if (ftruncate(fd, size))
		return co_fail("size %s to %zu bytes", co_name(fd).text, size);
	ret = map(buffer);
	if (ret)
		return ret;
	if (huge)
		madvise(buffer->mem, size, MADV_HUGEPAGE);
	memset(buffer->mem, 0, size);
	return 0;
}

int co_buffer_create(struct co_buffer *buffer, const char *name, size_t size,
		     bool huge)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct co_buffer made;
	int ret;

	if (fd < 0)
		return co_fail("create memfd \"%s\"", name);
	ret = make(fd, &made, size, huge);
	if (ret)
		close(fd);
	else
		*buffer = made;
	return ret;
}

int co_buffer_open(struct co_buffer *buffer, int fd)
{
	struct co_buffer made = { .fd = fd };
	struct stat st;
	int ret;

	if (fstat(fd, &st))
		return co_fail("size of %s", co_name(fd).text);
	made.size = st.st_size;
	ret = map(&made);
	if (!ret)
		*buffer = made;
	return ret;
}

void co_buffer_close(struct co_buffer *buffer)
{
	munmap(buffer->mem, buffer->size);
	close(buffer->fd);
}
