// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading the next kernel with kexec-tools, and starting it.
 *
 * It is started by reboot() and not by "kexec -e", which would take network
 * interfaces down and sleep meanwhile: a blackout has begun by then.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/reboot.h>

#include "host.h"
#include "kexec.h"

#define TICK_MS 1000

extern char **environ;

/* Lines that came over a pipe. */
struct lines {
	char text[512];
	size_t used;
	kexec_tell tell;
};

static void take(struct lines *lines, bool last)
{
	char *end;

	while ((end = memchr(lines->text, '\n', lines->used)) ||
	       (lines->used && (last || lines->used == sizeof(lines->text) - 1))) {
		size_t len = end ? (size_t)(end - lines->text) : lines->used;

		lines->text[len] = 0;
		if (len)
			lines->tell(lines->text);
		lines->used -= len + !!end;
		memmove(lines->text, lines->text + len + !!end, lines->used);
	}
}

/* Until the other side is closed; says each second that it goes on. */
static void listen_to(int fd, const char *what, kexec_tell tell)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	struct lines lines = { .tell = tell };
	unsigned int seconds = 0;
	char text[64];

	for (;;) {
		int ready = poll(&poller, 1, TICK_MS);
		ssize_t len;

		if (!ready) {
			snprintf(text, sizeof(text), "%s, %u s so far", what, ++seconds);
			tell(text);
			continue;
		}
		len = read(fd, lines.text + lines.used, sizeof(lines.text) - 1 - lines.used);
		if (!len || (len < 0 && errno != EINTR))
			break;
		lines.used += len > 0 ? len : 0;
		take(&lines, false);
	}
	take(&lines, true);
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 126;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}

static int run(char *const argv[], const char *what, kexec_tell tell)
{
	posix_spawn_file_actions_t actions;
	int pipes[2], ret;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC))
		return 126;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], 1);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], 2);
	ret = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(pipes[1]);
	if (!ret)
		listen_to(pipes[0], what, tell);
	close(pipes[0]);
	return ret ? 127 : wait_for(pid);
}

int kexec_load(const char *image, const char *initrd, const char *cmdline, kexec_tell tell)
{
	char *argv[] = { "kexec", "-s", "-l", (char *)image, NULL, NULL, NULL };
	int ret = 126;

	if (asprintf(&argv[4], "--command-line=%s", cmdline) < 0)
		return ret;
	if (!initrd || asprintf(&argv[5], "--initrd=%s", initrd) >= 0)
		ret = run(argv, "loading", tell);
	free(argv[4]);
	free(argv[5]);
	return ret;
}

int kexec_unload(kexec_tell tell)
{
	char *argv[] = { "kexec", "-s", "-u", NULL };

	return run(argv, "unloading", tell);
}

bool kexec_loaded(void)
{
	char *loaded = host_read(host_path("/sys/kernel/kexec/loaded"));
	bool yes;

	if (!loaded)
		loaded = host_read(host_path("/sys/kernel/kexec_loaded"));
	yes = loaded && loaded[0] == '1';
	free(loaded);
	return yes;
}

/* In a process of its own, to be able to say how long it takes. */
void kexec_sync(kexec_tell tell)
{
	int pipes[2];
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC))
		return;
	pid = fork();
	if (!pid) {
		sync();
		_exit(0);
	}
	close(pipes[1]);
	if (pid > 0) {
		listen_to(pipes[0], "writing file systems to disk", tell);
		wait_for(pid);
	} else {
		sync();
	}
	close(pipes[0]);
}

/* Is this line of the log about live updates? */
static bool concerns(const char *text)
{
	static const char *const words[] = { "liveupdate", "luo", "KHO", "kexec" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(text, words[i]))
			return true;
	return false;
}

/* Records are "priority,sequence,time,flags;text\n", one a read. */
static void tell_log(int log, kexec_tell tell)
{
	char record[1024], *text;
	ssize_t len;

	/* EPIPE: the log went on so fast that records were lost. */
	while (log >= 0 && ((len = read(log, record, sizeof(record) - 1)) > 0 ||
			    (len < 0 && errno == EPIPE))) {
		record[len < 0 ? 0 : len] = 0;
		text = strchr(record, ';');
		if (!text || !concerns(text))
			continue;
		text[strcspn(text, "\n")] = 0;
		tell(text + 1);
	}
}

int kexec_start(kexec_tell tell)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC), err;

	if (log >= 0)
		lseek(log, 0, SEEK_END);
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		LINUX_REBOOT_CMD_KEXEC, NULL);
	err = errno;
	tell_log(log, tell);
	if (log >= 0)
		close(log);
	return -err;
}

/* Whatever systemctl has heard: the connection to a bus that is being stopped may break. */
static bool systemd_is_stopping(void)
{
	FILE *said = popen("systemctl is-system-running", "r");
	char state[32] = "";

	if (!said)
		return false;
	if (!fgets(state, sizeof(state), said))
		state[0] = 0;
	pclose(said);
	return !strcmp(state, "stopping\n");
}

int kexec_by_systemd(kexec_tell tell)
{
	char *argv[] = { "systemctl", "kexec", NULL };
	int ret = run(argv, "waiting for systemd", tell);

	if (ret && !systemd_is_stopping())
		return ret == 127 ? -ENOENT : -ECANCELED;
	/* It ends this program, too. Coming back would drop the image that it starts. */
	for (;;)
		pause();
}
