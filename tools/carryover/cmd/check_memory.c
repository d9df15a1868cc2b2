// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory: KHO's scratch areas have to take the next kernel, and what is left
 * beside them has to take the pins.
 *
 * Scratch is CMA: ordinary allocations use it, long-term pins cannot. A page
 * that lies in it is moved when it is pinned, so that the physical addresses
 * of a mapping may change at its first MAP_FILE, and pins fail with ENOMEM when
 * only scratch is left.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"
#include "cmdline.h"
#include "host.h"

#define MIB		(1ull << 20)
/* Command line, boot parameters, purgatory, KHO's own data. */
#define SMALL_SEGMENTS	MIB
#define SCRATCH_ROOM	(16 * MIB)
#define SCRATCH_SHARE	4	/* more than a fourth of memory is a lot */
#define CRASH_ALIGN	(16 * MIB)
#define CRASH_ROUND	(128 * MIB)
#define PINS_LOW	(64 * MIB)

static unsigned long long file_size(const char *path)
{
	struct stat st;

	return path && !stat(path, &st) ? st.st_size : 0;
}

/* As kexec does it: each segment into the first area where it fits. */
static bool fits(const struct machine *machine, const unsigned long long *segments,
		 unsigned int count)
{
	unsigned long long left[SCRATCH_MAX];

	memcpy(left, machine->scratch, sizeof(left));
	for (unsigned int i = 0; i < count; i++) {
		unsigned int area = 0;

		while (area < machine->scratch_count && left[area] < segments[i])
			area++;
		if (area == machine->scratch_count)
			return false;
		left[area] -= segments[i];
	}
	return true;
}

/* Areas that would do, as the kernel's option. */
static const char *advice(unsigned long long need)
{
	static char text[64];
	unsigned long long area = 64;

	while (area * MIB < need + SCRATCH_ROOM)
		area *= 2;
	snprintf(text, sizeof(text), "boot with kho_scratch=32M,%lluM,%lluM", area, area);
	return text;
}

static const char *sizes(const struct machine *machine)
{
	static char text[256];
	int used = 0;

	for (unsigned int i = 0; i < machine->scratch_count && used < 200; i++)
		used += snprintf(text + used, sizeof(text) - used, "%s%s",
				 i ? ", " : "", size_text(machine->scratch[i]));
	return text;
}

unsigned long long memory_end(void)
{
	char *text = host_read(host_path("/proc/iomem"));
	char *line, *rest = text;
	unsigned long long last, end = 0;

	while (rest && (line = strsep(&rest, "\n")))
		if (strstr(line, " : System RAM") && sscanf(line, "%*x-%llx", &last) == 1 && last)
			end = last + 1;
	free(text);
	return end;
}

/* The size that counts for this machine, of all forms of the word; 0 if none. */
static unsigned long long crash_size(const char *value, unsigned long long total)
{
	unsigned long long start, end;
	char *at;

	if (!strchr(value, '-') || strcspn(value, "-") > strcspn(value, "@,:"))
		return size_prefix(value, NULL);
	while (*value) {
		start = size_prefix(value, &at);
		if (*at++ != '-')
			return 0;
		end = *at == ':' ? ~0ull : size_prefix(at, &at);
		if (*at++ != ':')
			return 0;
		if (total >= start && total < end)
			return size_prefix(at, NULL);
		at += strcspn(at, ",");
		value = at + (*at == ',');
	}
	return 0;
}

/* Until the new kernel knows what is kept it has nothing but the scratch areas. */
static void check_crash(struct report *report, const struct machine *machine,
			const struct plan *plan, unsigned long long need)
{
	char *value = word_value(plan->cmdline, "crashkernel");
	unsigned long long memory = host_meminfo("MemTotal");
	unsigned long long total = (memory + CRASH_ROUND - 1) / CRASH_ROUND * CRASH_ROUND;
	unsigned long long size = value ? crash_size(value, total) : 0, largest = 0;
	char remedy[80];

	for (unsigned int i = 0; i < machine->scratch_count; i++)
		if (machine->scratch[i] > largest)
			largest = machine->scratch[i];
	snprintf(remedy, sizeof(remedy), "leave it out, or boot this kernel with kho_scratch=32M,%lluM,64M",
		 (size + need + 2 * CRASH_ALIGN) / MIB);
	if (size && largest && size + CRASH_ALIGN > largest)
		report_add(report, LEVEL_WARN, "crashkernel", plan->kernel, remedy,
			   "crashkernel= wants %s of the scratch areas, %s: the next kernel would have no kdump",
			   size_text(size), sizes(machine));
	else if (size && largest && size + need + CRASH_ALIGN > largest)
		report_add(report, LEVEL_WARN, "crashkernel", plan->kernel, remedy,
			   "crashkernel= takes %s of the scratch areas, %s: the update after the next may find no room there",
			   size_text(size), sizes(machine));
	free(value);
}

static void check_scratch(struct report *report, const struct machine *machine,
			  const struct plan *plan, const struct image *image)
{
	unsigned long long segments[] = {
		image ? image->init_size + image->alignment : 0,
		file_size(plan->initrd), SMALL_SEGMENTS,
	};
	unsigned long long need = segments[0] + segments[1] + segments[2];

	if (plan->initrd && !segments[1])
		report_add(report, LEVEL_FAIL, "initrd", plan->initrd,
			   "give a file that has something in it, or none",
			   "it is empty or cannot be read, and kexec -s refuses that");
	if (image)
		check_crash(report, machine, plan, need);
	if (!machine->scratch_count)
		report_add(report, LEVEL_WARN, "scratch", NULL,
			   "mount -t debugfs none /sys/kernel/debug, with CONFIG_KEXEC_HANDOVER_DEBUGFS=y",
			   "the sizes of KHO's scratch areas cannot be seen");
	else if (!image)
		report_add(report, LEVEL_NOTE, "scratch", NULL, NULL,
			   "KHO's scratch areas: %s", sizes(machine));
	else if (fits(machine, segments, 3))
		report_add(report, LEVEL_GOOD, "scratch", plan->kernel, NULL,
			   "needs %s and an initrd of %s, and fits into the scratch areas: %s",
			   size_text(segments[0]), size_text(segments[1]), sizes(machine));
	else
		report_add(report, LEVEL_FAIL, "scratch", plan->kernel, advice(need),
			   "needs %s and an initrd of %s, and does not fit into the scratch areas: %s",
			   size_text(segments[0]), size_text(segments[1]), sizes(machine));
}

static void check_pins(struct report *report, const struct plan *plan)
{
	unsigned long long available = host_meminfo("MemAvailable"), cma = host_meminfo("CmaFree");
	unsigned long long left = available > cma ? available - cma : 0;

	if (plan->pins > left)
		report_add(report, LEVEL_FAIL, "pins", NULL,
			   "map less, add memory, or boot with a smaller kho_scratch=",
			   "%s are left for long-term pins beside the scratch areas, %s are wanted: mapping fails with ENOMEM",
			   size_text(left), size_text(plan->pins));
	else if (left < PINS_LOW)
		report_add(report, LEVEL_WARN, "pins", NULL,
			   "add memory, or boot with a smaller kho_scratch=",
			   "only %s are left for long-term pins beside the scratch areas",
			   size_text(left));
	else
		report_add(report, LEVEL_GOOD, "pins", NULL, NULL,
			   "%s are left for long-term pins beside the scratch areas",
			   size_text(left));
}

/* CmaTotal knows nothing of KHO's areas. */
static void check_share(struct report *report, const struct machine *machine)
{
	unsigned long long total = host_meminfo("MemTotal"), scratch = 0;

	for (unsigned int i = 0; i < machine->scratch_count; i++)
		scratch += machine->scratch[i];
	if (total && scratch > total / SCRATCH_SHARE)
		report_add(report, LEVEL_WARN, "scratch-share", NULL,
			   "boot with a smaller kho_scratch=, such as 32M,64M,64M; read physical addresses only after mapping",
			   "scratch areas take %s of %s: pages in them move, and physical addresses change, when they are first mapped",
			   size_text(scratch), size_text(total));
}

void check_memory(struct report *report, const struct machine *machine,
		  const struct plan *plan, const struct image *image)
{
	check_scratch(report, machine, plan, image);
	check_pins(report, plan);
	check_share(report, machine);
}
