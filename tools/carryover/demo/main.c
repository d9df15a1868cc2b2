// SPDX-License-Identifier: GPL-2.0-only
/* demo before|after: a disk reads on while the kernel is replaced. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo.h"

#define NVME_CLASS 0x010802

static int usage(void)
{
	fputs("usage: demo before [--reads N] [--huge] [--pages KIND] [--force] [BDF]\n"
	      "       demo after  [--iops N] [--lost]\n"
	      "\n"
	      "  BDF      the NVMe controller; the first one if not given\n"
	      "  --reads  how many to have on their way (default 60, at most 63)\n"
	      "  --huge   put the memory into 2 MiB pages\n"
	      "  --pages  4k (default), 2m or 1g: a memfd of such pages, the large ones of\n"
	      "           hugetlb; file: an unlinked file of hugetlbfs, in no session\n"
	      "  --force  go on when the kernel cannot keep the device\n"
	      "  --iops   what the disk is throttled to (default 20)\n"
	      "  --lost   the device was not kept: show what became of it\n",
	      stderr);
	return 2;
}

static const struct option long_options[] = {
	{ "reads", required_argument, NULL, 'r' },
	{ "iops", required_argument, NULL, 'i' },
	{ "huge", no_argument, NULL, 'h' },
	{ "pages", required_argument, NULL, 'p' },
	{ "force", no_argument, NULL, 'f' },
	{ "lost", no_argument, NULL, 'l' },
	{ 0 }
};

static bool set(struct demo_options *options, int option)
{
	switch (option) {
	case 'r':
		options->reads = atoi(optarg);
		return options->reads && options->reads <= NVME_MAX_BUSY;
	case 'i':
		options->iops = atoi(optarg);
		return options->iops;
	case 'h':
		options->huge = true;
		return true;
	case 'p':
		return demo_pages_parse(optarg, &options->pages);
	case 'f':
		options->force = true;
		return true;
	case 'l':
		options->lost = true;
		return true;
	}
	return false;
}

static bool find_device(struct demo_options *options, const char *bdf)
{
	if (bdf && strlen(bdf) == CO_BDF_SIZE - 1) {
		strcpy(options->bdf, bdf);
		return true;
	}
	if (!bdf && !co_pci_find_class(NVME_CLASS, 0, options->bdf))
		return true;
	fprintf(stderr, "demo: %s\n", bdf ? bdf : co_error());
	return false;
}

int main(int argc, char **argv)
{
	struct demo_options options = { .reads = 60, .iops = 20 };
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) > 0)
		if (!set(&options, option))
			return usage();
	if (optind >= argc)
		return usage();
	if (!strcmp(argv[optind], "before"))
		return find_device(&options, argv[optind + 1]) ?
			demo_before(&options) : 1;
	if (!strcmp(argv[optind], "after"))
		return options.lost ? demo_lost(&options) :
				      demo_after(&options);
	return usage();
}
