// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel says from now on. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "log.h"

int log_open(void)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	MUST(log >= 0);
	MUST(lseek(log, 0, SEEK_END) >= 0);
	return log;
}

static bool has_all(const char *line, const char *const words[])
{
	while (*words && strstr(line, *words))
		words++;
	return !*words;
}

bool log_has(int log, const char *const words[])
{
	bool found = false;
	char line[1024];
	ssize_t len;

	/* One record a read; EPIPE says that some were overwritten. */
	while ((len = read(log, line, sizeof(line) - 1)) >= 0 ||
	       errno == EPIPE) {
		line[len < 0 ? 0 : len] = 0;
		found = found || has_all(line, words);
	}
	return found;
}
