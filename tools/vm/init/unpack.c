// SPDX-License-Identifier: GPL-2.0-only
/* The payload's archive, laid over the root. Names in it are relative. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init.h"

#define HEADER_SIZE	110

enum { F_MODE = 1, F_FILESIZE = 6, F_NAMESIZE = 11 };

struct entry {
	mode_t mode;
	size_t size;
	const char *name;
	const char *data;
	const char *next;
};

static size_t hex_field(const char *header, int index)
{
	char digits[9];

	memcpy(digits, header + 6 + 8 * index, 8);
	digits[8] = 0;
	return strtoul(digits, NULL, 16);
}

static size_t align4(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* False at the trailer, and for anything that is no archive at all. */
static bool parse_entry(const char *at, const char *end, struct entry *e)
{
	size_t name_size;

	if (end - at < HEADER_SIZE || memcmp(at, "070701", 6))
		return false;
	e->mode = hex_field(at, F_MODE);
	e->size = hex_field(at, F_FILESIZE);
	name_size = hex_field(at, F_NAMESIZE);
	e->name = at + HEADER_SIZE;
	e->data = at + align4(HEADER_SIZE + name_size);
	e->next = e->data + align4(e->size);
	return e->next <= end && strcmp(e->name, "TRAILER!!!");
}

static int write_file(const struct entry *e)
{
	size_t done = 0;
	ssize_t n;
	int fd;

	fd = open(e->name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, e->mode & 07777);
	if (fd < 0)
		return -1;
	while (done < e->size) {
		n = write(fd, e->data + done, e->size - done);
		if (n <= 0)
			break;
		done += n;
	}
	return close(fd) || done < e->size ? -1 : 0;
}

static int write_link(const struct entry *e)
{
	char target[4096];

	if (e->size >= sizeof(target))
		return -1;
	memcpy(target, e->data, e->size);
	target[e->size] = 0;
	return symlink(target, e->name);
}

static int write_entry(const struct entry *e)
{
	if (S_ISDIR(e->mode))
		return mkdir(e->name, e->mode & 07777) && errno != EEXIST ? -1 : 0;
	if (S_ISLNK(e->mode))
		return write_link(e);
	return write_file(e);
}

int unpack(const char *archive, size_t size)
{
	const char *at = archive, *end = archive + size;
	struct entry e;

	if (chdir("/"))
		return -1;
	while (parse_entry(at, end, &e)) {
		if (write_entry(&e)) {
			fprintf(stderr, "payload: %s: %s\n", e.name, strerror(errno));
			return -1;
		}
		at = e.next;
	}
	/* Nothing read at all means that this was not the payload. */
	return at == archive ? -1 : 0;
}
