// SPDX-License-Identifier: GPL-2.0-only
/*
 * The second kernel: does it know what it will find?
 *
 * Without KHO it takes all memory for free, and a running device writes into
 * it. With KHO and without our options the memory stays reserved, and the
 * device is lost.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "host.h"

/**
 * struct part - something that is handed over
 * @prefix: how its compatible strings begin
 * @option: what has to be built
 * @lost: what happens without it
 */
struct part {
	const char *prefix;
	const char *option;
	const char *lost;
};

/* Not every driver has huge pages. */
#define HUGETLB "carryover,hugetlb-v"

static const struct part parts[] = {
	{ "kho-v", "KEXEC_HANDOVER",
	  "no Kexec HandOver: it would take all memory for free, and the device would write into it" },
	{ "luo-v", "LIVEUPDATE", "no Live Update Orchestrator: everything kept would be lost" },
	{ "memfd-v", "LIVEUPDATE_MEMFD", "it cannot take back memfds" },
	{ HUGETLB, "HUGETLBFS", "it cannot take back memfds of huge pages" },
	{ "carryover,pci-v", "PCI_LIVEUPDATE", "it does not keep PCI devices running" },
	{ "carryover,iommufd-v", "IOMMUFD_LIVEUPDATE", "it cannot take back iommufds" },
	{ "carryover,vfio-pci-noiommu-v", "VFIO_PCI_LIVEUPDATE",
	  "it cannot take back VFIO devices" },
};

/* The base's own parts have no notes in a kernel without our options. */
static bool has_part(const struct image *image, const struct part *part)
{
	if (notes_with(&image->notes, part->prefix))
		return true;
	if (!strncmp(part->prefix, "carryover,", 10))
		return false;
	return image->config ? config_on(image->config, part->option) :
		image_mentions(image, part->prefix);
}

/* How it counts when that kernel does not know the part. */
static enum level level_without(const struct machine *machine, const struct part *part)
{
	return !strcmp(part->prefix, HUGETLB) && !machine->carried.huge ? LEVEL_NOTE : LEVEL_FAIL;
}

static void check_version(struct report *report, const char *path, const struct machine *machine,
			  const struct image *image, const struct part *part)
{
	const char *mine = notes_with(&machine->notes, part->prefix);
	const char *theirs = notes_with(&image->notes, part->prefix);

	if (mine && theirs && !notes_have(&image->notes, mine))
		report_add(report, level_without(machine, part), "image-version", path,
			   "take a kernel that understands what this one hands over",
			   "it understands %s, this kernel hands over %s", theirs, mine);
	else
		report_add(report, LEVEL_GOOD, "image-options", path, NULL,
			   "it has CONFIG_%s%s%s", part->option, theirs ? ", " : "",
			   theirs ? theirs : "");
}

static void check_part(struct report *report, const char *path, const struct machine *machine,
		       const struct image *image, const struct part *part)
{
	char remedy[80];

	if (has_part(image, part)) {
		check_version(report, path, machine, image, part);
		return;
	}
	snprintf(remedy, sizeof(remedy), "build that kernel with CONFIG_%s=y", part->option);
	report_add(report, level_without(machine, part),
		   strcmp(part->prefix, "kho-v") ? "image-options" : CHECK_KHO, path, remedy,
		   "%s", part->lost);
}

static bool is_known(const char *compatible)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!strncmp(compatible, parts[i].prefix, strlen(parts[i].prefix)))
			return true;
	return false;
}

/* What the running kernel hands over beyond the above. */
static void check_others(struct report *report, const char *path,
			 const struct machine *machine, const struct image *image)
{
	for (unsigned int i = 0; i < machine->notes.count; i++) {
		const char *mine = machine->notes.compatible[i];

		if (!is_known(mine) && !notes_have(&image->notes, mine))
			report_add(report, LEVEL_FAIL, "image-version", path,
				   "take a kernel that understands what this one hands over",
				   "it does not understand %s", mine);
	}
}

void check_image(struct report *report, const struct machine *machine,
		 const struct plan *plan, const struct image *image)
{
	report_add(report, LEVEL_NOTE, "image", plan->kernel, NULL,
		   "Linux %s (%s)%s%s", image->version ? image->version : "of unknown version",
		   image->format, image->config ? "" : ", without its configuration",
		   image->notes.count ? "" : ", without notes on what it understands");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		check_part(report, plan->kernel, machine, image, &parts[i]);
	check_others(report, plan->kernel, machine, image);
	check_words(report, machine, plan, image);
}
