// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* A clock that goes on across a kexec: the processor's counter. */
#include <time.h>

#include "helpers.h"
#include "internal.h"

#define MEASURE_NS 20000000

#if defined(__x86_64__) || defined(__i386__)
uint64_t co_tsc(void)
{
	uint32_t low, high, aux;

	/* rdtscp waits for what comes before it. */
	asm volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(aux) : : "memory");
	return (uint64_t)high << 32 | low;
}
#elif defined(__aarch64__)
uint64_t co_tsc(void)
{
	uint64_t now;

	asm volatile("isb; mrs %0, cntvct_el0" : "=r"(now) : : "memory");
	return now;
}
#else
uint64_t co_tsc(void)
{
	return 0;
}
#endif

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static uint64_t measure(void)
{
	const struct timespec span = { .tv_nsec = MEASURE_NS };
	uint64_t tsc = co_tsc(), ns = now_ns();

	nanosleep(&span, NULL);
	tsc = co_tsc() - tsc;
	ns = now_ns() - ns;
	return (unsigned __int128)tsc * 1000000000 / ns;
}

uint64_t co_tsc_hz(void)
{
	static uint64_t hz;

	if (!hz)
		hz = measure();
	return hz;
}
