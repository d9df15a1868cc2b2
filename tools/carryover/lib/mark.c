// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* Marks in the kernel's timeline. */
#include "internal.h"

#define MARK "/sys/kernel/debug/liveupdate/mark"

int co_timeline_mark(const char *text)
{
	return co_write_line(MARK, text);
}
