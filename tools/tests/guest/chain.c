// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hostile tokens (invariant I4): each of many iommufds says that its memory
 * is in the next iommufd. Asked for one of them, the kernel looks at what kind of
 * file that is, and retrieves none of the others.
 *
 * The blobs are changed in kernel B, through /dev/mem, and their checksums are
 * made right.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <libfdt.h>

#include "harness.h"
#include "../../../include/linux/kho/abi/iommufd.h"
#include "log.h"
#include "rig.h"

#define LINKS		40u	/* iommufds; tokens from 1 on */
#define MEMFD		1000u	/* token of the first one's memfd */
#define IOVA		0x100000ull
#define WINDOW		(16ul << 20)
#define LAYOUT		IOMMUFD_LUO_FH_COMPATIBLE

/* ---------------------------------------------------------------- kernel A */

static void make_link(int session, unsigned int n)
{
	int iommufd = WORKS(co_iommufd_open());
	struct co_buffer buffer;
	uint32_t ioas;

	WORKS(co_buffer_create(&buffer, "chain", RIG_PAGE, false));
	WORKS(co_ioas_alloc(iommufd, &ioas));
	WORKS(co_map_file(iommufd, ioas, IOVA, buffer.fd, 0, RIG_PAGE));
	WORKS(co_session_preserve(session, buffer.fd, MEMFD + n));
	WORKS(co_session_preserve(session, iommufd, 1 + n));
	co_buffer_close(&buffer);
}

static int before(void)
{
	int session = rig_session_create("chain");

	for (unsigned int n = 0; n < LINKS; n++)
		make_link(session, n);
	rig_linger();
	return test_result();
}

/* ---------------------------------------------------------------- kernel B */

static uint32_t crc32(const uint8_t *data, size_t size)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < size; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static void *property(uint8_t *blob, const char *name)
{
	return fdt_getprop_w(blob, 0, name, NULL);
}

/* A blob of this test that is not sealed any more, or false. */
static bool unseal(uint8_t *blob, const uint8_t *page)
{
	const char *layout;
	uint32_t *sum, was;

	memcpy(blob, page, RIG_PAGE);
	if (fdt_check_header(blob) || fdt_totalsize(blob) > RIG_PAGE)
		return false;
	layout = property(blob, "compatible");
	sum = property(blob, "crc32");
	if (!layout || !sum || strcmp(layout, LAYOUT))
		return false;
	was = fdt32_ld(sum);
	*sum = 0;
	return crc32(blob, fdt_totalsize(blob)) == was;
}

/* What has said memfd n says iommufd n + 1 then; the last one stays right. */
static bool spoil(uint8_t *blob)
{
	uint8_t *token = property(blob, "files");
	uint64_t was = token ? fdt64_ld((fdt64_t *)token) : 0;

	if (was < MEMFD || was + 1 >= MEMFD + LINKS)
		return false;
	fdt64_st(token, was - MEMFD + 2);
	fdt32_st(property(blob, "crc32"), crc32(blob, fdt_totalsize(blob)));
	return true;
}

static unsigned int spoil_page(int mem, uint64_t pa, const uint8_t *page)
{
	_Alignas(8) static uint8_t blob[RIG_PAGE];

	if (fdt_magic(page) != FDT_MAGIC || !unseal(blob, page) || !spoil(blob))
		return 0;
	MUST(pwrite(mem, blob, RIG_PAGE, pa) == RIG_PAGE);
	return 1;
}

static unsigned int spoil_range(int mem, uint64_t from, uint64_t to)
{
	unsigned int spoilt = 0;

	for (uint64_t at = from; at < to; at += WINDOW) {
		size_t size = at + WINDOW < to ? WINDOW : to - at;
		uint8_t *page = mmap(NULL, size, PROT_READ, MAP_SHARED, mem, at);

		MUST(page != MAP_FAILED);
		for (size_t i = 0; i + RIG_PAGE <= size; i += RIG_PAGE)
			spoilt += spoil_page(mem, at + i, page + i);
		munmap(page, size);
	}
	return spoilt;
}

static unsigned int spoil_all(void)
{
	int mem = open("/dev/mem", O_RDWR | O_CLOEXEC);
	FILE *ranges = fopen("/proc/iomem", "r");
	unsigned long long from, to;
	unsigned int spoilt = 0;
	char line[200];

	MUST(mem >= 0 && ranges);
	while (fgets(line, sizeof(line), ranges))
		if (line[0] != ' ' && strstr(line, "System RAM") &&
		    sscanf(line, "%llx-%llx", &from, &to) == 2 &&
		    from >= 1 << 20)
			spoilt += spoil_range(mem, from, to + 1);
	fclose(ranges);
	close(mem);
	return spoilt;
}

static int after(void)
{
	int session = rig_session_retrieve("chain"), log;

	SAME(spoil_all(), LINKS - 1);
	for (unsigned int n = 0; n + 1 < LINKS; n++) {
		char token[64];

		log = log_open();
		snprintf(token, sizeof(token),
			 "no memfd in the session, token %u", n + 2);
		FAILS(co_session_retrieve_fd(session, 1 + n), EBADMSG);
		CHECK(log_has(log, (const char *[]){ token, NULL }));
		/* What it points at was not asked in turn. */
		snprintf(token, sizeof(token),
			 "no memfd in the session, token %u", n + 3);
		CHECK(!log_has(log, (const char *[]){ token, NULL }));
		close(log);
	}
	WORKS(co_session_retrieve_fd(session, LINKS));
	test_say("I4: %u iommufds that point at the next one", LINKS - 1);
	rig_session_finish(session);
	return test_result();
}

int main(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[1], "after") ? after() : before();
}
