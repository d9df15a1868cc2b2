// SPDX-License-Identifier: GPL-2.0-only
/* carryover: live update of devices, from the command line. */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "exits.h"

#ifndef VERSION
#define VERSION "unknown"
#endif

struct command {
	const char *name;
	const char *summary;
	int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
	{ "check", "can this machine and that kernel do a live update?", cmd_check },
	{ "run", "check, load the next kernel, wait until all are ready, kexec", cmd_run },
	{ "inspect", "show a handover, live or saved", cmd_inspect },
	{ "timeline", "show the steps of a live update, and their times", cmd_timeline },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void help(void)
{
	puts("usage: carryover COMMAND [OPTION...] [ARGUMENT...]\n"
	     "\n"
	     "Replaces the kernel under running PCI devices: no IOMMU, no reset, DMA goes on.\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-10s%s\n", commands[i].name, commands[i].summary);
	puts("\n"
	     "'carryover COMMAND --help' explains a command, with examples. All of them take\n"
	     "--json for output that programs read.\n"
	     "\n"
	     "examples:\n"
	     "  carryover check\n"
	     "  carryover check --kernel /boot/vmlinuz-7.3.4 0000:00:03.0\n"
	     "  carryover run --kernel /boot/vmlinuz-7.3.4 --initrd /boot/initrd.img-7.3.4\n");
	exits_print();
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (!strcmp(name, "--help") || !strcmp(name, "-h")) {
		help();
		return EXIT_GOOD;
	}
	if (!strcmp(name, "--version")) {
		puts("carryover " VERSION);
		return EXIT_GOOD;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (!strcmp(name, commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	if (name[0])
		fprintf(stderr, "carryover: no command '%s'\n", name);
	else
		fputs("carryover: which command?\n", stderr);
	fputs("'carryover --help' says more\n", stderr);
	return EXIT_USAGE;
}
