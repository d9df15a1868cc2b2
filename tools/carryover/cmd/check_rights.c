// SPDX-License-Identifier: GPL-2.0-only
/* What this process may do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/capability.h>

#include "check.h"
#include "host.h"

static const struct {
	int number;
	const char *name;
	const char *why;
} needed[] = {
	{ CAP_SYS_RAWIO, "CAP_SYS_RAWIO", "open VFIO devices without an IOMMU" },
	{ CAP_SYS_BOOT, "CAP_SYS_BOOT", "load and start the next kernel" },
};

void check_rights(struct report *report)
{
	char *status = host_read(host_path("/proc/self/status"));
	char *at = status ? strstr(status, "\nCapEff:") : NULL;
	unsigned long long have = at ? strtoull(at + 8, NULL, 16) : 0;

	free(status);
	if (!at)
		return;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (have & 1ull << needed[i].number)
			report_add(report, LEVEL_GOOD, "capability", NULL, NULL,
				   "%s is there", needed[i].name);
		else
			report_add(report, LEVEL_FAIL, "capability", NULL,
				   "run as root, or with that capability",
				   "no %s, which is needed to %s",
				   needed[i].name, needed[i].why);
}
