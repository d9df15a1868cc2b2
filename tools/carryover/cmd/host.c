// SPDX-License-Identifier: GPL-2.0-only
/* Small files, and sizes. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"

#define TURNS		8
#define FILE_LIMIT	(1ul << 30)

const char *host_root = "";

const char *host_path(const char *fmt, ...)
{
	static char paths[TURNS][512];
	static unsigned int turn;
	char *path = paths[turn++ % TURNS];
	int used = snprintf(path, sizeof(paths[0]), "%s", host_root);
	va_list args;

	va_start(args, fmt);
	vsnprintf(path + used, sizeof(paths[0]) - used, fmt, args);
	va_end(args);
	return path;
}

unsigned char *host_read_fd(int fd, size_t *size, void (*step)(size_t used))
{
	size_t room = 4096, used = 0;
	unsigned char *data = malloc(room);
	ssize_t len = -1;

	/* Files of /proc and /sys do not tell their size. */
	while (data && (len = read(fd, data + used, room - used - 1)) > 0) {
		unsigned char *more = data;

		used += len;
		if (step)
			step(used);
		if (used > FILE_LIMIT) {
			errno = EFBIG;
			len = -1;
			break;
		}
		if (room - used < room / 4)
			more = realloc(data, room *= 2);
		if (!more)
			free(data);
		data = more;
	}
	if (data && len < 0) {
		free(data);
		return NULL;
	}
	if (data)
		data[used] = 0;
	*size = used;
	return data;
}

unsigned char *host_read_all(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char *data;
	int err;

	if (fd < 0)
		return NULL;
	data = host_read_fd(fd, size, NULL);
	err = errno;
	close(fd);
	errno = err;
	return data;
}

char *host_read(const char *path)
{
	size_t size = 0;
	char *text = (char *)host_read_all(path, &size);

	if (text && size && text[size - 1] == '\n')
		text[size - 1] = 0;
	return text;
}

unsigned long long host_meminfo(const char *name)
{
	char *text = host_read(host_path("/proc/meminfo"));
	char key[32], *at;
	unsigned long long kib = 0;

	snprintf(key, sizeof(key), "\n%s:", name);
	/* The first line has none before it. */
	at = text ? strstr(text, key + (!strncmp(text, key + 1, strlen(key + 1)))) : NULL;
	if (at)
		kib = strtoull(strchr(at, ':') + 1, NULL, 10);
	free(text);
	return kib << 10;
}

bool host_has(const char *path)
{
	return access(path, F_OK) == 0;
}

unsigned long long size_prefix(const char *text, char **end)
{
	char *rest;
	unsigned long long value = strtoull(text, &rest, 0);
	int shift = 0;

	switch (rest == text ? 0 : *rest) {
	case 'T': case 't': shift += 10; /* fallthrough */
	case 'G': case 'g': shift += 10; /* fallthrough */
	case 'M': case 'm': shift += 10; /* fallthrough */
	case 'K': case 'k': shift += 10; rest++;
	}
	if (end)
		*end = rest;
	return value > ~0ull >> shift ? 0 : value << shift;
}

unsigned long long size_value(const char *text)
{
	char *end;
	unsigned long long value = size_prefix(text, &end);

	return *end || text[0] == '-' ? 0 : value;
}

int pid_value(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	return *end || end == text || value < 1 || value > INT_MAX ? 0 : value;
}

const char *size_text(unsigned long long bytes)
{
	static char texts[TURNS][32];
	static unsigned int turn;
	char *text = texts[turn++ % TURNS];

	if (bytes >= 10ull << 30)
		snprintf(text, sizeof(texts[0]), "%.1f GiB", bytes / 1073741824.0);
	else if (bytes >= 10ull << 20)
		snprintf(text, sizeof(texts[0]), "%llu MiB", bytes >> 20);
	else
		snprintf(text, sizeof(texts[0]), "%llu KiB", bytes >> 10);
	return text;
}
