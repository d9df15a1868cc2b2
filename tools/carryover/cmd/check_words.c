// SPDX-License-Identifier: GPL-2.0-only
/*
 * The second kernel's command line: what it needs on, and words by which what was
 * kept is lost. A word that cuts or writes memory takes effect before the new kernel
 * knows what is kept.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "cmdline.h"
#include "host.h"
#include "modprobe.h"

/**
 * struct line - a command line that is looked at
 * @report: where findings go
 * @machine: the running kernel
 * @plan: the live update
 * @image: the second kernel
 * @text: the command line as that kernel sees it
 * @forced: the image's own is all it sees
 */
struct line {
	struct report *report;
	const struct machine *machine;
	const struct plan *plan;
	const struct image *image;
	char *text;
	bool forced;
};

static const char no_override[] =
	"build that kernel without CONFIG_CMDLINE_OVERRIDE, or with a CONFIG_CMDLINE that is right";

/* What to do about a word that is missing. */
static void missing(const struct line *line, const char *word, const char *lost)
{
	char remedy[128];

	snprintf(remedy, sizeof(remedy), "add %s: --append %s", word, word);
	report_add(line->report, LEVEL_FAIL, "image-cmdline", line->plan->kernel,
		   line->forced ? no_override : remedy, "with this command line %s", lost);
}

/* What to do about a word that is too much, or one part of its value. */
static void unwanted(const struct line *line, enum level level, const char *check,
		     const char *word, const char *part, const char *lost)
{
	char *without = cmdline_without(line->plan->cmdline, word, part), *remedy;
	const char *equals = part ? "=" : "";

	if (asprintf(&remedy, "leave %s%s%s out: --command-line '%s'", word, equals,
		     part ? part : "", without) < 0)
		remedy = NULL;
	report_add(line->report, level, check, line->plan->kernel,
		   line->forced ? no_override : remedy, "%s%s%s: %s", word, equals,
		   part ? part : "", lost);
	free(remedy);
	free(without);
}

/*
 * What has to be on, the option by which it is on without a word, and the one and the
 * module with which the word may stand in modprobe.d.
 */
static const struct {
	const char *name;
	enum bare bare;
	const char *option;
	const char *module_option;
	const char *module;
	const char *add;
	const char *lost;
} switches[] = {
	{ "kho", BARE_MALFORMED, "KEXEC_HANDOVER_ENABLE_DEFAULT", NULL, NULL, "kho=on",
	  "Kexec HandOver would be off: what was kept stays reserved, and nobody gets it back" },
	{ "liveupdate", BARE_MALFORMED, NULL, NULL, NULL, "liveupdate=on",
	  "the Live Update Orchestrator would be off" },
	{ "vfio.enable_unsafe_noiommu_mode", BARE_ON, NULL, "VFIO", "vfio",
	  "vfio.enable_unsafe_noiommu_mode=1", "VFIO's no-IOMMU mode would be off" },
};

/* A kernel that does not tell its configuration has the modules that the running one has. */
static bool is_module(const struct line *line, size_t i)
{
	return line->image->config ? config_module(line->image->config, switches[i].module_option) :
		host_has(host_path("/sys/module/%s/initstate", switches[i].module));
}

/* Is it on without a word on the command line? */
static bool without_word(const struct line *line, size_t i)
{
	char *words;
	bool on;

	if (switches[i].option)
		return config_on(line->image->config, switches[i].option);
	if (!switches[i].module || !is_module(line, i))
		return false;
	words = modprobe_words(switches[i].module);
	on = word_switch(words, switches[i].name, switches[i].bare, false, NULL) == 1;
	free(words);
	return on;
}

static void check_switches(const struct line *line)
{
	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
		const char *name = switches[i].name;
		bool ignored = false;
		char text[256];

		if (word_switch(line->text, name, switches[i].bare, without_word(line, i),
				&ignored) == 1)
			continue;
		snprintf(text, sizeof(text), "%s%s%s%s", ignored ? "its '" : "",
			 ignored ? name : "", ignored ? "' has no value that counts, and " : "",
			 switches[i].lost);
		missing(line, switches[i].add, text);
	}
}

/* Is that word, with that value, one of the running kernel's as well? */
static bool runs_with(const struct line *line, const struct words *word)
{
	struct words words;
	bool found = false;

	words_begin(&words, line->machine->cmdline);
	while (!found && words_next(&words))
		found = word_is(words.param, word->param) &&
			!strcmp(words.value ? words.value : "", word->value ? word->value : "");
	words_end(&words);
	return found;
}

/* What the running kernel took from its memory as well, it handed nothing over of. */
static void check_memory_map(const struct line *line, const struct words *word)
{
	if (word_is(word->param, "mem") && word->value && !runs_with(line, word) &&
	    (!memory_end() || size_value(word->value) < memory_end()))
		unwanted(line, LEVEL_FAIL, CHECK_MEMORY, "mem", NULL,
			 "it cuts off memory that is handed over, and the next kernel would not start");
	else if (word_is(word->param, "memmap") && !runs_with(line, word))
		unwanted(line, LEVEL_FAIL, CHECK_MEMORY, "memmap", NULL,
			 "the next kernel would see another memory than the one that is handed over");
	else if (word_is(word->param, "memtest") && !(word->value && !strcmp(word->value, "0")) &&
		 (!line->image->config || config_on(line->image->config, "MEMTEST")))
		unwanted(line, LEVEL_FAIL, CHECK_MEMORY, "memtest", NULL,
			 "it writes to all memory before what is kept is known");
}

/**
 * struct rule - a value that does harm
 * @word: the word
 * @part: of its value, or what it begins with if it ends with '*'
 * @level: how much
 * @lost: what happens
 */
struct rule {
	const char *word;
	const char *part;
	enum level level;
	const char *lost;
};

static const char not_there[] = "what is kept cannot be taken back without it";
static const char moves[] = "bridges or BARs may be moved, and a device that was kept is stopped then";

static const struct rule rules[] = {
	{ "pci", "off", LEVEL_FAIL, "there would be no PCI, and nobody to take the devices back" },
	{ "pci", "assign-busses", LEVEL_FAIL,
	  "buses are numbered anew under the running device, which loses reads and is refused" },
	{ "pci", "nomsi", LEVEL_WARN, "devices that were kept get no MSI and no MSI-X" },
	{ "pci", "realloc", LEVEL_WARN, moves },
	{ "pci", "hpbussize", LEVEL_WARN, moves },
	{ "pci", "hpmemsize", LEVEL_WARN, moves },
	{ "pci", "hpmmiosize", LEVEL_WARN, moves },
	{ "pci", "hpmmioprefsize", LEVEL_WARN, moves },
	{ "pci", "hpiosize", LEVEL_WARN, moves },
	{ "pci", "resource_alignment", LEVEL_WARN, moves },
	{ "pci", "pcie_bus_perf", LEVEL_WARN, "payload sizes are changed under the running device" },
	{ "pci", "pcie_bus_safe", LEVEL_WARN, "payload sizes are changed under the running device" },
	{ "pci", "pcie_bus_peer2peer", LEVEL_WARN,
	  "payload sizes are changed under the running device" },
	{ "pci", "noacpi", LEVEL_WARN, "host bridges that ACPI tells of may not be found" },
	{ "acpi", "off", LEVEL_WARN, "host bridges that ACPI tells of are not found" },
	{ "initcall_blacklist", "luo_late_startup", LEVEL_FAIL, not_there },
	{ "initcall_blacklist", "liveupdate_early_init", LEVEL_FAIL, not_there },
	{ "initcall_blacklist", "liveupdate_ioctl_init", LEVEL_FAIL, not_there },
	{ "initcall_blacklist", "memfd_luo_init", LEVEL_FAIL, not_there },
	{ "initcall_blacklist", "kho_init", LEVEL_FAIL, not_there },
	{ "initcall_blacklist", "lu_init", LEVEL_FAIL, not_there },
	{ "initcall_blacklist", "pci_liveupdate_watch", LEVEL_FAIL, not_there },
	{ "initcall_blacklist", "vfio_init", LEVEL_FAIL, not_there },
	{ "initcall_blacklist", "vfio_pci_init", LEVEL_FAIL, not_there },
	{ "initcall_blacklist", "vfio_pci_core_init", LEVEL_FAIL, not_there },
	{ "initcall_blacklist", "iommufd_init", LEVEL_FAIL, not_there },
	{ "module_blacklist", "vfio", LEVEL_FAIL, not_there },
	{ "module_blacklist", "vfio_pci", LEVEL_FAIL, not_there },
	{ "module_blacklist", "vfio-pci", LEVEL_FAIL, not_there },
	{ "module_blacklist", "vfio_pci_core", LEVEL_FAIL, not_there },
	{ "module_blacklist", "iommufd", LEVEL_FAIL, not_there },
};

static void check_rules(const struct line *line, const struct words *word)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (word_is(word->param, rules[i].word) &&
		    word_has_part(word->value, rules[i].part) &&
		    /* What does no harm now need not do any then. */
		    (rules[i].level == LEVEL_FAIL || !runs_with(line, word)))
			unwanted(line, rules[i].level, "image-cmdline", rules[i].word, rules[i].part,
				 rules[i].lost);
}

/* on, off, or @otherwise: the last of the parts in all words of that name. */
static int last_part(const char *cmdline, const char *name, int otherwise)
{
	struct words words;

	words_begin(&words, cmdline);
	while (words_next(&words))
		for (const char *at = words.value; word_is(words.param, name) && at && *at; ) {
			if (!strncmp(at, "on", 2) || !strncmp(at, "off", 3))
				otherwise = at[1] == 'n';
			at += strcspn(at, ",");
			at += *at == ',';
		}
	words_end(&words);
	return otherwise;
}

static const struct {
	const char *table;
	const char *option;
	const char *by_default;
	const char *word;
	const char *add;
} iommus[] = {
	{ "DMAR", "INTEL_IOMMU", "INTEL_IOMMU_DEFAULT_ON", "intel_iommu", "intel_iommu=off" },
	{ "IVRS", "AMD_IOMMU", "AMD_IOMMU", "amd_iommu", "amd_iommu=off" },
};

/* A kernel that uses the IOMMU has no no-IOMMU devices, and blocks what runs. */
static void check_iommus(const struct line *line)
{
	const char *config = line->image->config;

	for (size_t i = 0; i < sizeof(iommus) / sizeof(iommus[0]); i++) {
		bool on = !config || config_on(config, iommus[i].by_default);

		if (!host_has(host_path("/sys/firmware/acpi/tables/%s", iommus[i].table)) ||
		    (config && !config_on(config, iommus[i].option)))
			continue;
		if (last_part(line->text, iommus[i].word, on) &&
		    last_part(line->text, "iommu", 1))
			missing(line, iommus[i].add,
				"it would use the IOMMU, which stops the DMA of what was kept");
	}
}

static void check_forced(const struct line *line)
{
	if (line->forced)
		report_add(line->report, LEVEL_WARN, "image-cmdline", line->plan->kernel,
			   no_override, "it has a command line of its own and ignores what it is given: %s",
			   line->text);
}

/* The kernel keeps room for a NUL and an elfcorehdr= (kexec-bzimage64.c). */
#define X86_LENGTH (2047 - 1 - 30)

static void check_length(const struct line *line)
{
	if (!strcmp(line->image->arch, "x86_64") && strlen(line->plan->cmdline) > X86_LENGTH)
		report_add(line->report, LEVEL_FAIL, "image-cmdline", line->plan->kernel,
			   "make it shorter",
			   "the command line has %zu characters, of which the kernel takes %d",
			   strlen(line->plan->cmdline), X86_LENGTH);
}

void check_words(struct report *report, const struct machine *machine,
		 const struct plan *plan, const struct image *image)
{
	struct line line = {
		.report = report, .machine = machine, .plan = plan, .image = image,
	};
	struct words words;

	line.text = cmdline_built(plan->cmdline, image->config, &line.forced);
	check_forced(&line);
	check_length(&line);
	check_switches(&line);
	check_iommus(&line);
	words_begin(&words, line.text);
	while (words_next(&words)) {
		check_memory_map(&line, &words);
		check_rules(&line, &words);
	}
	words_end(&words);
	check_pool(report, machine, plan, image, line.text, line.forced ? no_override : NULL);
	free(line.text);
}
