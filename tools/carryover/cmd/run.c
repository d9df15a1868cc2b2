// SPDX-License-Identifier: GPL-2.0-only
/* carryover run: check, load, wait until all are ready, kexec. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "cmd.h"
#include "cmdline.h"
#include "exits.h"
#include "in_use.h"
#include "kexec.h"
#include "outcome.h"
#include "outgoing.h"
#include "ready.h"
#include "run_args.h"
#include "store.h"

static struct run_args args;
static struct outcome outcome;
static bool warned;
static volatile sig_atomic_t stopped;

static void note_signal(int number)
{
	stopped = number;
}

/* The loaded kernel, and those that were asked to prepare, are not left like this. */
static void take_signals(void (*handler)(int number))
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	const struct sigaction action = { .sa_handler = handler };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
}

static bool is_stopped(void)
{
	return stopped;
}

/* A line for people, or an object for programs; takes over @more. */
static void tell(const char *event, const char *object, const char *text, json_t *more)
{
	json_t *line;

	if (!args.json) {
		printf("%-8s  %s%s%s\n", event, object ? object : "",
		       object && text ? ": " : "", text ? text : "");
		json_decref(more);
	} else {
		line = json_pack("{ss ss* ss*}", "event", event, "object", object, "text", text);
		if (!line)
			line = json_pack("{ss}", "event", event);
		json_object_update(line, more);
		json_decref(more);
		json_dumpf(line, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(line);
	}
	fflush(stdout);
}

/* The line in which a run that comes back ends; returns @code. */
static int conclude(const char *event, const char *object, const char *text, enum cmd_exit code)
{
	tell(event, object, text, outcome_json(&outcome, code, object, text));
	return code;
}

static int fail(const char *object, const char *text, enum cmd_exit code)
{
	return conclude("failed", object, text, code);
}

static int interrupted(void)
{
	return fail("run", strsignal(stopped), EXIT_ERROR);
}

static void tell_holder(const struct holder *holder, const char *text)
{
	static const char *const states[] = { "asked", "ready", "refused", "gone", "late" };
	const char *state = states[holder->state];

	tell("program", holder->name, text, json_pack("{ss}", "state", state));
	if (holder->state > HOLDER_READY)
		outcome_blame(&outcome, "program", holder->name, state, text);
}

/* There is no other failure than those that --corrupt-memory is for. */
static bool only_corrupts(const struct report *report)
{
	return args.corrupt && report_corrupts(report) == report->count[LEVEL_FAIL];
}

/* 0, or an exit code. */
static int judge(const struct report *report, int unreadable)
{
	if (unreadable)
		return fail("check", "the image cannot be read: see above", EXIT_ERROR);
	if (report_corrupts(report) && !args.corrupt)
		return fail("check", "memory that devices write would be used: see above; --force does not go on here",
			    EXIT_NO);
	if (report_failed(report) && !args.force && !only_corrupts(report))
		return fail("check", "see above; --force goes on all the same", EXIT_NO);
	return 0;
}

/* The same. */
static int check(void)
{
	struct report report;
	int ret;

	report_begin(&report);
	ret = check_all(&report, &args.plan);
	if (args.json)
		tell("check", NULL, NULL, report_json(&report));
	else
		report_print(&report, false);
	outcome_blame_findings(&outcome, &report);
	ret = judge(&report, ret);
	if (!ret) {
		outcome_done(&outcome, "check");
		warned = report.count[LEVEL_WARN] || report.count[LEVEL_FAIL];
	}
	report_end(&report);
	return ret;
}

static void tell_kexec(const char *line)
{
	tell("kexec", NULL, line, NULL);
}

/* What somebody else loaded is not dropped in silence, and for a dry run not at all. */
static int check_loaded(void)
{
	if (!kexec_loaded())
		return 0;
	if (args.dry_run && !args.force)
		return fail("kexec", "a kernel is loaded already, which a dry run would drop; drop it with kexec -s -u, or --force",
			    EXIT_NO);
	tell("drop", NULL, "the kernel that was loaded already; it has to be loaded again if this one does not start",
	     NULL);
	return 0;
}

static int load(void)
{
	int ret = check_loaded();

	if (ret)
		return ret;
	tell("load", args.plan.kernel, args.plan.cmdline, NULL);
	ret = kexec_load(args.plan.kernel, args.plan.initrd, args.plan.cmdline, tell_kexec);
	if (ret == 127)
		return fail("kexec", "not found; apt-get install kexec-tools", EXIT_LOAD);
	if (ret)
		return fail(args.plan.kernel,
			    "kexec could not load it: see above and dmesg; a signature may be missing (EPERM, ENOKEY), the scratch areas too small (EADDRNOTAVAIL), or it is no bzImage or Image (ENOEXEC)",
			    EXIT_LOAD);
	outcome_done(&outcome, "load");
	return 0;
}

/* Of those that are not ready the first in this order is told. */
static enum cmd_exit why_not(const struct holders *holders)
{
	if (holders_count(holders, HOLDER_REFUSED))
		return EXIT_REFUSED;
	return holders_count(holders, HOLDER_GONE) ? EXIT_GONE : EXIT_LATE;
}

static int prepare(struct holders *holders)
{
	int ret = holders_find(holders, args.sockets);

	if (ret)
		return fail(args.sockets, strerror(-ret), EXIT_ERROR);
	for (unsigned int i = 0; i < args.wanted_count; i++)
		if (!holders_have(holders, args.wanted[i]))
			return fail(args.wanted[i], "no such program waits for its preparation",
				    EXIT_GONE);
	if (!holders->count)
		tell("program", NULL, "nobody asked to be waited for", NULL);
	if (!holders_prepare(holders, args.timeout))
		return stopped ? interrupted() : fail("programs", "not all are ready", why_not(holders));
	outcome_done(&outcome, "prepare");
	return 0;
}

/* Whose session it is: programs are named after theirs. */
static void tell_lack(void *arg, const struct lacking *it)
{
	bool *fatal = arg;

	tell(it->lack == LACK_DEVICE ? "warning" : "lacks", it->session, it->text, NULL);
	if (it->lack == LACK_DEVICE)
		return;
	/* All have said that they are ready: nothing comes later. */
	*fatal = true;
	outcome_blame(&outcome, "session", it->session, NULL, it->text);
}

/* systemd ends all programs first, and the sessions that nobody else holds with them. */
static void tell_lost(void *arg, const char *session)
{
	static const char text[] =
		"it is not in systemd's store, and ends with its program before the kexec";

	if (store_has_session(args.store, session))
		return;
	tell("lacks", session, text, NULL);
	outcome_blame(&outcome, "session", session, NULL, text);
	*(bool *)arg = true;
}

/* Whoever drives it was not asked, or forgot it. */
static void tell_unkept(void *arg, const char *bdf, long pid)
{
	char text[96];

	(void)arg;
	if (outgoing_has_device(bdf))
		return;
	snprintf(text, sizeof(text), "process %ld has it open, and it is in no session: it will be stopped",
		 pid);
	tell("warning", bdf, text, NULL);
}

/* There is something, and it is not what it should be; without debugfs there is nothing. */
static bool is_unreadable(int count)
{
	return count < 0 && count != -ENOENT && count != -EACCES;
}

/* What the sessions hold now. Without debugfs there is nobody to ask. */
static int verify_sessions(const struct holders *holders)
{
	bool by_systemd = args.start == START_SYSTEMD, fatal = false;
	int count = outgoing_look(tell_lack, &fatal);

	if (by_systemd)
		outgoing_names(tell_lost, &fatal);
	else
		devices_in_use(tell_unkept, NULL);
	if (fatal && !args.force)
		return fail("sessions", "a program said that it is ready and lacks something: see above; --force goes on all the same",
			    EXIT_INCOMPLETE);
	if (is_unreadable(count) && !args.force)
		return fail("sessions", "what they hold cannot be read, see carryover inspect outgoing; --force goes on all the same",
			    EXIT_INCOMPLETE);
	if (count < 0)
		tell("warning", "sessions", "what they hold cannot be seen; mount -t debugfs none /sys/kernel/debug",
		     NULL);
	/* systemd makes its own in the end, as do services that are stopped. */
	if ((!count || (count < 0 && !holders->count)) && !args.no_session && !by_systemd)
		return fail("sessions", "none has anything in it: all devices would be stopped; --no-session goes on all the same, --start systemd if services make theirs when they are stopped",
			    EXIT_INCOMPLETE);
	outcome_done(&outcome, "verify");
	return 0;
}

/* Comes back only on failure. From here on a signal ends it: systemd stops it, too. */
static int start_kernel(void)
{
	int ret;

	take_signals(SIG_DFL);
	if (args.start == START_SYSTEMD) {
		ret = kexec_by_systemd(tell_kexec);
		return fail("systemctl", ret == -ENOENT ? "not found; --start reboot, or start it yourself" :
			    "systemd does not start it: see above", EXIT_KEXEC);
	}
	ret = kexec_start(tell_kexec);
	return fail("kexec", ret == -ENOEXEC ?
		    "the image brings no handover data, or a session is incomplete: see above" :
		    strerror(-ret), EXIT_KEXEC);
}

/* A program may have died meanwhile, and its session with it. */
static int still_ready(struct holders *holders)
{
	return holders_still(holders) ? 0 :
	       fail("programs", "one is not ready any more", why_not(holders));
}

static int start(struct holders *holders)
{
	int ret = verify_sessions(holders);

	if (ret)
		return ret;
	if (args.dry_run)
		return conclude("ready", NULL, "a dry run ends here",
				warned ? EXIT_WARNINGS : EXIT_GOOD);
	tell("kexec", args.plan.kernel, args.start == START_SYSTEMD ?
	     "by systemd, when it has stopped all services" : "now", NULL);
	ret = still_ready(holders);
	if (!ret)
		ret = verify_sessions(holders);
	/* That takes as long as there is much to read. */
	if (!ret)
		ret = still_ready(holders);
	if (ret)
		return ret;
	return is_stopped() ? interrupted() : start_kernel();
}

static int run(void)
{
	static struct holders holders = { .tell = tell_holder, .is_stopped = is_stopped };
	int ret = check();

	if (!ret)
		ret = load();
	if (ret)
		return ret;
	take_signals(note_signal);
	/* Before anybody waits: it may take long. */
	if (!args.dry_run) {
		kexec_sync(tell_kexec);
		outcome_done(&outcome, "sync");
	}
	ret = prepare(&holders);
	if (!ret)
		ret = start(&holders);
	holders_cancel(&holders);
	kexec_unload(tell_kexec);
	return ret;
}

/* Only systemd hands over what it holds, and it has to be asked to. */
static void choose_start(void)
{
	bool used = store_in_use(args.store);

	if (args.start == START_REBOOT && used)
		tell("warning", "store", "systemd holds devices or sessions of services, and hands over none of them like this",
		     NULL);
	if (args.start == START_AUTO && used)
		tell("store", NULL, "systemd holds devices or sessions of services: it has to start the kernel",
		     NULL);
	if (args.start == START_AUTO)
		args.start = used ? START_SYSTEMD : START_REBOOT;
	if (args.start == START_SYSTEMD)
		args.plan.store = args.store;
}

int cmd_run(int argc, char **argv)
{
	char *cmdline;
	int ret = run_parse(&args, argc, argv);

	if (ret)
		return ret;
	if (args.help) {
		run_help();
		return EXIT_GOOD;
	}
	cmdline = cmdline_make(args.cmdline, args.append);
	args.plan.cmdline = cmdline;
	outcome_begin(&outcome);
	choose_start();
	/* Whoever reads along may end: the loaded kernel is unloaded all the same. */
	signal(SIGPIPE, SIG_IGN);
	ret = run();
	outcome_end(&outcome);
	free(cmdline);
	return exit_given(ret, args.detailed);
}
