// SPDX-License-Identifier: GPL-2.0-only
/* The running kernel: is everything on that a live update needs? */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "cmdline.h"
#include "host.h"
#include "unpack.h"

#define NOIOMMU "enable_unsafe_noiommu_mode"

static void read_scratch(struct machine *machine)
{
	char *text = host_read(host_path("/sys/kernel/debug/kho/out/scratch_len"));
	char *line, *rest = text;

	while (rest && (line = strsep(&rest, "\n")) &&
	       machine->scratch_count < SCRATCH_MAX)
		if (*line)
			machine->scratch[machine->scratch_count++] = strtoull(line, NULL, 0);
	free(text);
}

/* Without debugfs there is what the command line asked for. */
static void guess_scratch(struct machine *machine)
{
	char *value = word_value(machine->cmdline, "kho_scratch");
	char *part, *rest = value;

	while (rest && !strchr(value, '%') && (part = strsep(&rest, ",")))
		if (machine->scratch_count < SCRATCH_MAX)
			machine->scratch[machine->scratch_count++] = size_value(part);
	free(value);
}

static char *read_config(void)
{
	struct unpacked config;
	size_t size;
	unsigned char *data = host_read_all(host_path("/proc/config.gz"), &size);
	char *text = NULL;

	if (!data)
		return NULL;
	if (!unpack(data, size, &config)) {
		text = strndup((const char *)config.data, config.size);
		free(config.data);
	}
	free(data);
	return text;
}

void machine_read(struct machine *machine)
{
	size_t size = 0;

	memset(machine, 0, sizeof(*machine));
	machine->cmdline = host_read(host_path("/proc/cmdline"));
	if (!machine->cmdline)
		machine->cmdline = strdup("");
	machine->config = read_config();
	machine->note_data = host_read_all(host_path("/sys/kernel/notes"), &size);
	if (machine->note_data)
		notes_find(&machine->notes, machine->note_data, size);
	outgoing_carried(&machine->carried);
	read_scratch(machine);
	if (!machine->scratch_count)
		guess_scratch(machine);
}

void machine_free(struct machine *machine)
{
	free(machine->cmdline);
	free(machine->config);
	free(machine->note_data);
}

static bool built_without(const struct machine *machine, const char *option)
{
	return machine->config && !config_on(machine->config, option);
}

static void check_kho(struct report *report, const struct machine *machine)
{
	int by_default = !built_without(machine, "KEXEC_HANDOVER_ENABLE_DEFAULT");

	if (built_without(machine, "KEXEC_HANDOVER"))
		report_add(report, LEVEL_FAIL, "kho", NULL,
			   "build this kernel with CONFIG_KEXEC_HANDOVER=y",
			   "this kernel was built without Kexec HandOver");
	else if (!word_switch(machine->cmdline, "kho", BARE_MALFORMED, by_default, NULL))
		report_add(report, LEVEL_FAIL, "kho", NULL,
			   "boot with kho=on", "Kexec HandOver is off");
	else if (host_has(host_path("/dev/liveupdate")) ||
		 host_has(host_path("/sys/kernel/debug/kho/out")))
		report_add(report, LEVEL_GOOD, "kho", NULL, NULL, "Kexec HandOver is on");
	else if (host_has(host_path("/sys/kernel/debug/kexec")) ||
		 host_has(host_path("/sys/kernel/debug/bdi")))
		report_add(report, LEVEL_FAIL, "kho", NULL,
			   "look for 'KHO' in the kernel log; smaller areas: kho_scratch=32M,64M,64M",
			   "Kexec HandOver was asked for and is off: it found no memory for its scratch areas");
}

static void check_luo(struct report *report, const struct machine *machine)
{
	if (host_has(host_path("/dev/liveupdate")))
		report_add(report, LEVEL_GOOD, "liveupdate", NULL, NULL,
			   "the Live Update Orchestrator is on");
	else if (built_without(machine, "LIVEUPDATE"))
		report_add(report, LEVEL_FAIL, "liveupdate", NULL,
			   "build this kernel with CONFIG_LIVEUPDATE=y",
			   "this kernel was built without the Live Update Orchestrator");
	else if (!word_switch(machine->cmdline, "liveupdate", BARE_MALFORMED, 0, NULL))
		report_add(report, LEVEL_FAIL, "liveupdate", NULL,
			   "boot with liveupdate=on",
			   "the Live Update Orchestrator is off");
	else
		report_add(report, LEVEL_FAIL, "liveupdate", NULL,
			   "boot with kho=on, and see the kernel log for 'liveupdate'",
			   "there is no /dev/liveupdate although liveupdate=on was given");
}

static const struct {
	const char *prefix;
	const char *option;
	const char *what;
	enum level without;
} ours[] = {
	{ "carryover,pci-v", "PCI_LIVEUPDATE", "PCI devices", LEVEL_FAIL },
	{ "carryover,iommufd-v", "IOMMUFD_LIVEUPDATE", "iommufd", LEVEL_FAIL },
	{ "carryover,vfio-pci-noiommu-v", "VFIO_PCI_LIVEUPDATE", "VFIO devices", LEVEL_FAIL },
	{ "memfd-v", "LIVEUPDATE_MEMFD", "memfds", LEVEL_FAIL },
	/* Not every driver has such. */
	{ "carryover,hugetlb-v", "HUGETLBFS", "memfds of huge pages", LEVEL_NOTE },
};

static void check_options(struct report *report, const struct machine *machine)
{
	char text[64];

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		const char *note = notes_with(&machine->notes, ours[i].prefix);

		snprintf(text, sizeof(text), "build this kernel with CONFIG_%s=y",
			 ours[i].option);
		if (note)
			report_add(report, LEVEL_GOOD, "options", NULL, NULL,
				   "%s are kept, as %s", ours[i].what, note);
		else
			report_add(report, ours[i].without, "options", NULL, text,
				   "this kernel cannot keep %s", ours[i].what);
	}
}

static void check_noiommu(struct report *report)
{
	char *on = host_read(host_path("/sys/module/vfio/parameters/" NOIOMMU));

	if (on && (on[0] == 'Y' || on[0] == '1'))
		report_add(report, LEVEL_GOOD, "noiommu", NULL, NULL,
			   "VFIO's no-IOMMU mode is on");
	else if (on)
		report_add(report, LEVEL_FAIL, "noiommu", NULL,
			   "boot with vfio." NOIOMMU "=1, or write Y to /sys/module/vfio/parameters/" NOIOMMU,
			   "VFIO's no-IOMMU mode is off");
	else
		report_add(report, LEVEL_FAIL, "noiommu", NULL,
			   "build this kernel with CONFIG_VFIO_NOIOMMU=y",
			   "this kernel has no VFIO, or one without no-IOMMU mode");
	free(on);
	if (!host_has(host_path("/dev/iommu")))
		report_add(report, LEVEL_FAIL, "iommufd", NULL,
			   "build this kernel with CONFIG_IOMMUFD=y",
			   "there is no /dev/iommu");
}

void check_kernel(struct report *report, const struct machine *machine)
{
	check_kho(report, machine);
	check_luo(report, machine);
	check_options(report, machine);
	check_noiommu(report);
}
