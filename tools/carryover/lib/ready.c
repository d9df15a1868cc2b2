// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/*
 * The program's half of the protocol of "carryover run", see carryover-run(1):
 * one socket a session, one connection at a time, lines of text.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "internal.h"

#define FOLDER	"/run/carryover"
#define LINE	256

static int make_address(struct sockaddr_un *at, const char *name)
{
	const char *folder = strchr(name, '/') ? "" : FOLDER "/";

	*at = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if ((size_t)snprintf(at->sun_path, sizeof(at->sun_path), "%s%s", folder, name) >=
	    sizeof(at->sun_path))
		return co_fail_as(ENAMETOOLONG, "listen at \"%s\"", name);
	return 0;
}

/* Left behind by one that died: nobody listens there. */
static bool is_stale(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool stale = fd >= 0 && connect(fd, (const struct sockaddr *)at, sizeof(*at)) &&
		     errno == ECONNREFUSED;

	if (fd >= 0)
		close(fd);
	return stale;
}

static int bind_to(int fd, const struct sockaddr_un *at)
{
	if (!bind(fd, (const struct sockaddr *)at, sizeof(*at)))
		return 0;
	if (errno != EADDRINUSE)
		return -1;
	if (!is_stale(at) || unlink(at->sun_path)) {
		errno = EADDRINUSE;
		return -1;
	}
	return bind(fd, (const struct sockaddr *)at, sizeof(*at));
}

int co_ready_listen(const char *name)
{
	struct sockaddr_un at;
	int ret = make_address(&at, name), fd;

	if (ret)
		return ret;
	if (!strchr(name, '/') && mkdir(FOLDER, 0700) && errno != EEXIST)
		return co_fail("make %s", FOLDER);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind_to(fd, &at) || listen(fd, 1)) {
		ret = co_fail("listen at %s", at.sun_path);
		if (fd >= 0)
			close(fd);
		return ret;
	}
	return fd;
}

/* Its next line; -ECONNRESET when it is gone, -ETIMEDOUT. A line is short. */
static int hear(int peer, char *line, size_t size, int timeout)
{
	struct pollfd poller = { .fd = peer, .events = POLLIN };
	size_t used = 0;
	ssize_t len;
	int ret;

	while (used < size - 1) {
		ret = poll(&poller, 1, timeout);
		if (ret < 0 && errno == EINTR)
			continue;
		if (ret <= 0)
			return ret ? -errno : -ETIMEDOUT;
		len = recv(peer, line + used, 1, 0);
		if (len <= 0)
			return -ECONNRESET;
		if (line[used] == '\n')
			break;
		used++;
	}
	line[used] = 0;
	return 0;
}

static int accept_within(int listener, int timeout)
{
	struct pollfd poller = { .fd = listener, .events = POLLIN };
	int ret;

	do {
		ret = poll(&poller, 1, timeout);
	} while (ret < 0 && errno == EINTR);
	if (!ret)
		return co_fail_as(ETIMEDOUT, "wait for 'prepare'");
	if (ret > 0)
		ret = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	return ret < 0 ? co_fail("wait for 'prepare'") : ret;
}

int co_ready_wait(int listener, int timeout)
{
	char line[LINE];
	int peer, ret;

	for (;;) {
		peer = accept_within(listener, timeout);
		if (peer < 0)
			return peer;
		ret = hear(peer, line, sizeof(line), timeout);
		if (!ret && strcmp(line, "prepare"))
			ret = -EPROTO;
		if (!ret)
			return peer;
		close(peer);
		/* Somebody only wanted to know whether this program is alive. */
		if (ret != -ECONNRESET)
			return co_fail_as(-ret, "wait for 'prepare'");
	}
}

/* One line; line ends within @text would be more than one. */
static int answer(int peer, const char *word, const char *text)
{
	char line[LINE];
	int len;

	len = snprintf(line, sizeof(line) - 1, "%s%s%s", word, text ? " " : "", text ? text : "");
	if (len > (int)sizeof(line) - 2)
		len = sizeof(line) - 2;
	for (int i = 0; i < len; i++)
		if (line[i] == '\n')
			line[i] = ' ';
	line[len++] = '\n';
	if (send(peer, line, len, MSG_NOSIGNAL) != len)
		return co_fail("answer '%s'", word);
	return 0;
}

int co_ready_progress(int request, const char *text)
{
	return answer(request, "progress", text);
}

int co_ready_answer(int request, const char *refusal)
{
	return refusal ? answer(request, "refused", refusal) : answer(request, "ready", NULL);
}

int co_ready_cancelled(int request, int timeout)
{
	char line[LINE];
	int ret = hear(request, line, sizeof(line), timeout);

	if (ret == -ETIMEDOUT)
		return co_fail_as(ETIMEDOUT, "wait for 'cancel'");
	close(request);
	return 0;
}
