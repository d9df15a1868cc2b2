// SPDX-License-Identifier: GPL-2.0-only
/*
 * What systemd does with a service that has files in its store, for the example
 * service.c: keeps them while it is stopped, and over the kexec.
 *
 *   t-fdstore before SESSION PROGRAM WORD...   start it twice, stop it, wait for the kexec
 *   t-fdstore after SESSION PROGRAM WORD...    in the next kernel
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "rig.h"

#define SOCKET	"/run/notify"
#define MAX	16
#define HIGH	100	/* where files of the store are, out of the way of a program's */

static struct stored {
	char name[64];
	int fd;
} store[MAX];
static unsigned int stored_count;

static struct stored *find(const char *name)
{
	for (unsigned int i = 0; i < stored_count; i++)
		if (!strcmp(store[i].name, name))
			return &store[i];
	return NULL;
}

/* One of that name takes the other's place: here it is the same file. */
static void put(const char *name, int fd)
{
	struct stored *at = find(name);

	MUST(stored_count < MAX);
	if (at)
		close(at->fd);
	else
		at = &store[stored_count++];
	snprintf(at->name, sizeof(at->name), "%s", name);
	at->fd = fcntl(fd, F_DUPFD_CLOEXEC, HIGH);
	MUST(at->fd >= HIGH);
	close(fd);
}

/* As systemd, which does not mind when there is none of that name. */
static void drop(const char *name)
{
	struct stored *at = find(name);

	if (!at)
		return;
	close(at->fd);
	*at = store[--stored_count];
}

static int listen_for_it(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = SOCKET };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	unlink(SOCKET);
	MUST(!bind(fd, (struct sockaddr *)&at, sizeof(at)));
	return fd;
}

/* The next message; true if it says READY=1. */
static bool hear(int listener, int flags, bool *none)
{
	union { struct cmsghdr head; char room[CMSG_SPACE(sizeof(int))]; } rights;
	char text[256];
	struct iovec part = { text, sizeof(text) - 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &rights,
				  .msg_controllen = sizeof(rights) };
	ssize_t len = recvmsg(listener, &message, flags | MSG_CMSG_CLOEXEC);
	char *name;
	int fd;

	*none = len < 0;
	if (*none)
		return false;
	text[len] = 0;
	name = strstr(text, "FDNAME=");
	if (!strncmp(text, "FDSTORE=1\n", 10)) {
		MUST(name && message.msg_controllen >= sizeof(rights.head));
		memcpy(&fd, CMSG_DATA(&rights.head), sizeof(fd));
		put(name + 7, fd);
	} else if (!strncmp(text, "FDSTOREREMOVE=1\n", 16)) {
		MUST(name);
		drop(name + 7);
	}
	return !strncmp(text, "READY=1", 7);
}

/* The last one first, to be in no order that anybody could count on. */
static void run_program(char **argv)
{
	char names[512] = "", number[16];
	unsigned int i;

	for (i = 0; i < stored_count; i++) {
		const struct stored *one = &store[stored_count - 1 - i];

		MUST(dup2(one->fd, 3 + i) == (int)(3 + i));
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
			 i ? ":" : "", one->name);
	}
	snprintf(number, sizeof(number), "%u", i);
	setenv("LISTEN_FDS", number, 1);
	setenv("LISTEN_FDNAMES", names, 1);
	setenv("NOTIFY_SOCKET", SOCKET, 1);
	execvp(argv[0], argv);
	_exit(127);
}

static pid_t start(int listener, char **argv)
{
	pid_t pid = fork();
	bool none;

	MUST(pid >= 0);
	if (!pid)
		run_program(argv);
	while (!hear(listener, 0, &none))
		MUST(!none && !waitpid(pid, NULL, WNOHANG));
	return pid;
}

static void stop(int listener, pid_t pid)
{
	bool none;
	int status;

	MUST(!kill(pid, SIGTERM) && waitpid(pid, &status, 0) == pid);
	SAME(status, 0);
	do {
		hear(listener, MSG_DONTWAIT, &none);
	} while (!none);
	MUST(find("session"));
}

/* Which systemd says, and does not mind: they come with the service's own session. */
static void refused_to_systemd(void)
{
	static const char *const names[] = { "memory", "iommufd", "device" };
	int session = rig_session_create("systemd");

	for (int i = 0; i < 3; i++) {
		MUST(find(names[i]));
		FAILS(co_session_preserve(session, find(names[i])->fd, i), EBUSY);
	}
	close(session);
}

static int before(int listener, char **argv)
{
	stop(listener, start(listener, argv));
	SAME(stored_count, 4);
	/* The same kernel: it goes on with the files, and the session is given up. */
	stop(listener, start(listener, argv));
	SAME(stored_count, 4);
	refused_to_systemd();
	rig_linger();
	return test_result();
}

static int after(int listener, const char *session, char **argv)
{
	put("session", rig_session_retrieve(session));
	stop(listener, start(listener, argv));
	SAME(stored_count, 4);
	return test_result();
}

int main(int argc, char **argv)
{
	int listener;

	MUST(argc > 3);
	listener = listen_for_it();
	return strcmp(argv[1], "before") ? after(listener, argv[2], argv + 3) :
		before(listener, argv + 3);
}
