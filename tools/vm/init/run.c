// SPDX-License-Identifier: GPL-2.0-only
/*
 * Running a command and passing its output on, line by line.
 *
 * The pipe belongs to the kernel's life, not to one command: processes that a
 * command leaves running may print for as long as they live, the time in which
 * the next kernel is being started included.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"

static int output_pipe[2] = { -1, -1 };
static char pending[4096];
static size_t pending_len;

static int open_pipe(void)
{
	if (output_pipe[0] >= 0)
		return 0;
	return pipe2(output_pipe, O_CLOEXEC | O_NONBLOCK);
}

static void pass_lines(int stage, bool flush)
{
	size_t start = 0;
	char *nl;

	while ((nl = memchr(pending + start, '\n', pending_len - start))) {
		wire_line(stage, pending + start, nl - pending - start);
		start = nl - pending + 1;
	}
	pending_len -= start;
	memmove(pending, pending + start, pending_len);
	if (pending_len == sizeof(pending) || (flush && pending_len)) {
		wire_line(stage, pending, pending_len);
		pending_len = 0;
	}
}

static void pump(int stage, bool flush)
{
	ssize_t n;

	while ((n = read(output_pipe[0], pending + pending_len,
			 sizeof(pending) - pending_len)) > 0) {
		pending_len += n;
		pass_lines(stage, false);
	}
	if (flush)
		pass_lines(stage, true);
}

static void child(char *const argv[])
{
	int null = open("/dev/null", O_RDONLY);

	/* Only the reader's end must not block. */
	fcntl(output_pipe[1], F_SETFL, 0);
	dup2(null, 0);
	dup2(output_pipe[1], 1);
	dup2(output_pipe[1], 2);
	setsid();
	execvp(argv[0], argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* Orphans are reaped on the way: this is process 1. */
static bool reap(pid_t wanted, int *status)
{
	pid_t pid;
	int st;

	while ((pid = waitpid(-1, &st, WNOHANG)) > 0) {
		if (pid == wanted) {
			*status = st;
			return true;
		}
	}
	return false;
}

static void on_child(int sig)
{
	(void)sig;
}

/* Wait for output or for the end of a child, without missing either. */
static int wait_for_something(const sigset_t *unblocked)
{
	struct pollfd p = { .fd = output_pipe[0], .events = POLLIN };

	return ppoll(&p, 1, NULL, unblocked);
}

/* The exit code as a shell would give it. */
int run_command(char *const argv[], int stage)
{
	struct sigaction sa = { .sa_handler = on_child };
	sigset_t block, old;
	int status = 0;
	pid_t pid;

	if (open_pipe())
		return 126;
	sigaction(SIGCHLD, &sa, NULL);
	sigemptyset(&block);
	sigaddset(&block, SIGCHLD);
	sigprocmask(SIG_BLOCK, &block, &old);

	pid = fork();
	if (pid == 0) {
		sigprocmask(SIG_SETMASK, &old, NULL);
		child(argv);
	}
	while (pid > 0 && !reap(pid, &status)) {
		wait_for_something(&old);
		pump(stage, false);
	}
	pump(stage, true);
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (pid < 0)
		return 126;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
