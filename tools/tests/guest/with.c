// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a command with something that programs inherit:
 *
 *   t-with interleave COMMAND...   its memory comes from nodes 0 and 1 by turns
 *   t-with merge COMMAND...        KSM may merge its anonymous memory
 */
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/mempolicy.h>

#include "harness.h"

#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE	67
#endif

#define NODES	0x3ul

static void interleave(void)
{
	unsigned long nodes = NODES;

	MUST(!syscall(SYS_set_mempolicy, MPOL_INTERLEAVE, &nodes, sizeof(nodes) * 8));
}

int main(int argc, char **argv)
{
	MUST(argc > 2);
	if (!strcmp(argv[1], "interleave"))
		interleave();
	else
		MUST(!strcmp(argv[1], "merge") && !prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0));
	execvp(argv[2], argv + 2);
	MUST(!"the command runs");
	return test_result();
}
