// SPDX-License-Identifier: GPL-2.0-only
/* Memory for queues and data, in pages of the kind that was asked for. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "demo.h"
#include "say.h"

#define MIB (1ull << 20)

static const struct {
	const char *word;
	const char *what;
	uint64_t page;
} kinds[] = {
	[PAGES_4K] = { "4k", "memfd", 0 },
	[PAGES_2M] = { "2m", "memfd", 2 * MIB },
	[PAGES_1G] = { "1g", "memfd", 1024 * MIB },
	[PAGES_FILE] = { "file", "unlinked file of hugetlbfs", 2 * MIB },
};

bool demo_pages_parse(const char *word, enum demo_pages *pages)
{
	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(word, kinds[i].word)) {
			*pages = i;
			return true;
		}
	return false;
}

const char *demo_pages_what(enum demo_pages pages)
{
	return kinds[pages].what;
}

uint64_t demo_page_size(enum demo_pages pages)
{
	return kinds[pages].page;
}

/* Whole pages. */
static size_t size_in(uint64_t page)
{
	return page > DEMO_SIZE ? page : DEMO_SIZE;
}

/* A file that has no name any more, of a file system that is mounted nowhere. */
static int open_unlinked(const char *folder)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/demo", folder);
	if (mount("hugetlbfs", folder, "hugetlbfs", 0, "pagesize=2M"))
		return -errno;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || unlink(path))
		fd = -errno;
	umount2(folder, MNT_DETACH);
	return fd;
}

static bool open_file(struct co_buffer *buffer, size_t size)
{
	char folder[] = "/tmp/demo-XXXXXX";
	int fd;

	if (!mkdtemp(folder))
		return say_check(false, "folder for hugetlbfs", "%s", strerror(errno));
	fd = open_unlinked(folder);
	rmdir(folder);
	if (fd < 0)
		return say_check(false, "file of hugetlbfs", "%s", strerror(-fd));
	if (ftruncate(fd, size))
		return say_check(false, "size of the file", "%s", strerror(errno));
	if (!say_done(co_buffer_open(buffer, fd), "memory"))
		return false;
	memset(buffer->mem, 0, size);
	return true;
}

bool demo_open_memory(const struct demo_options *options, struct co_buffer *buffer)
{
	uint64_t page = demo_page_size(options->pages);
	size_t size = size_in(page);

	if (!page)
		return say_done(co_buffer_create(buffer, "demo", size, options->huge),
				"memory");
	if (!say_done(co_hugepages(page, size / page), "huge pages"))
		return false;
	if (options->pages == PAGES_FILE)
		return open_file(buffer, size);
	return say_done(co_buffer_create_huge(buffer, "demo", size, page), "memory");
}
