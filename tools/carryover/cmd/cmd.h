/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the carryover command share. */
#ifndef CMD_H
#define CMD_H

/**
 * enum cmd_exit - exit codes, the same for all commands
 * @EXIT_GOOD: done, or: yes
 * @EXIT_NO: a check found something that stands in the way
 * @EXIT_USAGE: the command line is wrong
 * @EXIT_ERROR: something could not be read or done
 * @EXIT_WARNINGS: yes, with warnings
 * @EXIT_REFUSED: a program refused
 * @EXIT_LATE: a program gave no answer in time
 * @EXIT_GONE: a program ended, or is not there
 * @EXIT_INCOMPLETE: a session lacks something, or there is nothing in any
 * @EXIT_LOAD: kexec could not load the image
 * @EXIT_KEXEC: the kernel did not start the image
 * @EXIT_LOST: not all that was handed over was taken back
 * @EXIT_WAITING: a session was not finished yet
 *
 * Those above EXIT_ERROR are given to who asks for them; see exits.h. Programs
 * rely on the numbers: they do not change.
 */
enum cmd_exit {
	EXIT_GOOD = 0,
	EXIT_NO = 1,
	EXIT_USAGE = 2,
	EXIT_ERROR = 3,
	EXIT_WARNINGS = 4,
	EXIT_REFUSED = 5,
	EXIT_LATE = 6,
	EXIT_GONE = 7,
	EXIT_INCOMPLETE = 8,
	EXIT_LOAD = 9,
	EXIT_KEXEC = 10,
	EXIT_LOST = 11,
	EXIT_WAITING = 12,
};

/*
 * The commands. Each gets its own name as argv[0], understands --help and
 * --json, and returns an enum cmd_exit.
 */
int cmd_check(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_inspect(int argc, char **argv);
int cmd_timeline(int argc, char **argv);

/* Print "carryover NAME: ..." to standard error; returns EXIT_ERROR. */
int cmd_error(const char *name, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Say where help is; returns EXIT_USAGE. */
int cmd_usage(const char *name);

#endif /* CMD_H */
