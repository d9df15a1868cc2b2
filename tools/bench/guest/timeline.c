// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's own stamps, which tell what no program could time. */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "harness.h"

#define TIMELINE "/sys/kernel/debug/liveupdate/timeline"

/* Nanoseconds of this kernel's clock, negative before it. */
struct arrival {
	long long freeze;
	long long kexec;
	long long boot;
	long long found;
	bool booted;
};

struct line {
	long long begin, end;
	char kernel[16], phase[16];
};

static void take_line(struct arrival *a, const struct line *l)
{
	bool previous = !strcmp(l->kernel, "previous");

	if (previous && !strcmp(l->phase, "freeze"))
		a->freeze += l->end - l->begin;
	if (previous && !strcmp(l->phase, "kexec"))
		a->kexec = l->end;
	if (!previous && !strcmp(l->phase, "boot")) {
		a->boot = l->begin;
		a->booted = true;
	}
	if (!previous && !strcmp(l->phase, "found"))
		a->found = l->end;
}

static void put(const char *prefix, const char *name, long long value)
{
	char full[32];

	snprintf(full, sizeof(full), "%s%s", prefix, name);
	bench_row(full, value);
}

void bench_arrival(const char *prefix)
{
	FILE *in = fopen(TIMELINE, "r");
	struct arrival a = { 0 };
	char text[256];
	struct line l;

	MUST(in);
	while (fgets(text, sizeof(text), in))
		if (sscanf(text, "%lld %lld %15s %15s", &l.begin, &l.end,
			   l.kernel, l.phase) == 4)
			take_line(&a, &l);
	fclose(in);
	MUST(a.booted);
	put(prefix, "freeze", a.freeze);
	put(prefix, "boot", a.boot - a.kexec);
	if (a.found > a.boot)
		put(prefix, "enumeration", a.found - a.boot);
}
