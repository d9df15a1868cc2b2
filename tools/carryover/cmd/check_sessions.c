// SPDX-License-Identifier: GPL-2.0-only
/* Are the names of the sessions free, and what do sessions lack that there are? */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "carryover.h"
#include "check.h"
#include "host.h"
#include "outgoing.h"

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

static void take_lack(void *arg, const struct lacking *it)
{
	static const char *const remedies[] = {
		"preserve it in that session, or close the session",
		"preserve it in that session, unless that comes later",
		"preserve the device's file as well, or close it",
	};

	report_add(arg, it->lack == LACK_FATAL ? LEVEL_FAIL : LEVEL_WARN, "outgoing", it->session,
		   remedies[it->lack], "%s", it->text);
}

static void check_outgoing(struct report *report)
{
	int count = outgoing_look(take_lack, report);

	if (count > 0)
		report_add(report, LEVEL_NOTE, "outgoing", NULL, NULL,
			   "%d sessions have something for the next kernel", count);
	else if (count < 0 && count != -ENOENT)
		report_add(report, LEVEL_WARN, "outgoing", NULL,
			   "carryover inspect outgoing", "what sessions hold cannot be read: %s",
			   strerror(-count));
}

/*
 * Only images of kexec_file_load() bring handover data. Kernels that do not say whether
 * the loaded one has some leave it at a warning.
 */
static void check_loaded(struct report *report, const struct plan *plan)
{
	static const char again[] =
		"kexec -s -u drops it; load it with kexec -s -l, or let carryover run do that";
	char *loaded = host_read(host_path("/sys/kernel/kexec/loaded"));
	char *kho = host_read(host_path("/sys/kernel/kexec/loaded_kho"));

	if (!loaded)
		loaded = host_read(host_path("/sys/kernel/kexec_loaded"));
	if (!loaded || loaded[0] != '1')
		;
	else if (!kho)
		report_add(report, LEVEL_WARN, "loaded", NULL, again,
			   "a kernel is loaded already; if that was done by kexec -c, reboot() refuses while there are sessions");
	else if (kho[0] == '0')
		/* One that is going to be loaded takes its place. */
		report_add(report, plan->kernel ? LEVEL_WARN : LEVEL_FAIL, "loaded", NULL, again,
			   "the kernel that is loaded brings no handover data, as by kexec -c: reboot() would refuse, and systemd boot cold");
	else
		report_add(report, LEVEL_NOTE, "loaded", NULL, NULL,
			   "a kernel is loaded already, with handover data");
	free(loaded);
	free(kho);
}

void check_sessions(struct report *report, const struct plan *plan)
{
	/* Of another machine's files nobody can ask. */
	if (plan->session_count && !host_root[0])
		check_luo(report, plan);
	check_outgoing(report);
	check_loaded(report, plan);
}
