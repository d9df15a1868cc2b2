// SPDX-License-Identifier: GPL-2.0-only
/* A small context without a device, in a session of its own. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"
#include "lone.h"
#include "rig.h"

#define FILL  0x3a
#define MAGIC 0x656e6f6c79726576ull

/* In the memory: what the next kernel has to know. */
struct lone_note {
	uint64_t magic;
	uint32_t ioas;
	uint32_t hwpt;
	uint64_t pa;
	uint64_t pa_again;
	uint64_t pa_anonymous;
};

static uint64_t pa_of(int iommufd, uint32_t ioas, uint64_t iova)
{
	uint64_t length = 1, pa;

	WORKS(co_pa(iommufd, ioas, iova, &pa, &length));
	return pa;
}

/* Memory that is no file's, which arrives as a file's. */
static void *map_anonymous(int iommufd, uint32_t ioas)
{
	void *memory = mmap(NULL, LONE_ANON_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST(memory != MAP_FAILED);
	memset(memory, FILL, LONE_ANON_SIZE);
	WORKS(co_map(iommufd, ioas, LONE_ANON, memory, LONE_ANON_SIZE));
	return memory;
}

static void check_anonymous(int iommufd, uint32_t ioas)
{
	uint64_t offset, length;
	int fd = WORKS(co_ioas_file(iommufd, ioas, LONE_ANON, &offset,
				    &length));
	uint8_t byte[2] = { 0 };

	SAME(length, LONE_ANON_SIZE);
	MUST(pread(fd, &byte[0], 1, offset) == 1);
	MUST(pread(fd, &byte[1], 1, offset + length - 1) == 1);
	CHECK(byte[0] == FILL && byte[1] == FILL);
	close(fd);
}

static void build(int iommufd, const char *bdf, const struct co_buffer *buffer)
{
	struct lone_note *note = buffer->mem;
	int device = WORKS(co_device_open(bdf));
	uint32_t id;

	WORKS(co_device_bind(device, iommufd, &id));
	WORKS(co_ioas_alloc(iommufd, &note->ioas));
	WORKS(co_hwpt_alloc(iommufd, id, note->ioas, &note->hwpt));
	close(device);
	WORKS(co_map_file(iommufd, note->ioas, LONE_IOVA, buffer->fd, 0,
			  LONE_SIZE));
	WORKS(co_map_file(iommufd, note->ioas, LONE_AGAIN, buffer->fd,
			  LONE_SIZE / 2, LONE_SIZE / 2));
	munmap(map_anonymous(iommufd, note->ioas), LONE_ANON_SIZE);
	note->pa = pa_of(iommufd, note->ioas, LONE_IOVA);
	note->pa_anonymous = pa_of(iommufd, note->ioas, LONE_ANON);
	note->pa_again = pa_of(iommufd, note->ioas, LONE_AGAIN);
	note->magic = MAGIC;
}

int lone_leave(unsigned int n, const char *bdf)
{
	int iommufd = WORKS(co_iommufd_open()), session;
	struct co_buffer buffer;
	char name[32];

	WORKS(co_buffer_create(&buffer, "lone", LONE_SIZE, false));
	build(iommufd, bdf, &buffer);
	snprintf(name, sizeof(name), "lone-%u", n);
	session = rig_session_create(name);
	WORKS(co_session_preserve(session, buffer.fd, LONE_MEMFD));
	WORKS(co_session_preserve(session, iommufd, LONE_IOMMUFD));
	close(iommufd);
	co_buffer_close(&buffer);
	return session;
}

int lone_session(unsigned int n)
{
	int luo = WORKS(co_luo_open()), session;
	char name[32];

	snprintf(name, sizeof(name), "lone-%u", n);
	session = WORKS(co_session_retrieve(luo, name));
	close(luo);
	return session;
}

void lone_check(int session, int iommufd)
{
	int memfd = WORKS(co_session_retrieve_fd(session, LONE_MEMFD));
	const struct lone_note *note;
	struct co_buffer buffer;

	WORKS(co_buffer_open(&buffer, memfd));
	note = buffer.mem;
	MUST(note->magic == MAGIC);
	SAME(pa_of(iommufd, note->ioas, LONE_IOVA), note->pa);
	SAME(pa_of(iommufd, note->ioas, LONE_AGAIN), note->pa_again);
	SAME(pa_of(iommufd, note->ioas, LONE_ANON), note->pa_anonymous);
	check_anonymous(iommufd, note->ioas);
	WORKS(co_unmap(iommufd, note->ioas, LONE_AGAIN, LONE_SIZE / 2));
	WORKS(co_iommufd_destroy(iommufd, note->hwpt));
	co_buffer_close(&buffer);
	close(iommufd);
}
