// SPDX-License-Identifier: GPL-2.0-only
/* The demo's reads and writes. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "demo.h"
#include "pattern.h"

uint64_t demo_data_iova(unsigned int number)
{
	return DEMO_IOVA + offsetof(struct demo_mem, data) +
	       (uint64_t)number * DEMO_BUFFER;
}

/* Every other one is two pages, so that PRP2 is used as well. */
uint32_t demo_length(unsigned int number)
{
	return number % 2 ? 2 * NVME_PAGE : NVME_PAGE;
}

uint64_t demo_lba(const struct nvme_mem *mem, unsigned int number)
{
	return DEMO_LBA + number * (DEMO_BUFFER >> mem->block_shift);
}

static uint64_t sector(const struct nvme_mem *mem, uint64_t lba)
{
	return lba << (mem->block_shift - 9);
}

int demo_read(struct nvme *nvme, unsigned int number)
{
	return nvme_submit(nvme, NVME_READ, demo_lba(nvme->mem, number),
			   demo_data_iova(number), demo_length(number));
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

int demo_reap(struct nvme *nvme, unsigned int count, long long limit_ms,
	      void (*each)(const struct nvme_done *done, void *arg),
	      void *arg)
{
	const struct timespec step = { .tv_nsec = 100000 };
	long long end = now_ms() + limit_ms;
	unsigned int got = 0;
	struct nvme_done done;

	while (got < count) {
		/* Before the look: what came while nobody ran is seen by it. */
		bool is_last = now_ms() > end;
		int ret = nvme_poll(nvme, &done);

		if (ret < 0)
			return ret;
		if (ret)
			each(&done, arg);
		else if (is_last)
			break;
		else
			nanosleep(&step, NULL);
		got += ret;
	}
	return got;
}

bool demo_data_ok(const struct demo_mem *mem, const struct nvme_done *done)
{
	const uint8_t *data = (const uint8_t *)mem +
			      (done->command.iova - DEMO_IOVA);

	return !done->status &&
	       pattern_check(data, sector(&mem->nvme, done->command.lba),
			     done->command.length);
}

static void count_bad(const struct nvme_done *done, void *bad)
{
	*(unsigned int *)bad += !!done->status;
}

/* What is written there is the pattern of another place. */
#define FOREIGN 0x123456789ull

static int submit_all(struct nvme *nvme, enum nvme_op op, unsigned int count)
{
	uint64_t blocks = NVME_PAGE >> nvme->mem->block_shift;
	unsigned int bad = 0;
	int ret;

	for (unsigned int i = 0; i < count; i++) {
		ret = nvme_submit(nvme, op,
				  nvme->mem->blocks - (i + 1) * blocks,
				  demo_data_iova(i), NVME_PAGE);
		if (ret < 0)
			return ret;
	}
	ret = demo_reap(nvme, count, 30000, count_bad, &bad);
	if (ret >= 0 && (unsigned int)ret != count)
		return -ETIMEDOUT;
	return ret < 0 ? ret : bad ? -EIO : 0;
}

int demo_write_read(struct nvme *nvme, struct demo_mem *mem,
		    unsigned int count)
{
	int ret;

	for (unsigned int i = 0; i < count; i++)
		pattern_fill(mem->data[i], FOREIGN + 8 * i, NVME_PAGE);
	ret = submit_all(nvme, NVME_WRITE, count);
	if (ret)
		return ret;
	memset(mem->data, 0, sizeof(mem->data[0]) * count);
	ret = submit_all(nvme, NVME_READ, count);
	for (unsigned int i = 0; !ret && i < count; i++)
		if (!pattern_check(mem->data[i], FOREIGN + 8 * i, NVME_PAGE))
			ret = -EILSEQ;
	return ret;
}
