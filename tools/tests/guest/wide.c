// SPDX-License-Identifier: GPL-2.0-only
/*
 * An address space of 64 GiB: windows one beside the other, all of them onto the
 * same huge pages, through a live update (invariant I2).
 */
#include <fcntl.h>
#include <string.h>

#include "harness.h"
#include "huge.h"
#include "rig.h"

#define HUGE		(2ull << 20)
#define WINDOW		(32 * HUGE)
#define WINDOWS		1024u
#define BASE		0x100000000ull
#define IOVA(n)		(BASE + (n) * WINDOW)
#define TOKEN		1
#define FILE_TOKEN	50

/* A hash of where every huge page of every window is. */
static uint64_t addresses(const struct rig *rig)
{
	uint64_t hash = 0;

	for (uint64_t at = 0; at < WINDOWS * WINDOW; at += HUGE) {
		uint64_t length = HUGE, pa;

		WORKS(co_pa(rig->iommufd, rig->note->ioas, BASE + at, &pa,
			    &length));
		SAME(length, HUGE);
		hash = (hash ^ pa) * 0x100000001b3ull;
	}
	return hash;
}

static int before(void)
{
	int session = rig_session_create("wide");
	char bdf[CO_BDF_SIZE];
	struct rig rig;
	int fd;

	huge_ask(HUGE, WINDOW / HUGE);
	fd = huge_memfd(HUGE, WINDOW, 0);
	/* A page of the pool that can't be pinned is moved, but does not fill a hole. */
	MUST(!fallocate(fd, 0, 0, WINDOW));
	rig_edu(0, bdf);
	rig_open(&rig, bdf, TOKEN);
	for (unsigned int i = 0; i < WINDOWS; i++)
		WORKS(co_map_file(rig.iommufd, rig.note->ioas, IOVA(i), fd, 0,
				  WINDOW));
	rig.note->word[0] = addresses(&rig);
	test_say("%llu GiB of IOVAs", (WINDOWS * WINDOW) >> 30);
	WORKS(co_session_preserve(session, fd, FILE_TOKEN));
	rig_preserve(&rig, session);
	rig_linger();
	return test_result();
}

static int after(void)
{
	int session = rig_session_retrieve("wide");
	struct rig rig;

	rig_retrieve(&rig, session, TOKEN);
	rig_check(&rig);
	SAME(addresses(&rig), rig.note->word[0]);
	rig_session_finish(session);
	rig_check_dma(&rig);
	WORKS(co_unmap(rig.iommufd, rig.note->ioas, BASE, WINDOWS * WINDOW));
	rig_close(&rig);
	return test_result();
}

int main(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[1], "after") ? after() : before();
}
