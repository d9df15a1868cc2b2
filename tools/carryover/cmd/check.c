// SPDX-License-Identifier: GPL-2.0-only
/* carryover check: can this machine and that kernel do a live update? */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "cmd.h"
#include "cmdline.h"
#include "exits.h"
#include "host.h"
#include "store.h"

static const char help[] =
"usage: carryover check [OPTION...] [DEVICE...]\n"
"\n"
"Can this machine, and a second kernel, do a live update? Finds the blockers and gives\n"
"the remedies. Undoes all of its changes. Without DEVICE (0000:00:03.0) it checks all\n"
"devices that vfio-pci has.\n"
"\n"
"  --kernel IMAGE       the second kernel: can it take over, and does it fit?\n"
"  --initrd FILE        its initrd, which has to fit as well\n"
"  --command-line TEXT  its command line (default: that of the running kernel)\n"
"  --append TEXT        more of it\n"
"  --session NAME       a session name that has to be free; may repeat\n"
"  --pins SIZE          how much memory programs will map, such as 2G\n"
"  --store[=PID]        rehearse the handover of the files of systemd's services, or of\n"
"                       those that another process holds: preserve and close\n"
"  --root DIR           look at copies of /proc and /sys below DIR\n"
"  --all                show what is good, too\n"
"  --json               for programs\n"
"  --detailed-exitcode  4 instead of 0 when there are warnings\n"
"\n"
"examples:\n"
"  carryover check\n"
"  carryover check --all 0000:00:03.0 0000:00:04.0\n"
"  carryover check --kernel /boot/vmlinuz-7.3.4 --initrd /boot/initrd.img-7.3.4\n"
"  carryover check --store\n"
"  carryover check --json | jq '.findings[] | select(.level == \"fail\")'\n"
"\n"
"exit codes: 0 ready, 1 a check failed, 2 wrong usage, 3 the image or the machine could\n"
"not be read";

enum { OPT_KERNEL = 1, OPT_INITRD, OPT_CMDLINE, OPT_APPEND, OPT_SESSION, OPT_PINS,
       OPT_STORE, OPT_ROOT, OPT_ALL, OPT_JSON, OPT_DETAILED, OPT_HELP };

static const struct option options[] = {
	{ "kernel", required_argument, NULL, OPT_KERNEL },
	{ "initrd", required_argument, NULL, OPT_INITRD },
	{ "command-line", required_argument, NULL, OPT_CMDLINE },
	{ "append", required_argument, NULL, OPT_APPEND },
	{ "session", required_argument, NULL, OPT_SESSION },
	{ "pins", required_argument, NULL, OPT_PINS },
	{ "store", optional_argument, NULL, OPT_STORE },
	{ "root", required_argument, NULL, OPT_ROOT },
	{ "all", no_argument, NULL, OPT_ALL },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "detailed-exitcode", no_argument, NULL, OPT_DETAILED },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 }
};

struct arguments {
	struct plan plan;
	const char *cmdline;
	const char *append;
	bool all;
	bool json;
	bool detailed;
	bool help;
};

/* 0, or an exit code. */
static int take(struct arguments *args, int option)
{
	struct plan *plan = &args->plan;

	switch (option) {
	case OPT_KERNEL: plan->kernel = optarg; return 0;
	case OPT_INITRD: plan->initrd = optarg; return 0;
	case OPT_CMDLINE: args->cmdline = optarg; return 0;
	case OPT_APPEND: args->append = optarg; return 0;
	case OPT_ALL: args->all = true; return 0;
	case OPT_JSON: args->json = true; return 0;
	case OPT_DETAILED: args->detailed = true; return 0;
	case OPT_HELP: args->help = true; return 0;
	case OPT_ROOT:
		host_root = optarg;
		if (strlen(optarg) <= HOST_ROOT_MAX)
			return 0;
		cmd_error("check", "--root: more than %d bytes", HOST_ROOT_MAX);
		break;
	case OPT_SESSION:
		if (plan->session_count < SESSIONS_MAX) {
			plan->sessions[plan->session_count++] = optarg;
			return 0;
		}
		cmd_error("check", "more than %d sessions", SESSIONS_MAX);
		break;
	case OPT_PINS:
		plan->pins = size_value(optarg);
		if (plan->pins)
			return 0;
		cmd_error("check", "--pins: '%s' is no size", optarg);
		break;
	case OPT_STORE:
		plan->store = optarg ? pid_value(optarg) : STORE_SYSTEMD;
		if (plan->store)
			return 0;
		cmd_error("check", "--store: '%s' is no process ID", optarg);
	}
	return cmd_usage("check");
}

static int parse(struct arguments *args, int argc, char **argv)
{
	int option, ret = 0;

	while (!ret && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
		ret = take(args, option);
	args->plan.devices = argv + optind;
	args->plan.device_count = argc - optind;
	if (!ret && args->plan.store && host_root[0]) {
		cmd_error("check", "--store looks at this machine, --root at another");
		ret = cmd_usage("check");
	}
	return ret;
}

static int open_image(struct report *report, const struct plan *plan, struct image *image)
{
	int ret = image_open(image, plan->kernel);

	if (ret == -ENOEXEC)
		report_add(report, LEVEL_FAIL, "image", plan->kernel,
			   "give a bzImage, an EFI zboot image, an arm64 Image or an ELF file",
			   "it is no kernel image of a kind known here");
	else if (ret == -EBADMSG)
		report_add(report, LEVEL_FAIL, "image", plan->kernel, "copy it anew",
			   "the image is damaged");
	else if (ret)
		report_add(report, LEVEL_FAIL, "image", plan->kernel, NULL,
			   "it cannot be read: %s", strerror(-ret));
	return ret;
}

int check_all(struct report *report, const struct plan *plan)
{
	struct image image = { 0 };
	struct machine machine;
	int ret = plan->kernel ? open_image(report, plan, &image) : 0;
	bool have = plan->kernel && !ret;

	machine_read(&machine);
	check_kernel(report, &machine);
	check_kexec(report, &machine, plan, have ? &image : NULL);
	check_rights(report);
	check_memory(report, &machine, plan, have ? &image : NULL);
	check_devices(report, plan);
	check_sessions(report, plan);
	check_store(report, plan);
	if (have)
		check_image(report, &machine, plan, &image);
	image_close(&image);
	machine_free(&machine);
	return ret;
}

static void show_json(const struct report *report, enum cmd_exit code)
{
	json_t *json = report_json(report);

	json_object_set_new(json, "result", json_string(exit_word(code)));
	json_object_set_new(json, "exitcode", json_integer(code));
	json_dumpf(json, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(json);
}

static int show(const struct report *report, const struct arguments *args, int ret)
{
	enum cmd_exit code = ret ? EXIT_ERROR : report_code(report);

	if (args->json)
		show_json(report, code);
	else
		report_print(report, args->all);
	return exit_given(code, args->detailed);
}

int cmd_check(int argc, char **argv)
{
	struct arguments args = { 0 };
	struct report report;
	char *cmdline;
	int ret = parse(&args, argc, argv);

	if (ret)
		return ret;
	if (args.help) {
		puts(help);
		return EXIT_GOOD;
	}
	cmdline = cmdline_make(args.cmdline, args.append);
	args.plan.cmdline = cmdline;
	report_begin(&report);
	ret = show(&report, &args, check_all(&report, &args.plan));
	report_end(&report);
	free(cmdline);
	return ret;
}
