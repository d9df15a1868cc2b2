// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's timeline: a line for each event, see kernel/liveupdate/luo_timeline_show.c. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "timeline.h"

static bool parse(const char *line, struct event *e)
{
	char kernel[16];
	int at = 0;

	if (sscanf(line, "%" SCNd64 " %" SCNd64 " %15s %15s %d %n", &e->begin, &e->end,
		   kernel, e->phase, &e->result, &at) != 5 || !at)
		return false;
	if (strcmp(kernel, "previous") && strcmp(kernel, "this"))
		return false;
	e->previous = !strcmp(kernel, "previous");
	snprintf(e->object, sizeof(e->object), "%s", line + at);
	e->object[strcspn(e->object, "\n")] = 0;
	return e->begin <= e->end;
}

static int add(struct timeline *t, const char *line)
{
	struct event e, *more;

	if (line[0] == '#') {
		t->lost++;
		return 0;
	}
	if (!parse(line, &e))
		return -EBADMSG;
	more = reallocarray(t->event, t->count + 1, sizeof(e));
	if (!more)
		return -ENOMEM;
	t->event = more;
	more[t->count++] = e;
	return 0;
}

int timeline_read(struct timeline *t, const char *path)
{
	FILE *in = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	int ret = 0;

	*t = (struct timeline){ 0 };
	if (!in)
		return -errno;
	errno = 0;
	while (!ret && getline(&line, &size, in) >= 0)
		ret = add(t, line);
	if (!ret && ferror(in))
		ret = errno ? -errno : -EIO;
	free(line);
	fclose(in);
	return ret;
}

void timeline_free(struct timeline *t)
{
	free(t->event);
	*t = (struct timeline){ 0 };
}
