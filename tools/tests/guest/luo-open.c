// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/liveupdate has one owner at a time. Who finds it taken is told by whom, and may
 * wait; of many that wait all have their turn.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <carryover.h>

#include "harness.h"

#define WAITERS	8
#define ROUNDS	20

/* A process that has it open until it reads a byte, and then a little longer. */
static pid_t owner(int tell[2], int told[2])
{
	pid_t pid = fork();
	char byte = 0;
	int luo;

	if (pid)
		return pid;
	luo = co_luo_open();
	if (luo < 0 || write(told[1], &byte, 1) != 1 || read(tell[0], &byte, 1) != 1)
		_exit(1);
	poll(NULL, 0, 100);
	close(luo);
	_exit(0);
}

static void one_waits_for_another(void)
{
	int tell[2], told[2], status, luo;
	long long begin;
	char wanted[64], byte;
	pid_t pid;

	MUST(!pipe(tell) && !pipe(told));
	pid = owner(tell, told);
	MUST(read(told[0], &byte, 1) == 1);
	FAILS(co_luo_open(), EBUSY);
	snprintf(wanted, sizeof(wanted), "which process %d (t-luo-open) has open: ", (int)pid);
	test_say("%s", co_error());
	CHECK(strstr(co_error(), wanted));
	begin = test_now_us() / 1000;
	FAILS(co_luo_open_wait(50), EBUSY);
	CHECK(test_now_us() / 1000 - begin >= 50);
	CHECK(strstr(co_error(), wanted));
	MUST(write(tell[1], &byte, 1) == 1);
	luo = WORKS(co_luo_open_wait(-1));
	close(luo);
	MUST(waitpid(pid, &status, 0) == pid && !status);
}

static void makes_sessions(int number)
{
	char name[32];
	int luo;

	for (int i = 0; i < ROUNDS; i++) {
		luo = WORKS(co_luo_open_wait(60000));
		snprintf(name, sizeof(name), "session-%d-%d", number, i);
		close(WORKS(co_session_create(luo, name)));
		close(luo);
	}
}

static void all_have_their_turn(void)
{
	int status;

	fflush(stdout);
	for (int i = 0; i < WAITERS; i++)
		if (!fork()) {
			makes_sessions(i);
			_exit(test_result());
		}
	for (int i = 0; i < WAITERS; i++) {
		MUST(wait(&status) > 0);
		CHECK(!status);
	}
}

int main(void)
{
	one_waits_for_another();
	all_have_their_turn();
	return test_result();
}
