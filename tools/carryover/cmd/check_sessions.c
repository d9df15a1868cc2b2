// SPDX-License-Identifier: GPL-2.0-only
/* Are the names of the sessions free? */
#include <errno.h>
#include <unistd.h>

#include "carryover.h"
#include "check.h"
#include "host.h"

/* Made and closed again: nothing was put in, so nothing changed. */
static void check_name(struct report *report, int luo, const char *name)
{
	int session = co_session_create(luo, name);

	if (session >= 0) {
		report_add(report, LEVEL_GOOD, "session", name, NULL, "the name is free");
		close(session);
	} else if (session == -EEXIST) {
		report_add(report, LEVEL_FAIL, "session", name,
			   "take another name, or end the program that holds the session",
			   "a session of that name exists");
	} else {
		report_add(report, LEVEL_FAIL, "session", name, NULL, "%s", co_error());
	}
}

/* Somebody keeps the device to itself. */
static void check_luo(struct report *report, const struct plan *plan)
{
	int luo = co_luo_open();

	if (luo == -EBUSY)
		report_add(report, LEVEL_FAIL, "session", "/dev/liveupdate",
			   "close it there, 'fuser /dev/liveupdate' names the program",
			   "another program has it open, and only one can");
	else if (luo < 0)
		report_add(report, LEVEL_FAIL, "session", "/dev/liveupdate",
			   "see the other findings, or run as root", "%s", co_error());
	for (unsigned int i = 0; luo >= 0 && i < plan->session_count; i++)
		check_name(report, luo, plan->sessions[i]);
	if (luo >= 0)
		close(luo);
}

void check_sessions(struct report *report, const struct plan *plan)
{
	/* Of another machine's files nobody can ask. */
	if (plan->session_count && !host_root[0])
		check_luo(report, plan);
}
