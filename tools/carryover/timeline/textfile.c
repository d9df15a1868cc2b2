// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file that node_exporter's textfile collector reads. It is replaced as a
 * whole, so that nobody reads half of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "metrics.h"

static int fail(const char *object, const char *why)
{
	return cmd_error("timeline", "%s: %s", object, why);
}

/* The collector takes what ends in .prom, which the temporary file does not. */
static FILE *open_beside(const char *file, char **path)
{
	FILE *out = NULL;
	int fd;

	if (asprintf(path, "%s.XXXXXX", file) < 0) {
		*path = NULL;
		return NULL;
	}
	fd = mkostemp(*path, O_CLOEXEC);
	/* The collector is another user. */
	if (fd >= 0 && !fchmod(fd, 0644))
		out = fdopen(fd, "w");
	if (fd >= 0 && !out) {
		unlink(*path);
		close(fd);
	}
	return out;
}

static int put(const struct metrics_plan *plan, const struct timeline *t, const struct arrival *a)
{
	char *path = NULL;
	FILE *out;
	int ret = 0;

	if (!strcmp(plan->file, "-")) {
		metrics_write(stdout, t, a, plan->live);
		return fflush(stdout) ? fail("standard output", strerror(errno)) : 0;
	}
	out = open_beside(plan->file, &path);
	if (out) {
		metrics_write(out, t, a, plan->live);
		ret = ferror(out);
		ret = fclose(out) || ret || rename(path, plan->file);
	}
	if (!out || ret)
		fail(plan->file, strerror(errno));
	if (out && ret)
		unlink(path);
	free(path);
	return !out || ret ? EXIT_ERROR : 0;
}

static int read_both(const struct metrics_plan *plan, struct timeline *t, struct arrival *a)
{
	int ret = timeline_read(t, plan->from);

	*a = (struct arrival){ 0 };
	if (ret)
		return fail(plan->from, timeline_why(ret));
	ret = arrival_read(a, t);
	timeline_select(t);
	if (ret == -ENODATA)
		return fail(plan->from, "this kernel did so much since that it has forgotten how it came; nothing is written");
	return ret ? fail(plan->from, strerror(-ret)) : 0;
}

/* The verdict, written if @write; -1 after an error. */
static int look(const struct metrics_plan *plan, bool write)
{
	struct timeline t = { 0 };
	struct arrival a = { 0 };
	int ret = read_both(plan, &t, &a);

	/*
	 * Looking into sessions takes time, and while they wait nobody needs it. Names that
	 * are cut in the timeline hide a session that waits, so they are looked into always.
	 */
	if (!ret && write && plan->live && a.came) {
		ret = arrival_ask(&a);
		if (ret)
			fail("/sys/kernel/debug/liveupdate/incoming", strerror(-ret));
	}
	if (!ret && write)
		ret = put(plan, &t, &a);
	ret = ret ? -1 : (int)arrival_code(&a);
	arrival_free(&a);
	timeline_free(&t);
	return ret;
}

enum cmd_exit metrics_textfile(const struct metrics_plan *plan)
{
	const struct timespec second = { .tv_sec = 1 };
	int ret = look(plan, true);

	if (ret == EXIT_WAITING && plan->wait) {
		for (unsigned int i = 0; i < plan->wait && ret == EXIT_WAITING; i++) {
			nanosleep(&second, NULL);
			ret = look(plan, false);
		}
		ret = ret < 0 ? ret : look(plan, true);
	}
	return ret < 0 ? EXIT_ERROR : (enum cmd_exit)ret;
}
