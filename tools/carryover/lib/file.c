// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* Small files, and what a descriptor stands for. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

static const struct {
	const char *prefix;
	const char *kind;
} kinds[] = {
	{ "/memfd:", "memfd" },
	{ "/dev/iommu", "iommufd" },
	{ "anon_inode:[iommufd", "iommufd" },
	{ "/dev/vfio/devices/", "vfio" },
	{ "anon_inode:[vfio", "vfio" },
	{ "anon_inode:[luo_session", "session" },
	{ "anon_inode:luo_session", "session" },
};

const char *co_fd_kind(int fd)
{
	char link[64], target[128];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, target, sizeof(target) - 1);
	if (len < 0)
		return "not open";
	target[len] = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strncmp(target, kinds[i].prefix, strlen(kinds[i].prefix)))
			return kinds[i].kind;
	return "other";
}

int co_read_line(const char *path, char *line, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return co_fail("open %s", path);
	len = read(fd, line, size - 1);
	if (len < 0)
		len = co_fail("read %s", path);
	close(fd);
	if (len < 0)
		return len;
	line[len] = 0;
	line[strcspn(line, "\n")] = 0;
	return 0;
}

int co_write_line(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return co_fail("open %s", path);
	if (write(fd, line, strlen(line)) < 0)
		ret = co_fail("write \"%s\" to %s", line, path);
	close(fd);
	return ret;
}
