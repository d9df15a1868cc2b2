// SPDX-License-Identifier: GPL-2.0-only
/* Failures on demand, by /proc/thread-self/fail-nth. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "inject.h"

#define DEBUGFS "/sys/kernel/debug"
#define MOST	400	/* failure points of one call */

static int nth = -1;

static bool set(const char *folder, const char *name, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), DEBUGFS "/%s/%s", folder, name);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return false;
	MUST(write(fd, value, strlen(value)) == (ssize_t)strlen(value));
	close(fd);
	return true;
}

/* A stack trace at every failure would look like one that was not asked for. */
static void be_quiet(void)
{
	DIR *dir = opendir(DEBUGFS);
	struct dirent *entry;

	MUST(dir);
	while ((entry = readdir(dir)))
		if (!strncmp(entry->d_name, "fail", 4))
			set(entry->d_name, "verbose", "0");
	closedir(dir);
}

void inject_setup(void)
{
	MUST(set("failslab", "ignore-gfp-wait", "N"));
	MUST(set("fail_page_alloc", "ignore-gfp-wait", "N"));
	MUST(set("fail_page_alloc", "ignore-gfp-highmem", "N"));
	MUST(set("fail_page_alloc", "min-order", "0"));
	be_quiet();
	nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	MUST(nth >= 0);
}

void inject_arm(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	MUST(pwrite(nth, text, len, 0) == len);
}

/* The calls in here may be the ones that fail, and then none has before. */
bool inject_disarm(void)
{
	char text[16] = "";
	bool failed = pread(nth, text, sizeof(text) - 1, 0) > 0 &&
		      !atoi(text);

	while (pwrite(nth, "0", 1, 0) < 0) {
		MUST(errno == EFAULT);
		failed = false;
	}
	return failed;
}

bool inject_was(int ret)
{
	return ret == -ENOMEM || ret == -EFAULT || ret == -ENOSPC;
}

void sweep_count(struct sweep *sweep, bool hit, int ret)
{
	MUST(sweep->n < MOST);
	sweep->n++;
	if (ret < 0) {
		sweep->failed++;
		CHECK(hit);
	} else if (hit) {
		sweep->absorbed++;
	}
}

void sweep_end(const struct sweep *sweep)
{
	test_say("%-24s %u failure points: %u errors, %u without effect",
		 sweep->what, sweep->failed + sweep->absorbed, sweep->failed,
		 sweep->absorbed);
}
