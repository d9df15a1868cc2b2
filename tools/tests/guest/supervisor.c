// SPDX-License-Identifier: GPL-2.0-only
/*
 * I9: nobody has to be there. A worker drives a disk, gives its files to a
 * supervisor and is killed. The supervisor knows no more than file descriptors
 * and tokens: it preserves them in any order, retrieves them as the first
 * program of kernel B, finishes at once, and hands them to a new worker, who
 * goes on.
 */
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disk.h"
#include "harness.h"
#include "rig.h"

#define BUSY	60u
#define FILES	3
#define ENOUGH	8u	/* reads done while nobody drives the disk */

/* As a store of file descriptors holds them: no order means anything. */
enum { MEMORY, DEVICE, IOMMUFD };
static const int order[] = { DEVICE, MEMORY, IOMMUFD };

static uint64_t token(int file)
{
	return 0xfd000000u + file * 0x1001u;
}

/* ---------------------------------------------------------------- workers -- */

static void first_worker(int sock)
{
	struct disk disk;
	int fd[FILES];

	disk_open(&disk, -1, 0);
	disk_fill(&disk, BUSY);
	fd[MEMORY] = disk.buffer.fd;
	fd[DEVICE] = disk.nvme.device;
	fd[IOMMUFD] = disk.nvme.iommufd;
	WORKS(co_fd_send(sock, fd, FILES));
	for (;;)
		pause();
}

static void second_worker(int sock)
{
	struct disk disk;
	int fd[FILES];

	WORKS(co_fd_receive(sock, fd, FILES));
	disk_take_over(&disk, fd[MEMORY], fd[DEVICE], fd[IOMMUFD]);
	disk_check(&disk);
	disk_drain(&disk);
	disk_fill(&disk, 8);
	disk_drain(&disk);
	disk_close(&disk);
	_exit(test_result());
}

static pid_t start(void (*worker)(int sock), int *sock)
{
	int pair[2];
	pid_t pid;

	MUST(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	pid = fork();
	MUST(pid >= 0);
	if (!pid) {
		close(pair[0]);
		worker(pair[1]);
	}
	close(pair[1]);
	*sock = pair[0];
	return pid;
}

/* ------------------------------------------------------------- supervisor -- */

static int before(void)
{
	int session, sock, status, fd[FILES];
	pid_t worker = start(first_worker, &sock);

	WORKS(co_fd_receive(sock, fd, FILES));
	kill(worker, SIGKILL);
	MUST(waitpid(worker, &status, 0) == worker);
	CHECK(WIFSIGNALED(status));
	session = rig_session_create("store");
	for (int i = 0; i < FILES; i++)
		WORKS(co_session_preserve(session, fd[order[i]],
					  token(order[i])));
	/* Its own are those of the session from now on. */
	for (int i = 0; i < FILES; i++)
		close(fd[i]);
	rig_linger();
	return test_result();
}

/* The disk goes on writing to memory that no program has mapped. */
static void wait_for_reads(int memory)
{
	struct co_buffer buffer;
	struct disk disk;

	WORKS(co_buffer_open(&buffer, dup(memory)));
	disk.mem = buffer.mem;
	for (int i = 0; nvme_waiting(&disk.mem->nvme) < ENOUGH; i++) {
		MUST(i < 1000);
		rig_sleep_ms(20);
	}
	co_buffer_close(&buffer);
}

static int after(void)
{
	int session, sock, status, fd[FILES];
	int luo = WORKS(co_luo_open());
	pid_t worker;

	session = WORKS(co_session_retrieve(luo, "store"));
	close(luo);
	for (int i = FILES; i-- > 0; )
		fd[order[i]] = WORKS(co_session_retrieve_fd(session,
							    token(order[i])));
	WORKS(co_session_finish(session));
	close(session);
	wait_for_reads(fd[MEMORY]);
	worker = start(second_worker, &sock);
	WORKS(co_fd_send(sock, fd, FILES));
	for (int i = 0; i < FILES; i++)
		close(fd[i]);
	MUST(waitpid(worker, &status, 0) == worker);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status));
	return test_result();
}

int main(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[1], "after") ? after() : before();
}
