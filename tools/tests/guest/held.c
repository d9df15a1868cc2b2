// SPDX-License-Identifier: GPL-2.0-only
/*
 * A memfd that a preserved iommufd maps can't change (invariant I3): no
 * hole, no other size, no new seal, whether the memfd is preserved earlier,
 * later or not at all, and however it was mapped. An aborted session gives all
 * of it back (I6), and a hole that was there before is found out (I4).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"
#include "log.h"
#include "rig.h"

#define IOVA		0x70000000ull
#define IOVA_TEXT	"0x70001000"
#define LENGTH		(4 * RIG_PAGE)
#define TOKEN		50

struct held {
	const struct rig *rig;
	int fd;
};

static int punch(int fd, unsigned int page)
{
	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 page * RIG_PAGE, RIG_PAGE);
}

static void still(int fd)
{
	CHECK(punch(fd, 1) && errno == EBUSY);
	CHECK(ftruncate(fd, RIG_PAGE) && errno == EBUSY);
	CHECK(ftruncate(fd, 2 * LENGTH) && errno == EBUSY);
	CHECK(pwrite(fd, "", 1, LENGTH) < 0 && errno == EBUSY);
	CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) && errno == EBUSY);
}

static void moves(int fd)
{
	CHECK(!ftruncate(fd, 2 * LENGTH));
	CHECK(!punch(fd, LENGTH / RIG_PAGE));
	CHECK(!ftruncate(fd, LENGTH));
}

static void put_memfd(const struct held *held, int session)
{
	WORKS(co_session_preserve(session, held->fd, TOKEN));
	still(held->fd);
}

static void put_iommufd(const struct held *held, int session)
{
	WORKS(co_session_preserve(session, held->rig->iommufd, 1));
	still(held->fd);
}

static void in_any_order(const struct held *held)
{
	int session = rig_session_create("held");

	put_iommufd(held, session);
	close(session);
	moves(held->fd);

	session = rig_session_create("held");
	put_iommufd(held, session);
	put_memfd(held, session);
	close(session);
	moves(held->fd);

	session = rig_session_create("held");
	put_memfd(held, session);
	put_iommufd(held, session);
	close(session);
	moves(held->fd);
}

/* Two sessions need the memfd; the end of one is not the other's. */
static void by_two_sessions(const struct held *held)
{
	int one = rig_session_create("one"), two = rig_session_create("two");

	put_memfd(held, one);
	put_iommufd(held, two);
	close(one);
	still(held->fd);
	close(two);
	moves(held->fd);
}

/* The page that is mapped is not the memfd's any more. */
static void with_a_hole(const struct held *held)
{
	int session = rig_session_create("held"), log = log_open();

	MUST(!punch(held->fd, 1));
	FAILS(co_session_preserve(session, held->rig->iommufd, 1), EBADMSG);
	CHECK(log_has(log, (const char *[]){ IOVA_TEXT, "hole", NULL }));
	close(session);
	moves(held->fd);
	close(log);
}

static void check(const struct rig *rig, bool by_address)
{
	int fd = memfd_create("held", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct held held = { rig, fd };
	void *memory;

	test_say("mapped %s", by_address ? "by its address" : "as a file");
	MUST(fd >= 0 && !ftruncate(fd, LENGTH));
	memory = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	MUST(memory != MAP_FAILED);
	if (by_address)
		WORKS(co_map(rig->iommufd, rig->note->ioas, IOVA, memory,
			     LENGTH));
	else
		WORKS(co_map_file(rig->iommufd, rig->note->ioas, IOVA, fd, 0,
				  LENGTH));
	/* By its address it is known by its pages only; it can be unmapped. */
	munmap(memory, LENGTH);
	in_any_order(&held);
	by_two_sessions(&held);
	if (!by_address)
		with_a_hole(&held);
	WORKS(co_unmap(rig->iommufd, rig->note->ioas, IOVA, LENGTH));
	close(fd);
}

int main(void)
{
	char bdf[CO_BDF_SIZE];
	struct rig rig;

	rig_edu(0, bdf);
	rig_open(&rig, bdf, 10);
	check(&rig, false);
	check(&rig, true);
	rig_check(&rig);
	rig_check_dma(&rig);
	rig_close(&rig);
	return test_result();
}
