// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program that holds a session, and is asked by "carryover run" whether it is
 * ready (see carryover-run(1)).
 *
 *   t-holder listen NAME [WITHOUT]   wait in the background to be asked
 *   t-holder hold NAME [WITHOUT]     preserve at once, stay in the background
 *   t-holder keep NAME [WITHOUT]     keep the files open as a supervisor does, no session
 *   t-holder after NAME [stay]       in the next kernel; stay in the background
 *
 * WITHOUT is what it forgets: memfd, iommufd or device; with "order" it forgets nothing,
 * and preserves the memfd last; with "refused" the iommufd has memory that can't be kept, and
 * with "optional" its device may be left behind besides; with "slow" it never says that it is
 * ready, and with "ends" it hangs up as soon as it has. While there is a file
 * NAME.busy in the folder it was started in, it refuses.
 */
#include <errno.h>
#include <fcntl.h>
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

	bool last = !strcmp(without, "order");

	if (strcmp(without, "memfd") && !last)
		rig_preserve_one(rig, session, RIG_MEMFD);
	if (strcmp(without, "iommufd"))
		rig_preserve_one(rig, session, RIG_IOMMUFD);
	if (strcmp(without, "device"))
		rig_preserve_one(rig, session, RIG_VFIO);
	if (last)
		rig_preserve_one(rig, session, RIG_MEMFD);
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

/* More than is read at once, and then its end. */
static void say_much(int peer)
{
	char text[1024] = "ready\n";

	while (strlen(text) < sizeof(text) - 64)
		strcat(text, "progress all is well\n");
	answer(peer, text);
	shutdown(peer, SHUT_WR);
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
	if (!strcmp(without, "ends"))
		say_much(peer);
	else if (strcmp(without, "slow"))
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

/* A descriptor that is higher than that of the iommufd and the device. */
static void to_the_end(int fd)
{
	MUST(dup(fd) > fd);
	close(fd);
}

/* Memory of a file with a name, which can't be carried. */
static void map_named(const struct rig *rig)
{
	int fd = open("/named", O_RDWR | O_CREAT, 0600);

	MUST(fd >= 0 && !ftruncate(fd, RIG_PAGE));
	WORKS(co_map_file(rig->iommufd, rig->note->ioas, RIG_IOVA + (16u << 20), fd, 0, RIG_PAGE));
	close(fd);
}

/* What it forgets is used by the device all the same. */
static int keep(const char *without)
{
	char bdf[CO_BDF_SIZE];
	struct rig rig;

	rig_edu(0, bdf);
	rig_open(&rig, bdf, 1);
	if (!strcmp(without, "order"))
		to_the_end(rig.buffer.fd);
	if (!strcmp(without, "refused") || !strcmp(without, "optional"))
		map_named(&rig);
	if (!strcmp(without, "optional"))
		WORKS(co_device_set_optional(rig.device, true));
	if (!strcmp(without, "memfd"))
		close(rig.buffer.fd);
	if (!strcmp(without, "iommufd"))
		close(rig.iommufd);
	if (!strcmp(without, "device"))
		close(rig.device);
	rig_linger();
	return test_result();
}

static int after(const char *name, bool stay)
{
	int session = rig_session_retrieve(name);
	struct rig rig;

	rig_retrieve(&rig, session, 1);
	if (!stay) {
		rig_live_on(&rig, session);
		return test_result();
	}
	rig_session_finish(session);
	rig_linger();
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
	return strcmp(argv[1], "hold") ? after(argv[2], argc > 3) : hold(argv[2], without);
}
