// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory whose file does not reach to its end (invariant I4). The next
 * kernel could not pin it: PRESERVE_FD refuses it, and the kernel's log names
 * the IOAS and the IOVA. Memory that begins before its file is carried: what is
 * mapped of it is all the file's (I2).
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

#include "edu.h"
#include "harness.h"
#include "log.h"
#include "movers.h"
#include "rig.h"

#define IOVA		0x70000000ull
#define ODD_SIZE	5000u
#define HUGE_PAGE	(2ul << 20)
#define EARLY_IOVA	0x80000000ull
#define EARLY_PAGES	10u
#define EARLY_TOKEN	50

static int make(size_t size)
{
	int fd = memfd_create("sizes", MFD_CLOEXEC);

	MUST(fd >= 0 && !ftruncate(fd, size));
	return fd;
}

/* Refused, naming the page at offset @bad; then unmapped, and all is well. */
static void refuse(const struct rig *rig, size_t length, size_t bad,
		   const char *what)
{
	int session = rig_session_create("sizes"), log = log_open();
	char ioas[32], iova[32];

	snprintf(ioas, sizeof(ioas), "IOAS %u", rig->note->ioas);
	snprintf(iova, sizeof(iova), "IOVA %#llx", IOVA + bad);
	test_say("I4: %s", what);
	FAILS(co_session_preserve(session, rig->iommufd, 1), EOPNOTSUPP);
	CHECK(log_has(log, (const char *[]){ ioas, iova, NULL }));
	WORKS(co_unmap(rig->iommufd, rig->note->ioas, IOVA, length));
	WORKS(co_session_preserve(session, rig->iommufd, 1));
	close(session);
	close(log);
}

/* The last page is there, and not all of it is the file's. */
static void odd_by_address(const struct rig *rig)
{
	size_t length = 2 * RIG_PAGE;
	int fd = make(ODD_SIZE);
	void *memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED,
			    fd, 0);

	MUST(memory != MAP_FAILED);
	WORKS(co_map(rig->iommufd, rig->note->ioas, IOVA, memory, length));
	refuse(rig, length, RIG_PAGE, "a memfd that ends within a page, by its address");
	munmap(memory, length);
	close(fd);
}

static void cut_by_a_byte(const struct rig *rig)
{
	size_t length = 2 * RIG_PAGE;
	int fd = make(length);

	WORKS(co_map_file(rig->iommufd, rig->note->ioas, IOVA, fd, 0, length));
	MUST(!ftruncate(fd, length - 1));
	refuse(rig, length, RIG_PAGE, "a memfd that was made a byte shorter");
	close(fd);
}

/* A pinned huge page stays in one piece, and with it what was cut off. */
static void cut_in_a_huge_page(const struct rig *rig)
{
	uint64_t contiguous = HUGE_PAGE, pa;
	struct co_buffer buffer;

	movers_huge(true);
	WORKS(co_buffer_create(&buffer, "sizes", HUGE_PAGE, true));
	movers_huge(false);
	WORKS(co_map_file(rig->iommufd, rig->note->ioas, IOVA, buffer.fd, 0,
			  HUGE_PAGE));
	WORKS(co_pa(rig->iommufd, rig->note->ioas, IOVA, &pa, &contiguous));
	SAME(contiguous, HUGE_PAGE);
	MUST(!ftruncate(buffer.fd, HUGE_PAGE / 2));
	refuse(rig, HUGE_PAGE, HUGE_PAGE / 2, "a memfd that was cut within a huge page");
	co_buffer_close(&buffer);
}

/* The file's part is copied, and the mapping that began before it goes. */
static int map_early(const struct rig *rig)
{
	size_t half = EARLY_PAGES * RIG_PAGE;
	int fd = make(half);
	uint8_t *memory = mmap(NULL, 2 * half, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iommu_ioas_copy copy = {
		.size = sizeof(copy), .dst_ioas_id = rig->note->ioas,
		.src_ioas_id = rig->note->ioas, .length = half,
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
		.dst_iova = EARLY_IOVA, .src_iova = IOVA + half,
	};

	MUST(memory != MAP_FAILED);
	MUST(mmap(memory + half, half, PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_FIXED, fd, 0) != MAP_FAILED);
	for (unsigned int page = 0; page < EARLY_PAGES; page++)
		memset(memory + half + page * RIG_PAGE, page + 1, RIG_PAGE);
	WORKS(co_map(rig->iommufd, rig->note->ioas, IOVA, memory, 2 * half));
	MUST(!ioctl(rig->iommufd, IOMMU_IOAS_COPY, &copy));
	WORKS(co_unmap(rig->iommufd, rig->note->ioas, IOVA, 2 * half));
	munmap(memory, 2 * half);
	return fd;
}

static uint64_t pa_of(const struct rig *rig, unsigned int page)
{
	uint64_t length = RIG_PAGE, pa;

	WORKS(co_pa(rig->iommufd, rig->note->ioas,
		    EARLY_IOVA + page * RIG_PAGE, &pa, &length));
	return pa;
}

static int before(void)
{
	char bdf[CO_BDF_SIZE];
	struct rig rig;
	int session, fd;

	rig_edu(0, bdf);
	rig_open(&rig, bdf, 1);
	odd_by_address(&rig);
	cut_by_a_byte(&rig);
	cut_in_a_huge_page(&rig);
	rig_check(&rig);
	rig_check_dma(&rig);
	test_say("I2: memory that begins before its memfd");
	fd = map_early(&rig);
	for (unsigned int page = 0; page < EARLY_PAGES; page++)
		rig.note->word[page] = pa_of(&rig, page);
	session = rig_session_create("sizes");
	WORKS(co_session_preserve(session, fd, EARLY_TOKEN));
	rig_preserve(&rig, session);
	rig_linger();
	return test_result();
}

static void check_early(const struct rig *rig, int session)
{
	int fd = WORKS(co_session_retrieve_fd(session, EARLY_TOKEN));

	for (unsigned int page = 0; page < EARLY_PAGES; page++) {
		uint64_t offset, length;
		uint8_t byte = 0;
		int file;

		SAME(pa_of(rig, page), rig->note->word[page]);
		file = WORKS(co_ioas_file(rig->iommufd, rig->note->ioas,
					  EARLY_IOVA + page * RIG_PAGE, &offset,
					  &length));
		SAME(offset, page * RIG_PAGE);
		SAME(length, (EARLY_PAGES - page) * RIG_PAGE);
		MUST(pread(fd, &byte, 1, offset) == 1);
		SAME(byte, page + 1);
		close(file);
	}
}

static int after(void)
{
	int session = rig_session_retrieve("sizes");
	struct rig rig;

	rig_retrieve(&rig, session, 1);
	rig_check(&rig);
	check_early(&rig, session);
	rig_session_finish(session);
	rig_check_dma(&rig);
	return test_result();
}

int main(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[1], "after") ? after() : before();
}
