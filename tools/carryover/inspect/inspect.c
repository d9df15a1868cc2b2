// SPDX-License-Identifier: GPL-2.0-only
/* carryover inspect: what to read, how to show it. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "host.h"
#include "inspect.h"

#define INSPECT_LIVE	"/sys/kernel/debug/liveupdate/"

struct options {
	const char *path;
	const char *svg;
	const char *extract;
	const char *save;
	bool verify;
	bool json;
	bool help;
};

static const char help[] =
"usage: carryover inspect [OPTION...] outgoing|incoming|FILE|-\n"
"\n"
"Shows a handover from one kernel to the next: sessions, their files, and the state of\n"
"iommufds, VFIO devices and memfds.\n"
"\n"
"  outgoing       the handover that this kernel will leave\n"
"  incoming       the handover that arrived, without files that were retrieved\n"
"  FILE           saved earlier: all of it, or one handover blob; - is stdin\n"
"\n"
"  --verify       check it as the next kernel will, and the files against each other\n"
"  --json         for programs\n"
"  --svg FILE     draw IOVAs, the files behind them and their place in memory\n"
"  --save FILE    write all of it to FILE, to be read with inspect or dtc\n"
"  --extract DIR  write every handover blob to a file of its own\n"
"\n"
"examples:\n"
"  carryover inspect outgoing                    in the old kernel, after PRESERVE_FD\n"
"  carryover inspect --verify incoming           in the new kernel, before RETRIEVE_FD\n"
"  carryover inspect --save before.dtb outgoing  keep it for later\n"
"  carryover inspect --svg map.svg before.dtb    ... and draw it\n"
"\n"
"exit codes: 0 good, 1 damaged or --verify found something, 2 wrong usage, 3 not\n"
"readable or no handover";

enum { OPT_VERIFY = 1, OPT_JSON, OPT_SVG, OPT_SAVE, OPT_EXTRACT, OPT_HELP };

static const struct option long_options[] = {
	{ "verify", no_argument, NULL, OPT_VERIFY },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "svg", required_argument, NULL, OPT_SVG },
	{ "save", required_argument, NULL, OPT_SAVE },
	{ "extract", required_argument, NULL, OPT_EXTRACT },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 }
};

/* 0, or an exit code. */
static int take(struct options *options, int option)
{
	switch (option) {
	case OPT_VERIFY: options->verify = true; return 0;
	case OPT_JSON: options->json = true; return 0;
	case OPT_SVG: options->svg = optarg; return 0;
	case OPT_SAVE: options->save = optarg; return 0;
	case OPT_EXTRACT: options->extract = optarg; return 0;
	case OPT_HELP: options->help = true; return 0;
	default: return cmd_usage("inspect");
	}
}

static int parse(struct options *options, int argc, char **argv)
{
	int option, ret = 0;

	while (!ret && (option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		ret = take(options, option);
	if (ret || options->help)
		return ret;
	if (optind + 1 == argc) {
		options->path = argv[optind];
		return 0;
	}
	if (optind < argc)
		cmd_error("inspect", "'%s': one at a time", argv[optind + 1]);
	else
		cmd_error("inspect", "what is to be shown: outgoing, incoming or a file?");
	return cmd_usage("inspect");
}

static const char *live_path(const char *path)
{
	if (!strcmp(path, "outgoing"))
		return INSPECT_LIVE "outgoing";
	if (!strcmp(path, "incoming"))
		return INSPECT_LIVE "incoming";
	return NULL;
}

static void reading(size_t used)
{
	progress("reading", used, 0);
}

/* A file of any kind, whose size only reading tells. */
static void *read_file(const char *path, size_t *size)
{
	int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
	void *data = fd < 0 ? NULL : host_read_fd(fd, size, reading);
	int err = errno;

	progress_end();
	if (!data)
		cmd_error("inspect", "%s: %s", path, strerror(err));
	if (fd >= 0)
		close(fd);
	errno = err;
	return data;
}

static void *read_input(const char *path, size_t *size)
{
	const char *live = live_path(path);
	void *data = read_file(live ?: path, size);

	if (!data && live && errno == ENOENT)
		cmd_error("inspect", "needs debugfs mounted, liveupdate=on, and a kernel with CONFIG_KEXEC_HANDOVER_DEBUGFS and one of Carryover's handlers");
	else if (!data && live && errno == EACCES)
		cmd_error("inspect", "only root may read this");
	return data;
}

static int write_file(const char *path, const void *data, size_t size)
{
	FILE *out = fopen(path, "wb");
	bool good = out && fwrite(data, 1, size, out) == size;

	if (out)
		good &= !fclose(out);
	if (!good)
		cmd_error("inspect", "%s: %s", path, strerror(errno));
	return good ? 0 : -1;
}

int show_extract(const struct handover *h, const char *folder)
{
	int ret = 0;

	for (size_t i = 0; i < h->nr_sessions && !ret; i++)
		for (size_t j = 0; j < h->session[i].nr_files && !ret; j++) {
			const struct file *f = &h->session[i].file[j];
			char path[4096];

			if (!f->tree)
				continue;
			snprintf(path, sizeof(path), "%s/session-%zu-token-%llu.dtb", folder,
				 i, (unsigned long long)f->token);
			ret = write_file(path, f->tree, fdt_totalsize(f->tree));
		}
	return ret;
}

static void show_findings(const struct report *report)
{
	size_t all = report->count[LEVEL_FAIL] + report->count[LEVEL_NOTE];
	size_t kept = json_array_size(report->findings);
	char line[INSPECT_LINE];

	for (size_t i = 0; i < kept; i++)
		cmd_error("inspect", "%s", report_line(report, i, line, sizeof(line)));
	if (kept < all)
		cmd_error("inspect", "and %zu more", all - kept);
}

/* 0, or -1 when not all could be written. */
static int show_elsewhere(const struct handover *h, const struct options *options)
{
	int ret = 0;

	if (options->svg)
		ret |= show_svg(h, options->svg);
	if (options->extract)
		ret |= show_extract(h, options->extract);
	if (options->save)
		ret |= write_file(options->save, h->tree, h->size);
	return ret;
}

static int show_all(struct handover *h, const struct options *options)
{
	struct report *report = &h->report;

	if (options->verify)
		verify(h, report);
	if (options->json) {
		show_json(h, report, stdout);
	} else {
		show_text(h, stdout);
		fflush(stdout);
		show_findings(report);
		if (options->verify)
			printf("verify: %u wrong, %u notes\n", report->count[LEVEL_FAIL],
			       report->count[LEVEL_NOTE]);
	}
	if (show_elsewhere(h, options) || fflush(stdout) || ferror(stdout))
		return EXIT_ERROR;
	return report_failed(report) ? EXIT_NO : EXIT_GOOD;
}

int cmd_inspect(int argc, char **argv)
{
	struct options options = { 0 };
	char why[INSPECT_LINE];
	struct handover h;
	size_t size = 0;
	bool good;
	void *data;
	int ret = parse(&options, argc, argv);

	if (ret)
		return ret;
	if (options.help) {
		puts(help);
		return EXIT_GOOD;
	}
	data = read_input(options.path, &size);
	if (!data)
		return EXIT_ERROR;
	good = handover_read(&h, data, size);
	progress_end();
	ret = good ? show_all(&h, &options) :
		cmd_error("inspect", "%s: %s", options.path,
			  report_line(&h.report, 0, why, sizeof(why)));
	handover_free(&h);
	return ret;
}
