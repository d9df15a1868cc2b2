// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs to carry memory, in guest time; made for guests that count
 * instructions (--icount --smp 1), where a nanosecond is one.
 *
 *   before KIND MIB
 *   after MIB
 *
 * KIND is small (a memfd in 4 KiB pages), huge (in 2 MiB folios), shifted (these
 * at an IOVA that makes leaves of 4 KiB of them), scattered (anonymous, no page
 * beside another) or none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"
#include "movers.h"
#include "rig.h"

#define IOVA	0x100000000ull
#define TOKEN	10

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void cost(const char *what, uint64_t start)
{
	test_say("cost: %-18s %12llu ns", what, (unsigned long long)(now() - start));
}

static void *populated(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	MUST(memory != MAP_FAILED);
	return memory;
}

/* Every other page of a region twice as large is given back, and taken again. */
static void *scattered(size_t bytes)
{
	char *twice = populated(2 * bytes), *memory;

	for (size_t at = 0; at < 2 * bytes; at += 2 * RIG_PAGE)
		MUST(!madvise(twice + at, RIG_PAGE, MADV_DONTNEED));
	memory = populated(bytes);
	munmap(twice, 2 * bytes);
	return memory;
}

static int map_memfd(const struct rig *rig, const char *kind, size_t bytes)
{
	bool huge = strcmp(kind, "small");
	struct co_buffer buffer;
	uint64_t start;

	movers_huge(huge);
	WORKS(co_buffer_create(&buffer, "cost", bytes, huge));
	movers_huge(false);
	start = now();
	WORKS(co_map_file(rig->iommufd, rig->note->ioas,
			  IOVA + (strcmp(kind, "shifted") ? 0 : RIG_PAGE),
			  buffer.fd, 0, bytes));
	cost("MAP_FILE", start);
	return buffer.fd;
}

static void look(const struct rig *rig, size_t bytes, uint64_t iova)
{
	uint64_t start = now(), end = iova + bytes, pa;
	unsigned int runs = 0;

	for (; iova < end; runs++) {
		uint64_t length = end - iova;

		WORKS(co_pa(rig->iommufd, rig->note->ioas, iova, &pa, &length));
		iova += length;
	}
	cost("GET_PA", start);
	test_say("cost: in %u runs", runs);
}

static void before(const char *kind, size_t bytes)
{
	bool shifted = !strcmp(kind, "shifted");
	int session = rig_session_create("cost"), fd = -1;
	struct rig rig;
	uint64_t start;
	char bdf[CO_BDF_SIZE];

	rig_edu(0, bdf);
	rig_open(&rig, bdf, 1);
	if (!strcmp(kind, "scattered"))
		WORKS(co_map(rig.iommufd, rig.note->ioas, IOVA,
			     scattered(bytes), bytes));
	else if (strcmp(kind, "none"))
		fd = map_memfd(&rig, kind, bytes);
	if (strcmp(kind, "none"))
		look(&rig, bytes, IOVA + (shifted ? RIG_PAGE : 0));
	if (fd >= 0) {
		start = now();
		WORKS(co_session_preserve(session, fd, TOKEN));
		cost("PRESERVE memfd", start);
	}
	start = now();
	rig_preserve(&rig, session);
	cost("PRESERVE rig", start);
	rig_linger();
}

static void after(size_t bytes)
{
	int session = rig_session_retrieve("cost");
	uint64_t start = now();
	struct rig rig;
	int fd;

	fd = co_session_retrieve_fd(session, TOKEN);
	if (fd >= 0) {
		cost("RETRIEVE memfd", start);
		test_say("cost: %llu ns a page", (unsigned long long)
			 ((now() - start) / (bytes / RIG_PAGE)));
	}
	start = now();
	rig_retrieve(&rig, session, 1);
	cost("RETRIEVE rig", start);
	rig_check(&rig);
	rig_session_finish(session);
}

int main(int argc, char **argv)
{
	MUST(argc >= 3);
	if (!strcmp(argv[1], "before")) {
		MUST(argc == 4);
		before(argv[2], (size_t)atoi(argv[3]) << 20);
	} else {
		after((size_t)atoi(argv[2]) << 20);
	}
	return test_result();
}
