// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_IOAS_GET_FILE gives no more than the mapping has: who was lent memory
 * for reading gets a file that only reads, in A and in B the same (invariant I2),
 * whoever opened what how.
 *
 *   before
 *   after
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/iommufd.h>

#include "harness.h"
#include "rig.h"

#define IOVA(n)		(0x70000000ull + ((n) << 20))
#define LENGTH		(4 * RIG_PAGE)
#define TOKEN		50

/* Mappings that a device may only read, and one that it may write. */
enum { LENT, READ, BOTH, ANON, WAYS };

static const struct way {
	const char *name;
	bool file;		/* mapped as a file, else by its address */
	int open;		/* how the file is open that is mapped */
	bool write;		/* the device may write */
} ways[WAYS] = {
	[LENT] = { "a description for reading", true, O_RDONLY, false },
	[READ] = { "a description for both, mapped for reading", true, O_RDWR,
		   false },
	[BOTH] = { "a description for both, mapped for both", true, O_RDWR,
		   true },
	[ANON] = { "anonymous memory, for reading", false, 0, false },
};

static uint32_t flags_of(unsigned int way)
{
	return IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
	       (ways[way].write ? IOMMU_IOAS_MAP_WRITEABLE : 0);
}

static int reopen(int fd, int flags)
{
	char path[64];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, flags | O_CLOEXEC);
	MUST(again >= 0);
	return again;
}

static void map_file(const struct rig *rig, unsigned int way, int fd)
{
	int again = reopen(fd, ways[way].open);
	struct iommu_ioas_map_file arg = {
		.size = sizeof(arg), .flags = flags_of(way),
		.ioas_id = rig->note->ioas, .fd = again,
		.start = way * LENGTH, .length = LENGTH, .iova = IOVA(way),
	};

	MUST(!ioctl(rig->iommufd, IOMMU_IOAS_MAP_FILE, &arg));
	close(again);
}

static void map_address(const struct rig *rig, unsigned int way)
{
	struct iommu_ioas_map arg = {
		.size = sizeof(arg), .flags = flags_of(way),
		.ioas_id = rig->note->ioas, .length = LENGTH,
		.iova = IOVA(way),
	};
	void *memory = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST(memory != MAP_FAILED);
	memset(memory, 0x33, LENGTH);
	arg.user_va = (uintptr_t)memory;
	MUST(!ioctl(rig->iommufd, IOMMU_IOAS_MAP, &arg));
}

static bool may_write(int fd, uint64_t offset)
{
	void *memory = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED,
			    fd, offset);
	uint8_t byte = 1;
	bool written = pwrite(fd, &byte, 1, offset) == 1;

	SAME(memory != MAP_FAILED, written);
	if (memory != MAP_FAILED)
		munmap(memory, LENGTH);
	return written;
}

static void check(const struct rig *rig, unsigned int way)
{
	uint64_t offset, length;
	int fd = WORKS(co_ioas_file(rig->iommufd, rig->note->ioas, IOVA(way),
				    &offset, &length));
	int mode = fcntl(fd, F_GETFL) & O_ACCMODE;
	uint8_t byte;

	test_say("I2: %s: open for %s", ways[way].name,
		 mode == O_RDONLY ? "reading" : mode == O_RDWR ? "both" :
								  "writing");
	SAME(length, LENGTH);
	CHECK(pread(fd, &byte, 1, offset) == 1);
	SAME(mode, ways[way].write ? O_RDWR : O_RDONLY);
	SAME(may_write(fd, offset), ways[way].write);
	close(fd);
}

static int before(void)
{
	int fd = memfd_create("rights", MFD_CLOEXEC), session;
	char bdf[CO_BDF_SIZE];
	struct rig rig;

	rig_edu(0, bdf);
	rig_open(&rig, bdf, 1);
	MUST(fd >= 0 && !ftruncate(fd, WAYS * LENGTH));
	for (unsigned int way = 0; way < WAYS; way++)
		if (ways[way].file)
			map_file(&rig, way, fd);
		else
			map_address(&rig, way);
	for (unsigned int way = 0; way < WAYS; way++)
		if (ways[way].file)
			check(&rig, way);
	session = rig_session_create("rights");
	WORKS(co_session_preserve(session, fd, TOKEN));
	rig_preserve(&rig, session);
	rig_linger();
	return test_result();
}

static int after(void)
{
	int session = rig_session_retrieve("rights");
	struct rig rig;

	rig_retrieve(&rig, session, 1);
	for (unsigned int way = 0; way < WAYS; way++)
		check(&rig, way);
	rig_session_finish(session);
	for (unsigned int way = 0; way < WAYS; way++)
		check(&rig, way);
	return test_result();
}

int main(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[1], "after") ? after() : before();
}
