// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* memfds, mapped. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/memfd.h>

#include "internal.h"

#define HUGE_SIZE (2ul << 20)

/* A place that is aligned for huge pages: ask for more, trim the ends. */
static void *aligned_place(size_t size, size_t align)
{
	char *wide = mmap(NULL, size + align, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t skip;

	if (wide == MAP_FAILED)
		return MAP_FAILED;
	skip = -(uintptr_t)wide & (align - 1);
	if (skip)
		munmap(wide, skip);
	munmap(wide + skip + size, align - skip);
	return wide + skip;
}

/* The block of a file of hugetlb is its page, and nothing less can be mapped. */
static int map(struct co_buffer *buffer, const struct stat *st)
{
	bool larger = st->st_blksize > (blksize_t)HUGE_SIZE;
	void *place = aligned_place(buffer->size, larger ? (size_t)st->st_blksize : HUGE_SIZE);

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

int co_buffer_open(struct co_buffer *buffer, int fd)
{
	struct co_buffer made = { .fd = fd };
	struct stat st;
	int ret;

	if (fstat(fd, &st))
		return co_fail("size of %s", co_name(fd).text);
	made.size = st.st_size;
	ret = map(&made, &st);
	if (!ret)
		*buffer = made;
	return ret;
}

/* A new memfd of that size, mapped; it is closed after a failure. */
static int make(struct co_buffer *buffer, int fd, size_t size)
{
	int ret = 0;

	if (ftruncate(fd, size))
		ret = co_fail("size %s to %zu bytes", co_name(fd).text, size);
	if (!ret)
		ret = co_buffer_open(buffer, fd);
	if (ret)
		close(fd);
	return ret;
}

int co_buffer_create(struct co_buffer *buffer, const char *name, size_t size,
		     bool huge)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int ret;

	if (fd < 0)
		return co_fail("create memfd \"%s\"", name);
	ret = make(buffer, fd, size);
	if (ret)
		return ret;
	if (huge)
		madvise(buffer->mem, size, MADV_HUGEPAGE);
	memset(buffer->mem, 0, size);
	return 0;
}

/* Where a page is missing after all, that is no SIGBUS. */
static int fill(struct co_buffer *buffer, const char *name, size_t page_size)
{
	int ret;

	if (!madvise(buffer->mem, buffer->size, MADV_POPULATE_WRITE))
		return 0;
	ret = co_fail("fill memfd \"%s\" with pages of %zu bytes", name, page_size);
	co_buffer_close(buffer);
	return ret;
}

int co_buffer_create_huge(struct co_buffer *buffer, const char *name,
			  size_t size, size_t page_size)
{
	unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB;
	struct co_buffer made;
	int fd, ret;

	if (!page_size || page_size & (page_size - 1))
		return co_fail_as(EINVAL, "pages of %zu bytes", page_size);
	flags |= (unsigned int)__builtin_ctzl(page_size) << MFD_HUGE_SHIFT;
	fd = memfd_create(name, flags);
	if (fd < 0)
		return co_fail("create memfd \"%s\" of pages of %zu bytes", name, page_size);
	ret = make(&made, fd, size);
	if (!ret)
		ret = fill(&made, name, page_size);
	if (!ret)
		*buffer = made;
	return ret;
}

void co_buffer_close(struct co_buffer *buffer)
{
	munmap(buffer->mem, buffer->size);
	close(buffer->fd);
}
