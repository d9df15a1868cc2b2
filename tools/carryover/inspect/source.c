// SPDX-License-Identifier: GPL-2.0-only
/* The input: a file of any kind, debugfs too, whose size only reading tells. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inspect.h"

/* As much as the kernel puts into one tree. */
#define SOURCE_MAX	(1ull << 30)
#define SOURCE_FIRST	(64u << 10)

static int source_all(FILE *in, void **data, size_t *size)
{
	size_t room = SOURCE_FIRST, have = 0;
	char *buf = malloc(room);

	while (buf) {
		size_t n = fread(buf + have, 1, room - have, in);
		char *more;

		have += n;
		if (have < room) {
			*data = buf;
			*size = have;
			return ferror(in) ? -1 : 0;
		}
		if (room >= SOURCE_MAX) {
			errno = EFBIG;
			break;
		}
		room *= 2;
		more = realloc(buf, room);
		if (!more)
			break;
		buf = more;
	}
	free(buf);
	return -1;
}

int source_read(const char *path, void **data, size_t *size)
{
	FILE *in = strcmp(path, "-") ? fopen(path, "rb") : stdin;
	int ret, err;

	*data = NULL;
	ret = in ? source_all(in, data, size) : -1;
	err = errno;
	if (ret)
		fprintf(stderr, "inspect: %s: %s\n", path, strerror(err));
	if (in && in != stdin)
		fclose(in);
	if (ret) {
		free(*data);
		*data = NULL;
	}
	errno = err;
	return ret;
}
