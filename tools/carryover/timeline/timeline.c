// SPDX-License-Identifier: GPL-2.0-only
/* carryover timeline: the command. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carryover.h"
#include "cmd.h"
#include "exits.h"
#include "metrics.h"
#include "timeline.h"

#define KERNEL_FILE "/sys/kernel/debug/liveupdate/timeline"

static const char help[] =
"usage: carryover timeline [OPTION...] [FILE]\n"
"\n"
"Shows the steps of the last live update and their duration, from the first file that\n"
"the previous kernel preserved to the last session that this one finished. The times of\n"
"both kernels are of one clock, the processor's, which runs on through the kexec. FILE is\n"
"a saved copy of " KERNEL_FILE ".\n"
"\n"
"  --mark TEXT          only tell the kernel that something happens now, such as the first I/O\n"
"  --all                all events that the kernel has, not just the last live update\n"
"  --svg FILE           draw it\n"
"  --json               for programs; times in ns\n"
"  --textfile FILE      write metrics of the last live update for node_exporter's\n"
"                       textfile collector; exit with 1 if not all was taken back\n"
"  --wait SECONDS       wait until all sessions are finished, and write again then\n"
"  --detailed-exitcode  11 if something was lost, 12 if a session still waits\n"
"\n"
"examples:\n"
"  carryover timeline\n"
"  carryover timeline --mark 'first I/O'\n"
"  carryover timeline --svg update.svg\n"
"  carryover timeline --wait 60 --textfile /var/lib/prometheus/node-exporter/carryover.prom\n"
"\n"
"exit codes: 0 good, 1 there was no live update or it lost something, 2 wrong usage,\n"
"3 an error";

enum { OPT_MARK = 1, OPT_ALL, OPT_SVG, OPT_JSON, OPT_TEXTFILE, OPT_WAIT, OPT_DETAILED, OPT_HELP };

static const struct option options[] = {
	{ "mark", required_argument, NULL, OPT_MARK },
	{ "all", no_argument, NULL, OPT_ALL },
	{ "svg", required_argument, NULL, OPT_SVG },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "textfile", required_argument, NULL, OPT_TEXTFILE },
	{ "wait", required_argument, NULL, OPT_WAIT },
	{ "detailed-exitcode", no_argument, NULL, OPT_DETAILED },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 }
};

static struct {
	const char *mark;
	const char *svg;
	const char *path;
	const char *textfile;
	unsigned int wait;
	bool all;
	bool json;
	bool detailed;
	bool help;
} args = { .path = KERNEL_FILE };

static int take_wait(void)
{
	char *end;

	args.wait = strtoul(optarg, &end, 10);
	if (end != optarg && !*end && args.wait && args.wait < 86400)
		return 0;
	cmd_error("timeline", "--wait: '%s' is no number of seconds", optarg);
	return cmd_usage("timeline");
}

static int take(int option)
{
	switch (option) {
	case OPT_MARK: args.mark = optarg; return 0;
	case OPT_ALL: args.all = true; return 0;
	case OPT_SVG: args.svg = optarg; return 0;
	case OPT_JSON: args.json = true; return 0;
	case OPT_TEXTFILE: args.textfile = optarg; return 0;
	case OPT_WAIT: return take_wait();
	case OPT_DETAILED: args.detailed = true; return 0;
	case OPT_HELP: args.help = true; return 0;
	default: return cmd_usage("timeline");
	}
}

static int parse(int argc, char **argv)
{
	int option, ret = 0;

	while (!ret && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
		ret = take(option);
	if (ret || args.help)
		return ret;
	if (optind < argc)
		args.path = argv[optind++];
	if (optind < argc)
		cmd_error("timeline", "'%s': one file is enough", argv[optind]);
	else if (args.mark && strcmp(args.path, KERNEL_FILE))
		cmd_error("timeline", "--mark is for the running kernel, not for a file");
	else if (args.wait && !args.textfile)
		cmd_error("timeline", "--wait goes with --textfile");
	else if (args.textfile && (args.all || args.json || args.svg || args.mark))
		cmd_error("timeline", "--textfile goes with no other output");
	else
		return 0;
	return cmd_usage("timeline");
}

static int mark(void)
{
	int ret = co_timeline_mark(args.mark);

	if (ret == -EINVAL)
		return cmd_error("timeline", "--mark: 1 to 39 printable characters");
	return ret ? cmd_error("timeline", "%s", co_error()) : EXIT_GOOD;
}

static int draw(const struct timeline *t)
{
	FILE *out = fopen(args.svg, "we");
	int bad;

	if (!out)
		return cmd_error("timeline", "%s: %s", args.svg, strerror(errno));
	timeline_svg(t, out);
	bad = ferror(out);
	if (fclose(out) || bad)
		return cmd_error("timeline", "%s: %s", args.svg, strerror(errno));
	return EXIT_GOOD;
}

static int show(const struct timeline *t)
{
	if (args.svg)
		return draw(t);
	if (args.json)
		timeline_json(t, stdout);
	else
		timeline_text(t, stdout);
	return EXIT_GOOD;
}

const char *timeline_why(int err)
{
	switch (err) {
	case -ENOENT: return "this kernel keeps no timeline, or debugfs is not mounted";
	case -EOPNOTSUPP: return "no clock of this machine runs on through a kexec";
	case -EBADMSG: return "this is no timeline";
	default: return strerror(-err);
	}
}

static int textfile(void)
{
	const struct metrics_plan plan = {
		.from = args.path,
		.live = !strcmp(args.path, KERNEL_FILE),
		.file = args.textfile,
		.wait = args.wait,
	};

	return exit_given(metrics_textfile(&plan), args.detailed);
}

int cmd_timeline(int argc, char **argv)
{
	struct timeline t;
	int ret = parse(argc, argv);

	if (ret)
		return ret;
	if (args.help) {
		puts(help);
		return EXIT_GOOD;
	}
	if (args.mark)
		return mark();
	if (args.textfile)
		return textfile();
	ret = timeline_read(&t, args.path);
	if (ret) {
		timeline_free(&t);
		return cmd_error("timeline", "%s: %s", args.path, timeline_why(ret));
	}
	if (!args.all)
		timeline_select(&t);
	ret = t.count ? show(&t) : EXIT_NO;
	if (ret == EXIT_NO)
		fputs("carryover timeline: nothing was preserved yet\n", stderr);
	timeline_free(&t);
	return ret;
}
