// SPDX-License-Identifier: GPL-2.0-only
/* Numbers, memory, and a world's way into a session and out of it. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "world.h"

/* Tokens; those of the buffers follow those of the devices. */
enum { NOTE = 1, IOMMUFD, DEVICE, BUFFER = DEVICE + WORLD_DEVICES };

/* splitmix64: any seed will do, and the numbers are the same everywhere. */
static uint64_t next(struct world *w)
{
	uint64_t z = w->random += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

uint64_t world_random(struct world *w, uint64_t below)
{
	return next(w) % below;
}

bool world_chance(struct world *w, unsigned int percent)
{
	return world_random(w, 100) < percent;
}

/* FNV-1a over words: pages are whole words. */
uint64_t world_hash(const void *data, uint64_t bytes)
{
	uint64_t hash = 0xcbf29ce484222325ull;
	const uint64_t *word = data;

	for (uint64_t i = 0; i < bytes / sizeof(*word); i++)
		hash = (hash ^ word[i]) * 0x100000001b3ull;
	return hash;
}

void world_preserve(const struct world *w, int session)
{
	WORKS(co_session_preserve(session, w->paper.fd, NOTE));
	for (unsigned int i = 0; i < w->note->buffers; i++)
		WORKS(co_session_preserve(session, w->buffer[i].fd,
					  BUFFER + i));
	WORKS(co_session_preserve(session, w->iommufd, IOMMUFD));
	for (unsigned int i = 0; i < WORLD_DEVICES; i++)
		if (w->note->device[i].id)
			WORKS(co_session_preserve(session, w->device[i],
						  DEVICE + i));
}

static int take(int session, unsigned int token)
{
	return WORKS(co_session_retrieve_fd(session, token));
}

/* In an order of its own: files that depend on others pull them in. */
void world_retrieve(struct world *w, int session, uint64_t seed)
{
	bool context_first;

	memset(w, 0, sizeof(*w));
	w->random = seed;
	context_first = world_chance(w, 50);
	WORKS(co_buffer_open(&w->paper, take(session, NOTE)));
	w->note = w->paper.mem;
	MUST(w->note->magic == WORLD_MAGIC && w->note->seed == seed);
	if (context_first)
		w->iommufd = take(session, IOMMUFD);
	for (unsigned int i = 0; i < WORLD_DEVICES; i++)
		if (w->note->device[i].id)
			w->device[i] = take(session, DEVICE + i);
	if (!context_first)
		w->iommufd = take(session, IOMMUFD);
	for (unsigned int i = 0; i < w->note->buffers; i++)
		WORKS(co_buffer_open(&w->buffer[i], take(session, BUFFER + i)));
	/* All of them are areas of files now. */
	for (unsigned int i = 0; i < WORLD_AREAS; i++)
		w->note->area[i].address = false;
}

void world_close(struct world *w)
{
	for (unsigned int i = 0; i < WORLD_DEVICES; i++)
		if (w->note->device[i].id)
			close(w->device[i]);
	close(w->iommufd);
	for (unsigned int i = 0; i < w->note->buffers; i++)
		co_buffer_close(&w->buffer[i]);
	co_buffer_close(&w->paper);
}

void world_did(int ret, const char *what, const char *file, int line)
{
	errno = -ret;
	test_check(!ret, true, what, file, line);
}
