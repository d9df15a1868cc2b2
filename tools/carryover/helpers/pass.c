// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* File descriptors from one process to another. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helpers.h"
#include "internal.h"

#define MAX_FDS 16

union control {
	char space[CMSG_SPACE(MAX_FDS * sizeof(int))];
	struct cmsghdr align;
};

int co_fd_send(int sock, const int *fds, unsigned int count)
{
	char byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	union control control = { 0 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	if (!count || count > MAX_FDS)
		return co_fail_as(EINVAL, "send %u file descriptors", count);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(cmsg), fds, count * sizeof(int));
	return sendmsg(sock, &msg, MSG_NOSIGNAL) < 0 ?
		co_fail("send %u file descriptors", count) : 0;
}

static unsigned int unpack(struct msghdr *msg, int *fds)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);
	unsigned int count;

	if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS)
		return 0;
	count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fds, CMSG_DATA(cmsg), count * sizeof(int));
	return count;
}

int co_fd_receive(int sock, int *fds, unsigned int count)
{
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	union control control;
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	int got[MAX_FDS];
	unsigned int have;
	ssize_t len = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);

	if (len < 0)
		return co_fail("receive file descriptors");
	if (!len)
		return co_fail_as(EPIPE, "receive file descriptors");
	have = unpack(&msg, got);
	if (have == count) {
		memcpy(fds, got, count * sizeof(int));
		return 0;
	}
	while (have--)
		close(got[have]);
	return co_fail_as(EPROTO, "receive %u file descriptors", count);
}
