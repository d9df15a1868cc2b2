// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* Small files, and what a descriptor stands for. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define CDEVS "/dev/vfio/devices/"

/**
 * struct kind - a kind of file
 * @prefix: how the target of its link in /proc/self/fd begins
 * @word: what it is called
 * @named: what follows the prefix is its name
 */
static const struct kind {
	const char *prefix;
	const char *word;
	bool named;
} kinds[] = {
	{ "/memfd:", "memfd", true },
	{ "/dev/iommu", "iommufd", false },
	{ "anon_inode:[iommufd", "iommufd", false },
	{ CDEVS, "device", false },
	{ "anon_inode:[vfio", "device", false },
	{ "anon_inode:[luo_session] ", "session", true },
	{ "/dev/liveupdate", "orchestrator", false },
};

static int read_link(const char *path, char *target, size_t size)
{
	ssize_t len = readlink(path, target, size - 1);

	if (len < 0)
		return -errno;
	target[len] = 0;
	return 0;
}

/* Of a VFIO device the address says more than the number of its file. */
static void device_address(const char *path, char *bdf, size_t size)
{
	char link[160], target[256];
	const char *slash;

	snprintf(link, sizeof(link), "/sys/class/vfio-dev/%s/device",
		 strrchr(path, '/') + 1);
	if (read_link(link, target, sizeof(target)))
		return;
	slash = strrchr(target, '/');
	snprintf(bdf, size, "%.31s", slash ? slash + 1 : target);
}

static struct co_name describe(int fd, const char *target)
{
	const struct kind *kind = NULL;
	struct co_name name;
	char own[64] = "";
	size_t skip;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !kind; i++)
		if (!strncmp(target, kinds[i].prefix, strlen(kinds[i].prefix)))
			kind = &kinds[i];
	if (!kind) {
		snprintf(name.text, sizeof(name.text), "%.80s (fd %d)", target,
			 fd);
		return name;
	}
	skip = strlen(kind->prefix);
	if (kind->named)
		snprintf(own, sizeof(own), "%.63s", target + skip);
	else if (!strncmp(target, CDEVS, strlen(CDEVS)))
		device_address(target, own, sizeof(own));
	/* What readlink() says of every file without a name in a folder. */
	if (strstr(own, " (deleted)"))
		*strstr(own, " (deleted)") = 0;
	snprintf(name.text, sizeof(name.text), "%s%s%s (fd %d)", kind->word,
		 own[0] ? " " : "", own, fd);
	return name;
}

struct co_name co_name(int fd)
{
	char link[64], target[128];
	struct co_name name;
	int err = errno;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (read_link(link, target, sizeof(target)))
		snprintf(name.text, sizeof(name.text), "fd %d (not open)", fd);
	else
		name = describe(fd, target);
	errno = err;
	return name;
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
