// SPDX-License-Identifier: GPL-2.0-only
/*
 * An agent that has /dev/liveupdate and keeps it: programs get sessions from it, by
 * descriptor.
 *
 *   t-agent NAME PROGRAM [ARGUMENT...]
 *
 * starts the program with --into FD, a session for the next kernel, and with --from FD,
 * the one that has arrived, if there is one. It ends as the program does.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "rig.h"

#define MOST	32

static char *number(int fd)
{
	char *text = NULL;

	fcntl(fd, F_SETFD, 0);
	MUST(asprintf(&text, "%d", fd) > 0);
	return text;
}

static _Noreturn void start(char **argv, int into, int from)
{
	char *args[MOST + 5] = { NULL };
	int count = 0;

	while (argv[count] && count < MOST) {
		args[count] = argv[count];
		count++;
	}
	args[count++] = "--into";
	args[count++] = number(into);
	if (from >= 0) {
		args[count++] = "--from";
		args[count++] = number(from);
	}
	execvp(args[0], args);
	perror(args[0]);
	_exit(127);
}

int main(int argc, char **argv)
{
	int luo = WORKS(co_luo_open()), into, from, status;
	pid_t child;

	MUST(argc > 2);
	/* As for everybody else, whom co_error() tells who has it. */
	FAILS(co_luo_open(), EBUSY);
	from = co_session_retrieve(luo, argv[1]);
	CHECK(from >= 0 || from == -ENOENT);
	into = WORKS(co_session_create(luo, argv[1]));
	child = fork();
	MUST(child >= 0);
	if (!child)
		start(argv + 2, into, from);
	/* The program ends it; who else has it open would keep it. */
	if (from >= 0)
		close(from);
	MUST(waitpid(child, &status, 0) == child);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status));
	return test_result();
}
