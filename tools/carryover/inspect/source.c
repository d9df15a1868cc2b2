// SPDX-License-Identifier: GPL-2.0-only
/* The input: a file of any kind, debugfs too, whose size only reading tells. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inspect.h"

/* As much as the kernel puts into one tree. */
#define SOURCE_MAX	(1ull << 30)
#define SOURCE_FIRST	(64u << 10)
#define SOURCE_STEP	(64u << 10)

/* Fills a buffer; when it is not full afterwards, that was all. */
static size_t source_fill(FILE *in, char *buf, size_t have, size_t room)
{
	size_t want, n;

	do {
		want = room - have < SOURCE_STEP ? room - have : SOURCE_STEP;
		n = fread(buf + have, 1, want, in);
		have += n;
		progress("reading", have, 0);
	} while (n == want && have < room);
	return have;
}

static int source_all(FILE *in, void **data, size_t *size)
{
	size_t room = SOURCE_FIRST, have = 0;
	char *buf = malloc(room);

	while (buf) {
		char *more;

		have = source_fill(in, buf, have, room);
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
	progress_end();
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
