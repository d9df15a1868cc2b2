// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that sleeps writes nothing, and wakes up as one that was reset: while
 * it is preserved, or runs and is not claimed, the machine stays awake (I1).
 *
 * With pm_test the kernel goes as far as freezing its tasks, waits, and is back.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "log.h"
#include "rig.h"
#include "sysfs.h"

#define TOKEN	1

static int go_to_sleep(void)
{
	return file_write("/sys/power/state", "freeze");
}

static void may_sleep(void)
{
	SAME(go_to_sleep(), 0);
}

static void stays_awake(const char *bdf, const char *why)
{
	int log = log_open();

	SAME(go_to_sleep(), -EBUSY);
	CHECK(log_has(log, (const char *[]){ bdf, "no sleep", why, NULL }));
	close(log);
}

static void setup(void)
{
	SAME(file_write("/sys/power/pm_test", "freezer"), 0);
	SAME(file_write("/sys/module/suspend/parameters/pm_test_delay", "0"), 0);
}

static int before(void)
{
	int session = rig_session_create("sleep");
	char bdf[CO_BDF_SIZE];
	struct rig rig;

	setup();
	rig_edu(0, bdf);
	rig_open(&rig, bdf, TOKEN);
	may_sleep();
	rig_preserve(&rig, session);
	stays_awake(bdf, "preserved");
	close(session);
	may_sleep();
	rig_check_dma(&rig);
	rig_preserve(&rig, rig_session_create("sleep"));
	rig_linger();
	return test_result();
}

static int after(void)
{
	char bdf[CO_BDF_SIZE];
	struct rig rig;
	int session;

	setup();
	rig_edu(0, bdf);
	stays_awake(bdf, "not claimed");
	session = rig_session_retrieve("sleep");
	rig_retrieve(&rig, session, TOKEN);
	rig_check(&rig);
	rig_session_finish(session);
	may_sleep();
	rig_check_dma(&rig);
	rig_close(&rig);
	return test_result();
}

int main(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[1], "after") ? after() : before();
}
