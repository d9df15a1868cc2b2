// SPDX-License-Identifier: GPL-2.0-only
/* Asking those who hold sessions to get ready. */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "ready.h"

#define TICK_MS		1000
#define READS_MAX	1024	/* at a time */
#define RETRY_MS	20

static void set_state(struct holders *holders, struct holder *holder,
		      enum holder_state state, const char *text)
{
	holder->state = state;
	holders->tell(holder, text);
}

/* A connection, or -1 with errno: EAGAIN if those who wait to be accepted are many. */
static int connect_to(const char *dir, const char *name)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd, err;

	if ((size_t)snprintf(to.sun_path, sizeof(to.sun_path), "%s/%s", dir, name) >=
	    sizeof(to.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		err = errno;
		close(fd);
		errno = err;
		fd = -1;
	}
	return fd;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && strlen(entry->d_name) < 108;
}

int holders_find(struct holders *holders, const char *dir)
{
	struct dirent **names;
	int count = scandir(dir, &names, is_visible, alphasort);
	int ret = 0;

	holders->count = 0;
	holders->dir = dir;
	if (count < 0)
		return errno == ENOENT ? 0 : -errno;
	if (count > HOLDERS_MAX)
		ret = -E2BIG;
	for (int i = 0; i < count; i++) {
		if (!ret) {
			struct holder *holder = &holders->all[holders->count++];

			*holder = (struct holder){ .state = HOLDER_ASKED };
			strcpy(holder->name, names[i]->d_name);
			holder->fd = -1;
		}
		free(names[i]);
	}
	free(names);
	return ret;
}

static bool is_waiting(const struct holder *holder)
{
	return holder->state == HOLDER_ASKED && holder->fd < 0;
}

/* Connect and ask; one that is busy is tried again later. */
static void ask(struct holders *holders, struct holder *holder)
{
	static const char prepare[] = "prepare\n";

	holder->fd = connect_to(holders->dir, holder->name);
	if (holder->fd < 0 && errno == EAGAIN)
		return;
	if (holder->fd < 0)
		set_state(holders, holder, HOLDER_GONE, "nobody listens on its socket");
	else if (send(holder->fd, prepare, sizeof(prepare) - 1, MSG_NOSIGNAL) < 0)
		set_state(holders, holder, HOLDER_GONE, "it ended");
	else
		holders->tell(holder, "asked to prepare");
}

static void take_line(struct holders *holders, struct holder *holder, char *line)
{
	if (!strcmp(line, "ready"))
		set_state(holders, holder, HOLDER_READY, "ready");
	else if (!strncmp(line, "refused", 7) && (!line[7] || line[7] == ' '))
		set_state(holders, holder, HOLDER_REFUSED, line[7] ? line + 8 : "no reason given");
	else if (!strncmp(line, "progress ", 9))
		holders->tell(holder, line + 9);
	else
		set_state(holders, holder, HOLDER_REFUSED, "it does not keep to the protocol");
}

/* What a program says once it is done counts no more, except that it ends. */
static void take_lines(struct holders *holders, struct holder *holder)
{
	char *newline;

	while ((newline = memchr(holder->line, '\n', holder->used))) {
		size_t len = newline + 1 - holder->line;

		*newline = 0;
		if (holder->state == HOLDER_ASKED)
			take_line(holders, holder, holder->line);
		holder->used -= len;
		memmove(holder->line, newline + 1, holder->used);
	}
	if (holder->used == sizeof(holder->line)) {
		holder->used = 0;
		if (holder->state == HOLDER_ASKED)
			set_state(holders, holder, HOLDER_REFUSED, "its line is too long");
	}
}

static void listen_to(struct holders *holders, struct holder *holder)
{
	ssize_t len;

	/* Behind what it said may be its end, which counts most. */
	for (unsigned int i = 0; i < READS_MAX; i++) {
		len = recv(holder->fd, holder->line + holder->used,
			   sizeof(holder->line) - holder->used, MSG_DONTWAIT);
		if (len <= 0)
			break;
		holder->used += len;
		take_lines(holders, holder);
	}
	if (!len || (len < 0 && errno != EAGAIN && errno != EINTR)) {
		close(holder->fd);
		holder->fd = -1;
		/* Its session goes with it, also when it was ready before. */
		if (holder->state != HOLDER_REFUSED)
			set_state(holders, holder, HOLDER_GONE, "it ended");
	}
}

unsigned int holders_count(const struct holders *holders, enum holder_state state)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < holders->count; i++)
		count += holders->all[i].state == state;
	return count;
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

/* Hear what there is to hear, after @wait ms at most. */
static void hear_all(struct holders *holders, int wait)
{
	struct pollfd fds[HOLDERS_MAX];

	for (unsigned int i = 0; i < holders->count; i++)
		fds[i] = (struct pollfd){ .fd = holders->all[i].fd, .events = POLLIN };
	if (poll(fds, holders->count, wait) > 0)
		for (unsigned int i = 0; i < holders->count; i++)
			if (fds[i].revents)
				listen_to(holders, &holders->all[i]);
}

static bool all_ready(const struct holders *holders)
{
	return holders_count(holders, HOLDER_READY) == holders->count;
}

/* As soon as one cannot, there is nothing to wait for. */
static bool undecided(const struct holders *holders)
{
	return holders_count(holders, HOLDER_ASKED) && !holders_count(holders, HOLDER_REFUSED) &&
		!holders_count(holders, HOLDER_GONE);
}

/* Say once a second who is waited for. */
static void tick(struct holders *holders, long long begin, long long *said)
{
	long long now = now_ms();
	char text[64];

	if (now - *said < TICK_MS)
		return;
	*said = now;
	snprintf(text, sizeof(text), "waiting since %lld s", (now - begin) / 1000);
	for (unsigned int i = 0; i < holders->count; i++)
		if (holders->all[i].state == HOLDER_ASKED)
			holders->tell(&holders->all[i], text);
}

static int next_wait(const struct holders *holders, long long end)
{
	long long left = end - now_ms(), wait = TICK_MS;

	for (unsigned int i = 0; i < holders->count; i++)
		if (is_waiting(&holders->all[i]))
			wait = RETRY_MS;
	return left < 0 ? 0 : left < wait ? left : wait;
}

bool holders_prepare(struct holders *holders, unsigned int seconds)
{
	long long begin = now_ms(), said = begin, end = begin + seconds * 1000ll;

	while (undecided(holders) && now_ms() < end && !holders->is_stopped()) {
		for (unsigned int i = 0; i < holders->count; i++)
			if (is_waiting(&holders->all[i]))
				ask(holders, &holders->all[i]);
		hear_all(holders, next_wait(holders, end));
		tick(holders, begin, &said);
	}
	for (unsigned int i = 0; i < holders->count && undecided(holders); i++)
		if (holders->all[i].state == HOLDER_ASKED)
			set_state(holders, &holders->all[i], HOLDER_LATE, is_waiting(&holders->all[i]) ?
				  "it did not take the connection in time" : "no answer in time");
	return all_ready(holders);
}

bool holders_still(struct holders *holders)
{
	hear_all(holders, 0);
	return all_ready(holders);
}

/*
 * What a program said meanwhile is read before the connection is closed: with
 * something unread left, the program would get ECONNRESET and not the word.
 */
static void hear_out(int fd)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	char rest[256];

	shutdown(fd, SHUT_WR);
	while (poll(&poller, 1, 200) > 0 && recv(fd, rest, sizeof(rest), 0) > 0)
		;
}

void holders_cancel(struct holders *holders)
{
	static const char cancel[] = "cancel\n";

	for (unsigned int i = 0; i < holders->count; i++) {
		struct holder *holder = &holders->all[i];

		if (holder->fd < 0)
			continue;
		/* Ending the connection says the same. */
		if (send(holder->fd, cancel, sizeof(cancel) - 1, MSG_NOSIGNAL) < 0)
			holders->tell(holder, "it ended");
		hear_out(holder->fd);
		close(holder->fd);
		holder->fd = -1;
	}
}

bool holders_have(const struct holders *holders, const char *name)
{
	for (unsigned int i = 0; i < holders->count; i++)
		if (!strcmp(holders->all[i].name, name))
			return true;
	return false;
}
