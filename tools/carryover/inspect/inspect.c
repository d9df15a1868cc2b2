// SPDX-License-Identifier: GPL-2.0-only
/* The command: what to read, how to show it. */
#include <errno.h>
#include <getopt.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inspect.h"

#define INSPECT_LIVE	"/sys/kernel/debug/liveupdate/"

struct options {
	const char *path;
	const char *svg;
	const char *extract;
	const char *save;
	bool verify;
	bool json;
};

static const char help[] =
	"usage: carryover inspect [OPTION...] outgoing|incoming|FILE|-\n"
	"\n"
	"Shows a handover from one kernel to the next: sessions, their files, and the\n"
	"state of iommufds, VFIO devices and memfds.\n"
	"\n"
	"  outgoing      the handover that this kernel will leave\n"
	"  incoming      the handover that arrived, without files that were retrieved\n"
	"  FILE          saved earlier: all of it, or one handover blob; - is stdin\n"
	"\n"
	"  --verify      check it as the next kernel will, and the files against\n"
	"                each other\n"
	"  --json        for programs\n"
	"  --svg FILE    draw IOVAs, the files behind them and their place in memory\n"
	"  --save FILE   write all of it to FILE, to be read with inspect or dtc\n"
	"  --extract DIR write every handover blob to a file of its own\n"
	"  --help\n"
	"\n"
	"examples:\n"
	"  carryover inspect outgoing                    in the old kernel, after PRESERVE_FD\n"
	"  carryover inspect --verify incoming           in the new kernel, before RETRIEVE_FD\n"
	"  carryover inspect --save before.dtb outgoing  keep it for later\n"
	"  carryover inspect --svg map.svg before.dtb    ... and draw it\n"
	"\n"
	"exit codes: 0 good, 1 damaged or --verify found something, 2 usage,\n"
	"3 not readable or no handover\n";

static const struct option long_options[] = {
	{ "verify", no_argument, NULL, 'v' },
	{ "json", no_argument, NULL, 'j' },
	{ "svg", required_argument, NULL, 's' },
	{ "save", required_argument, NULL, 'w' },
	{ "extract", required_argument, NULL, 'x' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 }
};

/* Return: -1 to go on, or what to exit with. */
static int parse(int argc, char **argv, struct options *options)
{
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) > 0)
		switch (option) {
		case 'v':
			options->verify = true;
			break;
		case 'j':
			options->json = true;
			break;
		case 's':
			options->svg = optarg;
			break;
		case 'w':
			options->save = optarg;
			break;
		case 'x':
			options->extract = optarg;
			break;
		case 'h':
			fputs(help, stdout);
			return INSPECT_GOOD;
		default:
			return INSPECT_USAGE;
		}
	if (optind + 1 != argc) {
		fputs("usage: carryover inspect [OPTION...] outgoing|incoming|FILE|-, see --help\n",
		      stderr);
		return INSPECT_USAGE;
	}
	options->path = argv[optind];
	return -1;
}

static const char *live_path(const char *path)
{
	if (!strcmp(path, "outgoing"))
		return INSPECT_LIVE "outgoing";
	if (!strcmp(path, "incoming"))
		return INSPECT_LIVE "incoming";
	return NULL;
}

static int read_input(const char *path, void **data, size_t *size)
{
	const char *live = live_path(path);

	if (!live)
		return source_read(path, data, size);
	if (!source_read(live, data, size))
		return 0;
	if (errno == ENOENT)
		fputs("inspect: needs debugfs mounted, liveupdate=on, and a kernel with CONFIG_KEXEC_HANDOVER_DEBUGFS and one of Carryover's handlers\n",
		      stderr);
	else if (errno == EACCES)
		fputs("inspect: only root may read this\n", stderr);
	return -1;
}

static int write_file(const char *path, const void *data, size_t size)
{
	FILE *out = fopen(path, "wb");
	bool good = out && fwrite(data, 1, size, out) == size;

	if (out)
		good &= !fclose(out);
	if (!good)
		fprintf(stderr, "inspect: %s: %s\n", path, strerror(errno));
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

static int show_all(struct handover *h, const struct options *options)
{
	struct report *report = &h->report;
	int ret = 0;

	if (options->verify)
		verify(h, report);
	if (options->json)
		show_json(h, report, stdout);
	else
		show_text(h, stdout);
	fflush(stdout);
	for (size_t i = 0; i < report->nr && !options->json; i++)
		fprintf(stderr, "inspect: %s\n", report->line[i]);
	if (report->nr < report->bad + report->notes && !options->json)
		fprintf(stderr, "inspect: and %zu more\n",
			report->bad + report->notes - report->nr);
	if (options->verify && !options->json)
		printf("verify: %zu wrong, %zu notes\n", report->bad, report->notes);
	if (options->svg)
		ret |= show_svg(h, options->svg);
	if (options->extract)
		ret |= show_extract(h, options->extract);
	if (options->save)
		ret |= write_file(options->save, h->tree, h->size);
	if (ret || fflush(stdout) || ferror(stdout))
		return INSPECT_NO_INPUT;
	return report->bad ? INSPECT_BAD : INSPECT_GOOD;
}

/**
 * cmd_inspect - "carryover inspect ..."
 * @argc: of @argv
 * @argv: the first is the command's name
 *
 * Return: enum inspect_exit.
 */
int cmd_inspect(int argc, char **argv)
{
	struct options options = { 0 };
	struct handover h;
	size_t size;
	void *data;
	bool good;
	int ret;

	ret = parse(argc, argv, &options);
	if (ret >= 0)
		return ret;
	if (read_input(options.path, &data, &size))
		return INSPECT_NO_INPUT;
	good = handover_read(&h, data, size);
	progress_end();
	if (good) {
		ret = show_all(&h, &options);
	} else {
		fprintf(stderr, "inspect: %s: %s\n", options.path, h.report.line[0]);
		ret = INSPECT_NO_INPUT;
	}
	handover_free(&h);
	return ret;
}
