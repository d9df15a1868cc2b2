// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program that holds a session, and is asked by "carryover run" whether it is
 * ready (see carryover-run(1)).
 *
 *   t-holder listen NAME [WITHOUT]   wait in the background to be asked
 *   t-holder hold NAME [WITHOUT]     preserve at once, stay in the background
 *   t-holder keep NAME [WITHOUT]     keep the files open as a supervisor does, no session
 *   t-holder after NAME              in the next kernel
 *
 * WITHOUT is what it forgets: memfd, iommufd or device. While there is a file
 * NAME.busy in the folder it was started in, it refuses.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness.h"
#include "rig.h"

#define SOCKETS "/run/carryover"

static int listen_at(const char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	mkdir(SOCKETS, 0700);
	snprintf(at.sun_path, sizeof(at.sun_path), SOCKETS "/%s", name);
	MUST(!bind(fd, (struct sockaddr *)&at, sizeof(at)));
	MUST(!listen(fd, 1));
	return fd;
}

static void answer(int peer, const char *text)
{
	MUST(send(peer, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
}

/* The next line of the other side, "" when it is gone. */
static void hear(int peer, char *line, size_t size)
{
	size_t used = 0;

	while (used < size - 1 && recv(peer, line + used, 1, 0) == 1 &&
	       line[used] != '\n')
		used++;
	line[used] = 0;
}

static int preserve(const struct rig *rig, const char *name, const char *without)
{
	int session = rig_session_create(name);

	if (strcmp(without, "memfd"))
		rig_preserve_one(rig, session, RIG_MEMFD);
	if (strcmp(without, "iommufd"))
		rig_preserve_one(rig, session, RIG_IOMMUFD);
	if (strcmp(without, "device"))
		rig_preserve_one(rig, session, RIG_VFIO);
	return session;
}

/* Everything is as it was: it can be changed again, and the device works. */
static void thawed(const struct rig *rig)
{
	uint64_t spare = RIG_IOVA + (16u << 20);

	WORKS(co_map_file(rig->iommufd, rig->note->ioas, spare, rig->buffer.fd, 0, RIG_PAGE));
	WORKS(co_unmap(rig->iommufd, rig->note->ioas, spare, RIG_PAGE));
	rig_check(rig);
	rig_check_dma(rig);
}

static bool is_busy(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s.busy", name);
	return !access(path, F_OK);
}

static void refuse(int peer)
{
	char line[64];

	answer(peer, "refused a backup is running\n");
	hear(peer, line, sizeof(line));
	close(peer);
}

static void serve(const struct rig *rig, int peer, const char *name, const char *without)
{
	char line[64];
	int session;

	hear(peer, line, sizeof(line));
	MUST(!strcmp(line, "prepare"));
	if (is_busy(name)) {
		refuse(peer);
		return;
	}
	answer(peer, "progress preserving\n");
	session = preserve(rig, name, without);
	answer(peer, "ready\n");
	/* The kexec comes now, or this line. */
	hear(peer, line, sizeof(line));
	close(session);
	close(peer);
	thawed(rig);
	test_say("told '%s', all is as it was", line);
	test_result();
}

static int wait_to_be_asked(const char *name, const char *without)
{
	int fd = listen_at(name);
	char bdf[CO_BDF_SIZE];
	struct rig rig;

	rig_edu(0, bdf);
	rig_open(&rig, bdf, 1);
	fflush(stdout);
	if (fork())
		return 0;
	for (;;)
		serve(&rig, accept(fd, NULL, NULL), name, without);
}

static int hold(const char *name, const char *without)
{
	char bdf[CO_BDF_SIZE];
	struct rig rig;

	rig_edu(0, bdf);
	rig_open(&rig, bdf, 1);
	preserve(&rig, name, without);
	rig_linger();
	return test_result();
}

/* What it forgets is used by the device all the same. */
static int keep(const char *without)
{
	char bdf[CO_BDF_SIZE];
	struct rig rig;

	rig_edu(0, bdf);
	rig_open(&rig, bdf, 1);
	if (!strcmp(without, "memfd"))
		close(rig.buffer.fd);
	if (!strcmp(without, "iommufd"))
		close(rig.iommufd);
	if (!strcmp(without, "device"))
		close(rig.device);
	rig_linger();
	return test_result();
}

static int after(const char *name)
{
	int session = rig_session_retrieve(name);
	struct rig rig;

	rig_retrieve(&rig, session, 1);
	rig_live_on(&rig, session);
	return test_result();
}

int main(int argc, char **argv)
{
	const char *without = argc > 3 ? argv[3] : "";

	MUST(argc > 2);
	if (!strcmp(argv[1], "listen"))
		return wait_to_be_asked(argv[2], without);
	if (!strcmp(argv[1], "keep"))
		return keep(without);
	return strcmp(argv[1], "hold") ? after(argv[2]) : hold(argv[2], without);
}
