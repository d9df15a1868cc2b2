// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* Live Update Orchestrator: /dev/liveupdate and its sessions. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/liveupdate.h>

#include "internal.h"

#define LUO_PATH "/dev/liveupdate"

/* "open /dev/liveupdate, which process 7 (agent) has open". */
static int say_who(void)
{
	char comm[64] = "", path[64];
	long pid = co_opener(LUO_PATH);

	if (!pid)
		return co_fail_as(EBUSY, "open %s", LUO_PATH);
	snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	if (co_read_line(path, comm, sizeof(comm)))
		comm[0] = 0;
	return co_fail_as(EBUSY, "open %s, which process %ld (%s) has open", LUO_PATH, pid, comm);
}

/* -EAGAIN while somebody else has it. */
static int try_open(const void *arg)
{
	int fd = open(LUO_PATH, O_RDWR | O_CLOEXEC);

	(void)arg;
	if (fd < 0 && errno == EBUSY)
		return -EAGAIN;
	return fd < 0 ? co_fail("open %s", LUO_PATH) : fd;
}

int co_luo_open_wait(int timeout)
{
	int fd = co_wait_for(try_open, NULL, timeout);

	return fd == -ETIMEDOUT ? say_who() : fd;
}

int co_luo_open(void)
{
	return co_luo_open_wait(0);
}

int co_session_create(int luo, const char *name)
{
	struct liveupdate_ioctl_create_session arg = { .size = sizeof(arg) };

	if (strlen(name) >= sizeof(arg.name))
		return co_fail_as(ENAMETOOLONG, "CREATE_SESSION \"%s\"", name);
	strcpy((char *)arg.name, name);
	if (ioctl(luo, LIVEUPDATE_IOCTL_CREATE_SESSION, &arg))
		return co_fail("CREATE_SESSION \"%s\"", name);
	return arg.fd;
}

int co_session_retrieve(int luo, const char *name)
{
	struct liveupdate_ioctl_retrieve_session arg = { .size = sizeof(arg) };

	if (strlen(name) >= sizeof(arg.name))
		return co_fail_as(ENAMETOOLONG, "RETRIEVE_SESSION \"%s\"",
				  name);
	strcpy((char *)arg.name, name);
	if (ioctl(luo, LIVEUPDATE_IOCTL_RETRIEVE_SESSION, &arg))
		return co_fail("RETRIEVE_SESSION \"%s\"", name);
	return arg.fd;
}

int co_session_preserve(int session, int fd, uint64_t token)
{
	struct liveupdate_session_preserve_fd arg = {
		.size = sizeof(arg), .fd = fd, .token = token,
	};

	return ioctl(session, LIVEUPDATE_SESSION_PRESERVE_FD, &arg) ?
		co_fail("PRESERVE_FD of %s as token %llu in %s",
			co_name(fd).text, (unsigned long long)token,
			co_name(session).text) : 0;
}

int co_session_retrieve_fd(int session, uint64_t token)
{
	struct liveupdate_session_retrieve_fd arg = {
		.size = sizeof(arg), .token = token,
	};

	if (ioctl(session, LIVEUPDATE_SESSION_RETRIEVE_FD, &arg))
		return co_fail("RETRIEVE_FD of token %llu in %s",
			       (unsigned long long)token,
			       co_name(session).text);
	return arg.fd;
}

int co_session_finish(int session)
{
	struct liveupdate_session_finish arg = { .size = sizeof(arg) };

	return ioctl(session, LIVEUPDATE_SESSION_FINISH, &arg) ?
		co_fail("FINISH of %s", co_name(session).text) : 0;
}

int co_session_name(int session, char *name, size_t size)
{
	static const char kind[] = "anon_inode:[luo_session] ";
	char path[64], target[128];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", session);
	len = readlink(path, target, sizeof(target) - 1);
	target[len < 0 ? 0 : len] = 0;
	if (strncmp(target, kind, sizeof(kind) - 1))
		return co_fail_as(len < 0 ? EBADF : EINVAL, "session of %s", co_name(session).text);
	snprintf(name, size, "%s", target + sizeof(kind) - 1);
	return 0;
}
