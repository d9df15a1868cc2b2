/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line of carryover run. */
#ifndef RUN_ARGS_H
#define RUN_ARGS_H

#include <stdbool.h>
#include <sys/types.h>

#include "check.h"

/**
 * enum start - how the next kernel is started
 * @START_AUTO: by systemd if it holds files that only it hands over
 * @START_REBOOT: by reboot(), at once
 * @START_SYSTEMD: by "systemctl kexec"
 */
enum start {
	START_AUTO,
	START_REBOOT,
	START_SYSTEMD,
};

/**
 * struct run_args - what was asked for
 * @plan: the update
 * @cmdline: the command line that was given
 * @append: more of it
 * @sockets: where programs listen
 * @wanted: programs that have to be there
 * @wanted_count: how many
 * @timeout: in seconds, for the programs
 * @start: how it is started; not START_AUTO once that is decided
 * @store: process whose files systemd hands over
 * @force: go on although something is wrong
 * @no_session: go on although nothing is kept
 * @corrupt: go on although memory is overwritten
 * @dry_run: all but the last step
 * @json: for programs
 * @detailed: exit codes
 * @help: only say what there is
 */
struct run_args {
	struct plan plan;
	const char *cmdline;
	const char *append;
	const char *sockets;
	const char *wanted[SESSIONS_MAX];
	unsigned int wanted_count;
	unsigned int timeout;
	enum start start;
	pid_t store;
	bool force;
	bool no_session;
	bool corrupt;
	bool dry_run;
	bool json;
	bool detailed;
	bool help;
};

/* 0, or an exit code after a message. */
int run_parse(struct run_args *args, int argc, char **argv);

/* What --help says. */
void run_help(void);

#endif /* RUN_ARGS_H */
