// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of a memfd that fallocate() made and nobody touched: what a device
 * writes there is there, whoever looks first, a CPU in A or one in B. And until
 * the update is over the pages stay the device's (invariant I1): no hole
 * can be punched into the retrieved memfd.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "edu.h"
#include "harness.h"
#include "rig.h"

#define IOVA	0x70000000ull
#define PAGES	8u
#define LENGTH	4000u
#define TOKEN	50

/* Pages that the device writes, and who sees them first. */
enum { BY_CPU = 2, BY_NEXT = 5 };

static uint8_t value(unsigned int page, unsigned int b)
{
	return b * 5 + page;
}

static int punch(int fd, unsigned int page)
{
	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 page * RIG_PAGE, RIG_PAGE);
}

static uint64_t pa_of(const struct rig *rig, unsigned int page)
{
	uint64_t length = RIG_PAGE, pa;

	WORKS(co_pa(rig->iommufd, rig->note->ioas, IOVA + page * RIG_PAGE, &pa,
		    &length));
	return pa;
}

static void store(const struct rig *rig, unsigned int page)
{
	struct co_bar bar;

	for (unsigned int b = 0; b < LENGTH; b++)
		rig->data[b] = value(page, b);
	WORKS(co_bar_open(&bar, rig->device, 0));
	edu_start(&bar, EDU_LOAD, rig_pa(rig, 0), LENGTH);
	MUST(!edu_wait(&bar));
	edu_start(&bar, EDU_STORE, pa_of(rig, page), LENGTH);
	MUST(!edu_wait(&bar));
	co_bar_close(&bar);
}

static void check(int fd, unsigned int page)
{
	uint8_t *memory = mmap(NULL, PAGES * RIG_PAGE, PROT_READ, MAP_SHARED,
			       fd, 0);
	unsigned int bad = 0;

	MUST(memory != MAP_FAILED);
	for (unsigned int b = 0; b < RIG_PAGE; b++)
		bad += memory[page * RIG_PAGE + b] !=
		       (b < LENGTH ? value(page, b) : 0);
	SAME(bad, 0);
	munmap(memory, PAGES * RIG_PAGE);
}

static int before(void)
{
	int session = rig_session_create("untouched");
	int fd = memfd_create("untouched", MFD_CLOEXEC);
	char bdf[CO_BDF_SIZE];
	struct rig rig;

	rig_edu(0, bdf);
	rig_open(&rig, bdf, 1);
	MUST(fd >= 0 && !fallocate(fd, 0, 0, PAGES * RIG_PAGE));
	WORKS(co_map_file(rig.iommufd, rig.note->ioas, IOVA, fd, 0,
			  PAGES * RIG_PAGE));
	rig.note->word[0] = pa_of(&rig, BY_NEXT);
	store(&rig, BY_CPU);
	check(fd, BY_CPU);
	store(&rig, BY_NEXT);
	rig_preserve(&rig, session);
	WORKS(co_session_preserve(session, fd, TOKEN));
	rig_linger();
	return test_result();
}

static int after(void)
{
	int session = rig_session_retrieve("untouched");
	int fd = WORKS(co_session_retrieve_fd(session, TOKEN));
	struct rig rig;

	CHECK(punch(fd, BY_NEXT) && errno == EBUSY);
	CHECK(ftruncate(fd, 0) && errno == EBUSY);
	rig_retrieve(&rig, session, 1);
	SAME(pa_of(&rig, BY_NEXT), rig.note->word[0]);
	CHECK(punch(fd, BY_NEXT) && errno == EBUSY);
	check(fd, BY_CPU);
	check(fd, BY_NEXT);
	rig_session_finish(session);
	CHECK(!punch(fd, BY_NEXT));
	CHECK(!ftruncate(fd, 0));
	WORKS(co_unmap(rig.iommufd, rig.note->ioas, IOVA, PAGES * RIG_PAGE));
	close(fd);
	rig_close(&rig);
	return test_result();
}

int main(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[1], "after") ? after() : before();
}
