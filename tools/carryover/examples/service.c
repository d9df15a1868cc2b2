// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/*
 * The same as a service of systemd, which holds its files when it has crashed or was
 * stopped, and its session over the kexec. See carryover-example@.service.
 *
 *   cc service.c device.c -o service $(pkg-config --cflags --libs libcarryover)
 */
#include "device.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *const names[FILES] = { "memory", "iommufd", "device" };

/* Tell systemd: sd_notify(3), with a file unless it is -1, and with its name unless NULL. */
static void notify(const char *what, const char *name, int fd)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	union { struct cmsghdr head; char room[CMSG_SPACE(sizeof(int))]; } rights = {
		.head = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS },
	};
	char text[80];
	struct iovec part = { text, snprintf(text, sizeof(text), "%s%s%s", what,
					     name ? "\nFDNAME=" : "", name ? name : "") };
	struct msghdr message = { .msg_name = &at, .msg_namelen = sizeof(at),
				  .msg_iov = &part, .msg_iovlen = 1 };
	const char *path = getenv("NOTIFY_SOCKET");
	int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (path && strlen(path) < sizeof(at.sun_path)) {
		strcpy(at.sun_path, path);
		if (path[0] == '@') {			/* without a file, and a zero at its end */
			at.sun_path[0] = 0;
			message.msg_namelen = offsetof(struct sockaddr_un, sun_path) + strlen(path);
		}
	}
	if (fd >= 0) {
		memcpy(CMSG_DATA(&rights.head), &fd, sizeof(fd));
		message.msg_control = &rights;
		message.msg_controllen = sizeof(rights);
	}
	if (path && sendmsg(s, &message, MSG_NOSIGNAL) < 0)
		perror("notify");
	close(s);
}

/*
 * Until systemd has done what it was told: sd_notify_barrier(3). What it still has in the
 * store is as it was: preserved, or open.
 */
static void barrier(void)
{
	struct pollfd done;
	int end[2];

	if (!getenv("NOTIFY_SOCKET") || pipe(end))
		return;
	notify("BARRIER=1", NULL, end[1]);
	close(end[1]);
	done.fd = end[0];
	if (poll(&done, 1, 10000) < 1)
		puts("systemd does not answer");
	close(end[0]);
}

/* The file of that name out of the store, or -1. By name: the order changes. */
static int stored(const char *name)
{
	const char *all = getenv("LISTEN_FDNAMES");
	char *rest = strdup(all ? all : ""), *begin = rest, *word;
	int fd = 3;

	while ((word = strsep(&rest, ":")) && strcmp(word, name))
		fd++;
	free(begin);
	return word ? fd : -1;
}

/* Is it only that the device, or memory for it, is not there yet? */
static int may_come(int err)
{
	return err == -ENODEV || err == -EBUSY || err == -ENOMEM || err == -ENOSPC ||
		err == -ENFILE || err == -EINTR;
}

/* A file that is given up too early is a device that is stopped. */
static int retrieve(int session, int file)
{
	int fd = co_session_retrieve_fd(session, file);

	for (int i = 0; may_come(fd) && i < 100; i++) {
		poll(NULL, 0, 100);
		fd = co_session_retrieve_fd(session, file);
	}
	return fd;
}

/* From the last kernel, or from this one's last run; 1 if it is neither. */
static int take_back(int file[FILES])
{
	int session = stored("session"), found = 0;

	for (int i = 0; i < FILES; i++) {
		file[i] = session < 0 ? -1 : retrieve(session, i);
		if (file[i] < 0)			/* then it is a session of this kernel */
			file[i] = stored(names[i]);
		found += file[i] >= 0;
	}
	if (session >= 0) {
		if (stored(names[0]) < 0)
			DO(co_session_finish(session));
		notify("FDSTOREREMOVE=1", "session", -1);
		barrier();
		close(session);
	}
	return found < FILES;
}

/* What an update left of a device that it did not carry is not taken for the new files. */
static int begin(const char *bdf, int file[FILES])
{
	for (int i = 0; i < FILES; i++) {
		notify("FDSTOREREMOVE=1", names[i], -1);
		if (file[i] >= 0)
			close(file[i]);
	}
	barrier();
	return device_start(bdf, file);
}

/*
 * A refusal is told now, and takes nobody else along. Without a session at all the files
 * stay in the store, and systemd may try.
 */
static int keep(const char *name, const int file[FILES])
{
	int luo, session, ret = 0;

	DO(luo = co_luo_open_wait(10000));		/* other services are stopped, too */
	DO(session = co_session_create(luo, name));
	for (int i = 0; i < FILES && !ret; i++)
		ret = co_session_preserve(session, file[i], i);
	if (!ret)
		notify("FDSTORE=1", "session", session);
	else
		puts(co_error());
	for (int i = 0; i < FILES && ret; i++)
		notify("FDSTOREREMOVE=1", names[i], -1);
	barrier();					/* whose message it is, is asked while we live */
	return !!ret;
}

int main(int argc, char **argv)
{
	int file[FILES], got;
	sigset_t stop;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	if (argc < 2 || (take_back(file) ? begin(argv[1], file) : device_go_on(file)))
		return 1;
	for (int i = 0; i < FILES; i++)
		notify("FDSTORE=1", names[i], file[i]);
	notify("READY=1", NULL, -1);
	fflush(stdout);
	sigwait(&stop, &got);				/* here the device is driven */
	return keep(argv[1], file);
}
