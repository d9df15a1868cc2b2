// SPDX-License-Identifier: GPL-2.0-only
/* The plan: small files the runner put into the payload, one per stage and purpose. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "init.h"

static void plan_path(char *buf, size_t len, const char *name, int stage)
{
	if (stage)
		snprintf(buf, len, PLAN_DIR "/%s%d", name, stage);
	else
		snprintf(buf, len, PLAN_DIR "/%s", name);
}

static char *read_text(const char *path)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f;

	f = fopen(path, "re");
	if (!f)
		return NULL;
	if (getdelim(&text, &size, 0, f) < 0) {
		free(text);
		text = strdup("");
	}
	fclose(f);
	return text;
}

/*
 * Which stage this kernel is for travels on its command line, which after a
 * reboot is that of the first.
 */
int plan_stage(const struct window *w)
{
	char *text = read_text("/proc/cmdline"), *at;
	int stage = 1, least = w->rebooted_into;

	/* As for the kernel's own options the last one counts. */
	for (at = text; at && (at = strstr(at, "carryover.stage=")); ) {
		at += strlen("carryover.stage=");
		stage = atoi(at);
	}
	free(text);
	return stage > least ? stage : least;
}

bool plan_has(const char *name, int stage)
{
	char path[128];

	plan_path(path, sizeof(path), name, stage);
	return access(path, F_OK) == 0;
}

char *plan_read(const char *name, int stage)
{
	char path[128];

	plan_path(path, sizeof(path), name, stage);
	return read_text(path);
}

void plan_export_environment(void)
{
	char *text = plan_read("environment", 0), *line, *rest = text;

	while (rest && (line = strsep(&rest, "\n")))
		if (strchr(line, '='))
			putenv(line);
	/* putenv() keeps pointers into the text, which therefore stays. */
}
