// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a device may write to stays where it is (invariant I1), whoever
 * wants its pages elsewhere: swap, reclaim, NUMA, compaction, khugepaged. From
 * the first file that is retrieved until FINISH, in whatever order they are,
 * and when one fails to be; also when all that shows the memory is gone.
 *
 * A disk reads into a memfd of small pages. A second device, edu, which nobody
 * claims, writes to memfds of huge pages and of small ones, and to what was
 * anonymous memory, all the time. Every page of those says where it is.
 *
 *   before
 *   after memfds|iommufd|failed|device     what is retrieved first
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "canary.h"
#include "disk.h"
#include "edu.h"
#include "harness.h"
#include "process-limits.h"
#include "movers.h"
#include "pages.h"
#include "rig.h"

#define TOKEN		1	/* of the disk's files */
#define DEVICE		(TOKEN + 1)
#define IOMMUFD		(TOKEN + 2)
#define EDU_TOKEN	10
#define MEMFD_TOKEN	20	/* and the memory's number */
#define IOAS		1	/* of the disk, as its ID was given out first */
#define BUSY		60u
#define HUGE_PAGE	(2ul << 20)
#define MOST		2048u	/* pages of one memory */

/* What edu writes into a page, beside the page's own address at its start. */
#define MARK		0x5e
#define MARK_AT		64u
#define MARK_LENGTH	2048u
#define SAMPLES		4u	/* pages of each memory */

enum { SMALL, HUGE, ANON, DISK, MEMORIES };
#define OWN DISK		/* those before are not the disk's */

static const struct shape {
	const char *name;
	uint64_t iova;
	size_t size;
} shape[MEMORIES] = {
	[SMALL] = { "memfd of small pages", 0x10000000, HUGE_PAGE },
	[HUGE] = { "memfd of huge pages", 0x20000000, 2 * HUGE_PAGE },
	[ANON] = { "anonymous memory", 0x30000000, HUGE_PAGE },
	[DISK] = { "memfd of the disk", DEMO_IOVA, DEMO_SIZE },
};

/**
 * struct seen - what this process sees of a memory
 * @memory: of no size unless it is seen
 * @fd: its file
 * @pa: where its pages have to be, once it was seen
 * @now: where they were last
 * @pages: how many
 */
static struct seen {
	struct moved memory;
	int fd;
	uint64_t pa[MOST];
	uint64_t now[MOST];
	unsigned int pages;
} seen[MEMORIES];

static int session;
static int iommufd = -1;

/* ---------------------------------------------------------------- kernel A */

static void say_where(uint8_t *memory, unsigned int pages)
{
	static uint64_t pa[MOST];

	pages_pa(memory, pages, pa);
	for (unsigned int i = 0; i < pages; i++)
		memcpy(memory + i * RIG_PAGE, &pa[i], sizeof(pa[i]));
}

static void make_memfd(const struct disk *disk, unsigned int i)
{
	struct co_buffer buffer;
	uint64_t length = shape[i].size, pa;

	WORKS(co_buffer_create(&buffer, "stays", shape[i].size, i == HUGE));
	WORKS(co_map_file(disk->nvme.iommufd, IOAS, shape[i].iova, buffer.fd,
			  0, shape[i].size));
	WORKS(co_pa(disk->nvme.iommufd, IOAS, shape[i].iova, &pa, &length));
	CHECK(i != HUGE || length >= HUGE_PAGE);
	say_where(buffer.mem, shape[i].size / RIG_PAGE);
	WORKS(co_session_preserve(session, buffer.fd, MEMFD_TOKEN + i));
}

static void make_anonymous(const struct disk *disk)
{
	void *memory = mmap(NULL, shape[ANON].size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST(memory != MAP_FAILED);
	WORKS(co_map(disk->nvme.iommufd, IOAS, shape[ANON].iova, memory,
		     shape[ANON].size));
	say_where(memory, shape[ANON].size / RIG_PAGE);
}

static void load_edu(int device, const struct disk *disk)
{
	uint64_t length = MARK_LENGTH, pa;
	struct co_bar bar;

	memset(disk->mem->pad, MARK, sizeof(disk->mem->pad));
	WORKS(co_pa(disk->nvme.iommufd, IOAS,
		    DEMO_IOVA + offsetof(struct demo_mem, pad), &pa, &length));
	WORKS(co_bar_open(&bar, device, 0));
	edu_start(&bar, EDU_LOAD, pa, MARK_LENGTH < length ? MARK_LENGTH : length);
	MUST(!edu_wait(&bar));
	co_bar_close(&bar);
}

/* On the disk's iommufd and in its address space. */
static void make_edu(const struct disk *disk)
{
	uint32_t id, pt = IOAS;
	char bdf[CO_BDF_SIZE];
	int device;

	rig_edu(0, bdf);
	WORKS(co_pci_bind(bdf, "vfio-pci"));
	device = WORKS(co_device_open(bdf));
	WORKS(co_device_bind(device, disk->nvme.iommufd, &id));
	WORKS(co_device_attach(device, &pt));
	WORKS(co_bus_master(device, true));
	load_edu(device, disk);
	WORKS(co_session_preserve(session, device, EDU_TOKEN));
}

static int before(void)
{
	struct disk disk;

	session = rig_session_create("stays");
	movers_huge(true);
	disk_open(&disk, -1, 0);
	MUST(disk.nvme.ioas == IOAS);
	make_memfd(&disk, SMALL);
	make_memfd(&disk, HUGE);
	make_anonymous(&disk);
	make_edu(&disk);
	disk_fill(&disk, BUSY);
	disk_preserve(&disk, session, TOKEN);
	rig_linger();
	return test_result();
}

/* ------------------------------------------------------------ what is seen */

static void expect_runs(struct seen *it)
{
	const struct demo_record *record = &((struct demo_mem *)it->memory.at)->record;
	unsigned int page = 0;

	MUST(record->magic == DEMO_MAGIC);
	for (unsigned int r = 0; r < record->runs; r++)
		for (uint64_t at = 0; at < record->run[r].length; at += RIG_PAGE) {
			MUST(page < it->pages);
			it->pa[page++] = record->run[r].pa + at;
		}
	SAME(page, it->pages);
}

static void expect_words(struct seen *it)
{
	for (unsigned int page = 0; page < it->pages; page++)
		it->pa[page] = *(uint64_t *)(it->memory.at + page * RIG_PAGE);
}

static void see(unsigned int i, int fd, uint64_t offset)
{
	struct seen *it = &seen[i];

	it->fd = fd;
	it->memory = movers_map(fd, offset, shape[i].size);
	it->pages = shape[i].size / RIG_PAGE;
	if (i == DISK)
		expect_runs(it);
	else
		expect_words(it);
	memcpy(it->now, it->pa, sizeof(it->now));
}

static void see_file(unsigned int i)
{
	uint64_t token = i == DISK ? TOKEN : MEMFD_TOKEN + i;

	if (!seen[i].memory.size)
		see(i, WORKS(co_session_retrieve_fd(session, token)), 0);
}

/* By the iommufd alone. */
static void see_mapped(unsigned int i)
{
	uint64_t offset, length;
	int fd;

	if (seen[i].memory.size)
		return;
	fd = WORKS(co_ioas_file(iommufd, IOAS, shape[i].iova, &offset,
				&length));
	SAME(length, shape[i].size);
	see(i, fd, offset);
}

/* All that this process has of it goes; where its pages are is not forgotten. */
static void lose(unsigned int i)
{
	munmap(seen[i].memory.at, seen[i].memory.size);
	seen[i].memory.size = 0;
	close(seen[i].fd);
}

/* Since it was looked at last. */
static unsigned int count_moved(struct seen *it)
{
	static uint64_t last[MOST];
	unsigned int moved = 0;

	memcpy(last, it->now, sizeof(last));
	pages_pa(it->memory.at, it->pages, it->now);
	for (unsigned int page = 0; page < it->pages; page++)
		moved += last[page] != it->now[page];
	return moved;
}

/* -------------------------------------------- the device that nobody claims */

static volatile uint8_t *edu_registers(void)
{
	char bdf[CO_BDF_SIZE], path[128];
	volatile uint8_t *bar;
	int fd;

	rig_edu(0, bdf);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource0", bdf);
	fd = open(path, O_RDWR | O_SYNC | O_CLOEXEC);
	MUST(fd >= 0);
	bar = mmap(NULL, RIG_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	MUST(bar != MAP_FAILED);
	close(fd);
	return bar;
}

static uint64_t sample(const struct seen *it, unsigned int n)
{
	return it->pa[n * it->pages / SAMPLES + 1];
}

/* What a driver in A had it do, the test does in its place. */
static void write_for_ever(struct co_bar *bar)
{
	for (unsigned int n = 0;; n++)
		for (unsigned int i = 0; i < OWN; i++) {
			uint64_t pa = sample(&seen[i], n % SAMPLES);

			if (!pa)
				continue;
			edu_start(bar, EDU_STORE, pa + MARK_AT, MARK_LENGTH);
			edu_wait(bar);
		}
}

static pid_t writer;

static void stop_writing(void)
{
	if (!writer)
		return;
	kill(writer, SIGKILL);
	MUST(waitpid(writer, NULL, 0) == writer);
	writer = 0;
	rig_sleep_ms(200);
}

/* To all that was seen so far. */
static void go_on_writing(void)
{
	struct co_bar bar = { .device = -1, .size = RIG_PAGE };

	stop_writing();
	bar.map = edu_registers();
	writer = fork();
	MUST(writer >= 0);
	if (!writer)
		write_for_ever(&bar);
	munmap((void *)bar.map, RIG_PAGE);
}

/* The page still is the device's: what it wrote is in there. */
static void check_marks(const struct seen *it)
{
	unsigned int bad = 0;

	for (unsigned int n = 0; n < SAMPLES; n++) {
		const uint8_t *page = it->memory.at +
				      (n * it->pages / SAMPLES + 1) * RIG_PAGE;

		bad += page[MARK_AT] != MARK ||
		       page[MARK_AT + MARK_LENGTH - 1] != MARK;
	}
	SAME(bad, 0);
}

/* ---------------------------------------------------------------- windows */

static void try_all(const struct mover *mover)
{
	for (unsigned int i = 0; i < MEMORIES; i++)
		if (seen[i].memory.size) {
			mover->move(&seen[i].memory);
			if (mover->whole)
				return;
		}
}

static void stays(unsigned int i, const char *who)
{
	unsigned int moved = count_moved(&seen[i]);

	if (moved)
		test_say("I1: %s moved %u of %u pages of the %s", who, moved,
			 seen[i].pages, shape[i].name);
	SAME(moved, 0);
}

/* Nor is there a hole, or a smaller file. */
static void cannot_shrink(unsigned int i)
{
	MUST(fallocate(seen[i].fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		       0, RIG_PAGE) && errno == EBUSY);
	MUST(ftruncate(seen[i].fd, 0) && errno == EBUSY);
}

/* Everybody tries, and nothing of what is seen has moved. */
static void window(const char *when)
{
	test_say("window: %s", when);
	go_on_writing();
	for (unsigned int i = 0; i < MEMORIES; i++)
		if (seen[i].memory.size) {
			stays(i, "RETRIEVE_FD");
			cannot_shrink(i);
		}
	for (unsigned int m = 0; m < movers; m++) {
		try_all(&the_movers[m]);
		for (unsigned int i = 0; i < MEMORIES; i++)
			if (seen[i].memory.size)
				stays(i, the_movers[m].name);
	}
}

/* None of the pages is anybody else's, and nobody else's was written to. */
static void check_canary(void)
{
	static uint64_t pa[MEMORIES * MOST];
	unsigned int count = 0;

	for (unsigned int i = 0; i < MEMORIES; i++) {
		memcpy(pa + count, seen[i].pa, seen[i].pages * sizeof(*pa));
		count += seen[i].pages;
	}
	canary_take();
	SAME(canary_holds(pa, count), 0);
	rig_sleep_ms(OWN * SAMPLES * 110);
	SAME(canary_release(), 0);
}

/* That they can is what makes the rest worth something. */
static void movers_move(void)
{
	for (unsigned int m = 0; m < movers; m++) {
		unsigned int moved = 0;

		try_all(&the_movers[m]);
		for (unsigned int i = 0; i < OWN; i++)
			if (seen[i].memory.size)
				moved += count_moved(&seen[i]);
		test_say("after FINISH %s moved %u pages", the_movers[m].name,
			 moved);
		CHECK(moved || !the_movers[m].sure);
	}
}

/* --------------------------------------------------------------- kernel B */

static void retrieve_memfds(void)
{
	see_file(DISK);
	see_file(SMALL);
	see_file(HUGE);
}

static void retrieve_iommufd(void)
{
	if (iommufd < 0)
		iommufd = WORKS(co_session_retrieve_fd(session, IOMMUFD));
	for (unsigned int i = 0; i < MEMORIES; i++)
		see_mapped(i);
}

/* What it had pinned by then it lets go of again. */
static void fail_iommufd(void)
{
	limits_memlock(shape[SMALL].size);
	FAILS(co_session_retrieve_fd(session, IOMMUFD), ENOMEM);
	limits_memlock_lift();
}

static int retrieve_device(void)
{
	return WORKS(co_session_retrieve_fd(session, DEVICE));
}

static int first(const char *what)
{
	int device = -1;

	if (!strcmp(what, "memfds") || !strcmp(what, "failed"))
		retrieve_memfds();
	if (!strcmp(what, "failed"))
		fail_iommufd();
	if (!strcmp(what, "device"))
		device = retrieve_device();
	if (!strcmp(what, "iommufd"))
		retrieve_iommufd();
	window(what);
	return device;
}

static void unmap(unsigned int i)
{
	WORKS(co_unmap(iommufd, IOAS, shape[i].iova, shape[i].size));
}

static void drain(int device)
{
	struct disk disk;

	disk_take_over(&disk, dup(seen[DISK].fd), device, iommufd);
	disk_check(&disk);
	disk_drain(&disk);
}

static void finish(void)
{
	char bdf[CO_BDF_SIZE];

	rig_edu(0, bdf);
	CHECK(rig_master(bdf));
	for (unsigned int i = 0; i < OWN; i++)
		if (seen[i].memory.size)
			check_marks(&seen[i]);
	rig_session_finish(session);
	CHECK(!rig_master(bdf));
}

static int after(const char *what)
{
	int device;

	movers_setup();
	session = rig_session_retrieve("stays");
	device = first(what);
	retrieve_memfds();
	retrieve_iommufd();
	window("all but the device retrieved");
	for (unsigned int i = 0; i < OWN; i++)
		unmap(i);
	window("unmapped");
	if (device < 0)
		device = retrieve_device();
	drain(device);
	window("the disk is done");
	lose(HUGE);
	check_canary();
	stop_writing();
	finish();
	movers_move();
	return test_result();
}

int main(int argc, char **argv)
{
	return argc > 2 ? after(argv[2]) : before();
}
