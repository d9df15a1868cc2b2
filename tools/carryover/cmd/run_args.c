// SPDX-License-Identifier: GPL-2.0-only
/* The command line of carryover run. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "host.h"
#include "ready.h"
#include "run_args.h"
#include "store.h"

static const char help[] =
"usage: carryover run --kernel IMAGE [OPTION...] [DEVICE...]\n"
"\n"
"Replaces the kernel: checks as 'carryover check' does, loads the image, asks all\n"
"programs that hold sessions (sockets in " READY_DIR ") to prepare, waits until\n"
"they are ready, checks that their sessions are complete, and starts the new kernel.\n"
"Refuses when a check fails, or when all sessions are empty. After a failure before the\n"
"end, the programs are told and go on as before.\n"
"\n"
"  --kernel IMAGE       the next kernel\n"
"  --initrd FILE        its initrd\n"
"  --command-line TEXT  its command line (default: that of the running kernel)\n"
"  --append TEXT        more of it\n"
"  --session NAME       a program that has to take part; may repeat\n"
"  --sockets DIR        where the sockets are (default " READY_DIR ")\n"
"  --timeout SECONDS    how long to wait for the programs (default 60)\n"
"  --start HOW          'reboot' at once, or by 'systemd', which stops all services;\n"
"                       the default is the latter if systemd holds devices or sessions\n"
"  --store PID          the process that holds them (default 1)\n"
"  --force              go on although a check fails or a session lacks something\n"
"  --no-session         go on although nothing is preserved\n"
"  --corrupt-memory     go on although the next kernel will use memory that devices\n"
"                       write; --force is not enough for that\n"
"  --dry-run            do all but the last step, then cancel\n"
"  --json               one object a line, for programs; one of them has the result\n"
"  --detailed-exitcode  more precise exit codes, see 'carryover --help'\n"
"\n"
"examples:\n"
"  carryover run --kernel /boot/vmlinuz-7.3.4 --initrd /boot/initrd.img-7.3.4\n"
"  carryover run --kernel bzImage --append 'loglevel=7' --session disk --timeout 10\n"
"  carryover run --kernel bzImage --dry-run\n"
"  carryover run --kernel bzImage --start systemd\n"
"\n"
"exit codes (of a run that returns): 0 all was ready in a dry run, 1 a check failed\n"
"or a program was not ready, 2 wrong usage, 3 an error; in detail also 4 ready with\n"
"warnings, 5 a program refused, 6 was late, 7 is gone, 8 a session is incomplete, 9 the\n"
"image could not be loaded, 10 not started";

enum { OPT_KERNEL = 1, OPT_INITRD, OPT_CMDLINE, OPT_APPEND, OPT_SESSION, OPT_SOCKETS,
       OPT_TIMEOUT, OPT_START, OPT_STORE, OPT_FORCE, OPT_NO_SESSION, OPT_CORRUPT,
       OPT_DRY_RUN, OPT_JSON, OPT_DETAILED, OPT_HELP };

static const struct option options[] = {
	{ "kernel", required_argument, NULL, OPT_KERNEL },
	{ "initrd", required_argument, NULL, OPT_INITRD },
	{ "command-line", required_argument, NULL, OPT_CMDLINE },
	{ "append", required_argument, NULL, OPT_APPEND },
	{ "session", required_argument, NULL, OPT_SESSION },
	{ "sockets", required_argument, NULL, OPT_SOCKETS },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "start", required_argument, NULL, OPT_START },
	{ "store", required_argument, NULL, OPT_STORE },
	{ "force", no_argument, NULL, OPT_FORCE },
	{ "no-session", no_argument, NULL, OPT_NO_SESSION },
	{ "corrupt-memory", no_argument, NULL, OPT_CORRUPT },
	{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "detailed-exitcode", no_argument, NULL, OPT_DETAILED },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 }
};

void run_help(void)
{
	puts(help);
}

static int take_start(struct run_args *args)
{
	if (!strcmp(optarg, "reboot")) {
		args->start = START_REBOOT;
	} else if (!strcmp(optarg, "systemd")) {
		args->start = START_SYSTEMD;
	} else {
		cmd_error("run", "--start: '%s' is neither reboot nor systemd", optarg);
		return EXIT_USAGE;
	}
	return 0;
}

static int take(struct run_args *args, int option)
{
	char *end;

	switch (option) {
	case OPT_KERNEL: args->plan.kernel = optarg; return 0;
	case OPT_INITRD: args->plan.initrd = optarg; return 0;
	case OPT_CMDLINE: args->cmdline = optarg; return 0;
	case OPT_APPEND: args->append = optarg; return 0;
	case OPT_SOCKETS: args->sockets = optarg; return 0;
	case OPT_FORCE: args->force = true; return 0;
	case OPT_NO_SESSION: args->no_session = true; return 0;
	case OPT_CORRUPT: args->corrupt = true; return 0;
	case OPT_DRY_RUN: args->dry_run = true; return 0;
	case OPT_JSON: args->json = true; return 0;
	case OPT_DETAILED: args->detailed = true; return 0;
	case OPT_HELP: args->help = true; return 0;
	case OPT_SESSION:
		if (args->wanted_count < SESSIONS_MAX) {
			args->wanted[args->wanted_count++] = optarg;
			return 0;
		}
		cmd_error("run", "more than %d sessions", SESSIONS_MAX);
		return EXIT_USAGE;
	case OPT_START:
		return take_start(args);
	case OPT_STORE:
		args->store = pid_value(optarg);
		if (args->store)
			return 0;
		cmd_error("run", "--store: '%s' is no process ID", optarg);
		return EXIT_USAGE;
	case OPT_TIMEOUT:
		args->timeout = strtoul(optarg, &end, 10);
		if (end != optarg && !*end && args->timeout && args->timeout < 86400)
			return 0;
		cmd_error("run", "--timeout: '%s' is no number of seconds", optarg);
	}
	return cmd_usage("run");
}

int run_parse(struct run_args *args, int argc, char **argv)
{
	int option, ret = 0;

	*args = (struct run_args){ .sockets = READY_DIR, .timeout = 60, .store = STORE_SYSTEMD };
	while (!ret && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
		ret = take(args, option);
	args->plan.devices = argv + optind;
	args->plan.device_count = argc - optind;
	if (!ret && !args->help && !args->plan.kernel) {
		cmd_error("run", "--kernel is missing");
		ret = cmd_usage("run");
	}
	return ret;
}
