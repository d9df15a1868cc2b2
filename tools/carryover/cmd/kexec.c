// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading the next kernel with kexec-tools, and starting it.
 *
 * It is started by reboot() and not by "kexec -e", which would take network
 * interfaces down and sleep meanwhile: a blackout has begun by then.
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/reboot.h>

#include "kexec.h"

extern char **environ;

static int run(char *const argv[])
{
	int status;
	pid_t pid;

	if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ))
		return 127;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 126;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}

int kexec_load(const char *image, const char *initrd, const char *cmdline)
{
	char *argv[] = { "kexec", "-s", "-l", (char *)image, NULL, NULL, NULL };
	int ret = 126;

	if (asprintf(&argv[4], "--command-line=%s", cmdline) < 0)
		return ret;
	if (!initrd || asprintf(&argv[5], "--initrd=%s", initrd) >= 0)
		ret = run(argv);
	free(argv[4]);
	free(argv[5]);
	return ret;
}

int kexec_unload(void)
{
	char *argv[] = { "kexec", "-s", "-u", NULL };

	return run(argv);
}

int kexec_start(void)
{
	sync();
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		LINUX_REBOOT_CMD_KEXEC, NULL);
	return -errno;
}
