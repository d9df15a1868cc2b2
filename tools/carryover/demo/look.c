// SPDX-License-Identifier: GPL-2.0-only
/* Looks at the completion queue, and when they were. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "demo.h"

static uint64_t sum(const struct demo_look *look)
{
	return look->tsc ^ look->count << 40 ^ DEMO_MAGIC;
}

/* Two places in turn: one of them is whole whenever the kernel dies. */
void demo_watch(struct demo_mem *mem)
{
	const struct timespec step = { .tv_nsec = 500000 };
	volatile struct demo_look *look;
	struct demo_look now;

	for (unsigned int i = 0;; i ^= 1) {
		now.tsc = co_tsc();
		now.count = nvme_waiting(&mem->nvme);
		now.check = sum(&now);
		look = &mem->record.look[i];
		look->tsc = now.tsc;
		look->count = now.count;
		look->check = now.check;
		nanosleep(&step, NULL);
	}
}

const struct demo_look *demo_last_look(const struct demo_record *record)
{
	const struct demo_look *look = record->look;
	bool first = look[0].check == sum(&look[0]);
	bool second = look[1].check == sum(&look[1]);

	if (first && second)
		return &look[look[1].tsc > look[0].tsc];
	return first ? &look[0] : second ? &look[1] : NULL;
}

/* Start of process 1, in clock ticks since the kernel started: field 22. */
static unsigned long long init_start(void)
{
	char text[1024], *field;
	FILE *file = fopen("/proc/1/stat", "r");
	size_t len = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	if (file)
		fclose(file);
	text[len] = 0;
	field = strrchr(text, ')');
	for (int i = 2; field && i < 22; i++)
		field = strchr(field + 1, ' ');
	return field ? strtoull(field, NULL, 10) : 0;
}

static uint64_t init_start_tsc(void)
{
	double start = (double)init_start() / sysconf(_SC_CLK_TCK);
	struct timespec now;
	uint64_t tsc = co_tsc();

	clock_gettime(CLOCK_BOOTTIME, &now);
	return tsc - (now.tv_sec + now.tv_nsec / 1e9 - start) * co_tsc_hz();
}

/* The VM's init leaves the counter's value at its first instruction. */
uint64_t demo_user_start(void)
{
	unsigned long long tsc;
	FILE *file = fopen("/run/init.tsc", "r");
	int got = file ? fscanf(file, "%llu", &tsc) : 0;

	if (file)
		fclose(file);
	return got == 1 ? tsc : init_start_tsc();
}
