// SPDX-License-Identifier: GPL-2.0-only
/* What was handed over, and what was taken back of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../inspect/inspect.h"
#include "host.h"
#include "arrival.h"

#define INCOMING "/sys/kernel/debug/liveupdate/incoming"

/* What this kernel did last to it; a call that failed may be made again. */
static const struct event *latest(const struct timeline *t, const char *phase,
				  const char *object)
{
	for (size_t i = t->count; i-- > 0; ) {
		const struct event *e = &t->event[i];

		if (!e->previous && !strcmp(e->phase, phase) && !strcmp(e->object, object))
			return e;
	}
	return NULL;
}

static int add_waiting(struct arrival *arrival, const char *name)
{
	char (*more)[ARRIVAL_NAME] = reallocarray(arrival->waiting, arrival->waiting_count + 1,
						  sizeof(*more));

	if (!more)
		return -ENOMEM;
	arrival->waiting = more;
	snprintf(more[arrival->waiting_count++], sizeof(*more), "%s", name);
	return 0;
}

static int take_session(struct arrival *arrival, const struct timeline *t, const char *name)
{
	const struct event *finish = latest(t, "finish", name);

	arrival->sessions++;
	if (finish && !finish->result) {
		arrival->finished++;
		return 0;
	}
	arrival->failed |= !!finish;
	return add_waiting(arrival, name);
}

static void take_file(struct arrival *arrival, const struct timeline *t, const char *object)
{
	const struct event *retrieve = latest(t, "retrieve", object);

	arrival->files++;
	arrival->retrieved += retrieve && !retrieve->result;
}

int arrival_read(struct arrival *arrival, const struct timeline *t)
{
	const struct event *freeze = timeline_freeze(t);
	int ret = 0;

	*arrival = (struct arrival){ .came = t->count && t->event[0].previous };
	/* The first it remembers of itself is that it boots. */
	if (arrival->came && !timeline_first(t, "boot", false))
		return -ENODATA;
	for (size_t i = 0; arrival->came && !ret && i < t->count; i++) {
		const struct event *e = &t->event[i];

		if (timeline_hands_over(t, e))
			take_file(arrival, t, e->object);
		else if (freeze && e >= freeze && e->previous && !strcmp(e->phase, "freeze"))
			ret = take_session(arrival, t, e->object);
	}
	return ret;
}

int arrival_ask(struct arrival *arrival)
{
	struct handover h;
	size_t size = 0;
	void *data;
	int ret = 0;

	if (access(INCOMING, R_OK))
		return -errno;
	data = host_read_all(INCOMING, &size);
	if (!data)
		return -EIO;
	if (handover_read(&h, data, size)) {
		arrival->waiting_count = 0;
		for (size_t i = 0; !ret && i < h.nr_sessions; i++)
			ret = add_waiting(arrival, h.session[i].name);
	} else {
		ret = -EBADMSG;
	}
	handover_free(&h);
	return ret;
}

void arrival_free(struct arrival *arrival)
{
	free(arrival->waiting);
	*arrival = (struct arrival){ 0 };
}

enum cmd_exit arrival_code(const struct arrival *arrival)
{
	if (!arrival->came)
		return EXIT_NO;
	if (arrival->waiting_count)
		return EXIT_WAITING;
	return arrival->failed || arrival->retrieved < arrival->files ? EXIT_LOST : EXIT_GOOD;
}
