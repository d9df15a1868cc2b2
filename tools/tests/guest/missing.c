// SPDX-License-Identifier: GPL-2.0-only
/*
 * A memfd that an iommufd needs and that is not in its session (I4): inspect
 * says so before the reboot would fail, and with the inode that the memfd has.
 * One that comes after the iommufd (I5) it does not call missing.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "rig.h"

#define INSPECT	"carryover inspect --verify outgoing 2>&1"

/* Is a line with this end what inspect says? And what does it exit with? */
static bool inspect_says(const char *end, int *exit)
{
	FILE *out = popen(INSPECT, "r");
	bool said = false;
	char line[512];

	MUST(out);
	while (fgets(line, sizeof(line), out)) {
		const char *at = strstr(line, end);

		said |= at && at[strlen(end)] == '\n';
	}
	*exit = WEXITSTATUS(pclose(out));
	return said;
}

static void says_of_memfd(const struct rig *rig, unsigned long long inode,
			  const char *what, int status)
{
	char line[256];
	int exit;

	snprintf(line, sizeof(line),
		 "IOAS %u IOVA %#llx: its memfd (inode %llu) %s",
		 rig->note->ioas, RIG_IOVA, inode, what);
	CHECK(inspect_says(line, &exit));
	SAME(exit, status);
}

int main(void)
{
	int session = rig_session_create("missing");
	char bdf[CO_BDF_SIZE];
	struct stat memfd;
	struct rig rig;
	int exit;

	rig_edu(0, bdf);
	rig_open(&rig, bdf, 1);
	MUST(!fstat(rig.buffer.fd, &memfd));
	rig_preserve_one(&rig, session, RIG_IOMMUFD);
	rig_preserve_one(&rig, session, RIG_VFIO);
	says_of_memfd(&rig, memfd.st_ino, "is not in the session", 1);
	rig_preserve_one(&rig, session, RIG_MEMFD);
	/* It is found by its inode, though the iommufd did not find it. */
	CHECK(!inspect_says("freeze looks again", &exit));
	SAME(exit, 0);
	close(session);
	rig_close(&rig);
	return test_result();
}
