// SPDX-License-Identifier: GPL-2.0-only
/* QEMU's edu device. */
#include <errno.h>
#include <time.h>

#include "edu.h"

#define REG_ALIVE	0x04
#define REG_IRQ_STATUS	0x24
#define REG_IRQ_RAISE	0x60
#define REG_IRQ_ACK	0x64
#define REG_SRC		0x80
#define REG_DST		0x88
#define REG_COUNT	0x90
#define REG_CMD		0x98
#define CMD_START	1u
#define BUFFER		0x40000

bool edu_alive(const struct co_bar *bar)
{
	co_bar_write32(bar, REG_ALIVE, 0x12345678);
	return co_bar_read32(bar, REG_ALIVE) == ~0x12345678u;
}

void edu_start(const struct co_bar *bar, enum edu_way way, uint64_t pa,
	       uint32_t length)
{
	co_bar_write64(bar, REG_SRC, way & EDU_STORE ? BUFFER : pa);
	co_bar_write64(bar, REG_DST, way & EDU_STORE ? pa : BUFFER);
	co_bar_write64(bar, REG_COUNT, length);
	co_bar_write64(bar, REG_CMD, CMD_START | way);
}

bool edu_busy(const struct co_bar *bar)
{
	return co_bar_read64(bar, REG_CMD) & CMD_START;
}

void edu_irq_raise(const struct co_bar *bar)
{
	co_bar_write32(bar, REG_IRQ_RAISE, 1);
}

uint32_t edu_irq_status(const struct co_bar *bar)
{
	return co_bar_read32(bar, REG_IRQ_STATUS);
}

void edu_irq_acknowledge(const struct co_bar *bar)
{
	co_bar_write32(bar, REG_IRQ_ACK, edu_irq_status(bar));
}

int edu_wait(const struct co_bar *bar)
{
	const struct timespec step = { .tv_nsec = 1000000 };

	for (int i = 0; i < 2000; i++) {
		if (!edu_busy(bar))
			return 0;
		nanosleep(&step, NULL);
	}
	return -ETIMEDOUT;
}
