// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* Marks in the kernel's timeline. */
#include "internal.h"

#define TIMELINE "/sys/kernel/debug/liveupdate/timeline"

int co_timeline_mark(const char *text)
{
	return co_write_line(TIMELINE, text);
}
