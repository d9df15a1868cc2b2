// SPDX-License-Identifier: GPL-2.0-only
/* carryover timeline: the command. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "timeline.h"

#define KERNEL_FILE "/sys/kernel/debug/liveupdate/timeline"

static const char help[] =
"usage: carryover timeline [OPTION...] [FILE]\n"
"\n"
"Shows what the last live update did and how long it took, from the first file that\n"
"the previous kernel preserved to the last session this one finished. Both kernels' times\n"
"are of one clock, the processor's, which runs on through the kexec. FILE is a saved\n"
"copy of " KERNEL_FILE ".\n"
"\n"
"  --mark TEXT  only tell the kernel that something happens now, such as the first I/O\n"
"  --all        all the kernel remembers, not just the last live update\n"
"  --svg FILE   draw it\n"
"  --json       for programs; times in ns\n"
"\n"
"examples:\n"
"  carryover timeline\n"
"  carryover timeline --mark 'first I/O'\n"
"  carryover timeline --svg update.svg\n"
"\n"
"exit codes: 0 good, 1 there was no live update, 2 wrong usage, 3 an error";

enum { OPT_MARK = 1, OPT_ALL, OPT_SVG, OPT_JSON, OPT_HELP };

static const struct option options[] = {
	{ "mark", required_argument, NULL, OPT_MARK },
	{ "all", no_argument, NULL, OPT_ALL },
	{ "svg", required_argument, NULL, OPT_SVG },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 }
};

static struct {
	const char *mark;
	const char *svg;
	const char *path;
	bool all;
	bool json;
	bool help;
} args = { .path = KERNEL_FILE };

static int parse(int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case OPT_MARK: args.mark = optarg; break;
		case OPT_ALL: args.all = true; break;
		case OPT_SVG: args.svg = optarg; break;
		case OPT_JSON: args.json = true; break;
		case OPT_HELP: args.help = true; break;
		default: return cmd_usage("timeline");
		}
	}
	if (optind < argc)
		args.path = argv[optind++];
	if (optind == argc)
		return 0;
	cmd_error("timeline", "'%s': one file is enough", argv[optind]);
	return cmd_usage("timeline");
}

static int mark(void)
{
	int fd = open(args.path, O_WRONLY | O_CLOEXEC);
	ssize_t len = strlen(args.mark);
	int ret = EXIT_GOOD;

	if (fd < 0)
		return cmd_error("timeline", "%s: %s", args.path, strerror(errno));
	if (write(fd, args.mark, len) != len)
		ret = errno == EINVAL ?
			cmd_error("timeline", "--mark: 1 to 39 printable characters") :
			cmd_error("timeline", "%s: %s", args.path, strerror(errno));
	close(fd);
	return ret;
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

static const char *why(int err)
{
	switch (err) {
	case -ENOENT: return "this kernel keeps no timeline, or debugfs is not mounted";
	case -EOPNOTSUPP: return "no clock of this machine runs on through a kexec";
	case -EBADMSG: return "this is no timeline";
	default: return strerror(-err);
	}
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
	ret = timeline_read(&t, args.path);
	if (ret) {
		timeline_free(&t);
		return cmd_error("timeline", "%s: %s", args.path, why(ret));
	}
	if (!args.all)
		timeline_select(&t);
	ret = t.count ? show(&t) : EXIT_NO;
	if (ret == EXIT_NO)
		fputs("carryover timeline: nothing was preserved yet\n", stderr);
	timeline_free(&t);
	return ret;
}
