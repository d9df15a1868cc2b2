// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#include "init.h"

static void mount_at(const char *type, const char *where)
{
	mkdir(where, 0755);
	if (mount(type, where, type, 0, NULL) && errno != EBUSY)
		fprintf(stderr, "mount %s: %s\n", where, strerror(errno));
}

static void mount_all(void)
{
	mount_at("devtmpfs", "/dev");
	mount_at("proc", "/proc");
	mount_at("sysfs", "/sys");
	mount_at("debugfs", "/sys/kernel/debug");
	mount_at("tmpfs", "/tmp");
	mount_at("tmpfs", "/run");
	mount_at("tmpfs", "/dev/shm");
	mount_at("hugetlbfs", "/dev/hugepages");
}

static void power_off(void)
{
	sync();
	/* Without ACPI there is no power to turn off, but QEMU ends at a reset, too. */
	reboot(access("/sys/firmware/acpi", F_OK) ? RB_AUTOBOOT : RB_POWER_OFF);
	/* A power-off that does not work is for the runner's timeout to notice. */
	for (;;)
		pause();
}

static void give_up(const char *what)
{
	fprintf(stderr, "carryover-init: %s: %s\n", what, strerror(errno));
	wire_kmsg("carryover-init: %s: %s", what, strerror(errno));
	power_off();
}

static void record_tsc(unsigned long long tsc)
{
	FILE *f = fopen("/run/init.tsc", "we");

	if (!f)
		return;
	fprintf(f, "%llu\n", tsc);
	fclose(f);
}

/*
 * A program may print and call reboot() in the next breath: whoever passes its
 * output on has to run before it does.
 */
static void be_first(void)
{
	struct sched_param param = { .sched_priority = 1 };

	sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param);
}

static int load_next(int next, int stage)
{
	char *image = plan_read("kernel", next), *cmdline = plan_read("cmdline", next);
	char *how = plan_read("by", next);
	bool crash = how && !strcmp(how, "crash");
	char *argv[] = { "kexec", "-s", crash ? "-p" : "-l", image,
			 "--initrd=" NEXT_INITRD, NULL, NULL };
	int ret = 126;

	if (how && !crash)
		return 0;
	if (image && asprintf(&argv[5], "--command-line=%s", cmdline ? cmdline : "") >= 0)
		ret = run_command(argv, stage);
	if (ret)
		wire_report("load %d failed %d", next, ret);
	return ret;
}

/* What the runner put below /lib/modules for this kernel to have. */
static int load_modules(int stage)
{
	char *names = plan_read("modules", stage), *command;
	char *argv[] = { "sh", "-c", NULL, NULL };
	int ret = 126;

	if (!names)
		return 0;
	if (asprintf(&command, "modprobe -a %s", names) >= 0) {
		argv[2] = command;
		ret = run_command(argv, stage);
	}
	if (ret)
		wire_report("modules %d failed %d", stage, ret);
	return ret;
}

static int run_stage(int stage)
{
	char *argv[] = { "sh", "-c", plan_read("stage", stage), NULL };
	int ret;

	if (chdir(FILES_DIR))
		give_up(FILES_DIR);
	wire_report("stage %d start %llu", stage, __rdtsc());
	ret = run_command(argv, stage);
	wire_report("stage %d exit %d", stage, ret);
	return ret;
}

/* Leaks show only when somebody looks: twice, since a first scan may be too early. */
static void scan_for_leaks(int stage)
{
	char *argv[] = { "sh", "-c",
			 "cd /sys/kernel/debug && echo scan >kmemleak && sleep 6 &&"
			 " echo scan >kmemleak && cat kmemleak", NULL };

	if (plan_has("kmemleak", 0) && run_command(argv, stage))
		wire_report("kmemleak failed");
}

/* Comes back only when it did not work. */
static void start_next(int stage, struct window *w)
{
	char *panic[] = { "sh", "-c", "echo c >/proc/sysrq-trigger", NULL };
	char *execute[] = { "kexec", "-e", "--no-ifdown", NULL };
	char *how = plan_read("by", stage + 1), **argv = execute;

	wire_report("kexec %d start %llu", stage, __rdtsc());
	if (how && !strcmp(how, "reboot")) {
		w->rebooted_into = stage + 1;
		reboot(RB_AUTOBOOT);
	}
	if (how && !strcmp(how, "crash"))
		argv = panic;
	wire_report("kexec %d failed %d", stage, run_command(argv, stage));
}

static void run_plan(int stage, struct window *w)
{
	bool last = !plan_has("stage", stage + 1);
	bool late = plan_has("late-load", 0);
	bool ok;

	if (!last && !late && load_next(stage + 1, stage))
		return;
	ok = run_stage(stage) == 0 || plan_has("expect-fail", stage);
	scan_for_leaks(stage);
	if (last)
		wire_report("end");
	else if (ok && !(late && load_next(stage + 1, stage)))
		start_next(stage, w);
}

static void shell(void)
{
	char *argv[] = { "setsid", "-c", "sh", "-l", NULL };
	int fd = open("/dev/ttyS1", O_RDWR);

	if (fd < 0)
		give_up("/dev/ttyS1");
	dup2(fd, 0);
	dup2(fd, 1);
	dup2(fd, 2);
	if (!chdir(FILES_DIR))
		execvp(argv[0], argv);
	give_up(argv[0]);
}

static void set_environment(int stage)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", stage);
	setenv("PATH", FILES_DIR ":" FILES_DIR "/bin:/sbin:/bin", 1);
	setenv("HOME", "/", 1);
	setenv("TERM", "linux", 1);
	setenv("STAGE", number, 1);
	plan_export_environment();
}

int main(void)
{
	unsigned long long tsc = __rdtsc();
	struct window *w;
	struct utsname u;
	int stage;

	umask(022);
	mount_all();
	w = window_open();
	if (!w)
		give_up("the runner's memory device");
	if (unpack((char *)w + w->payload_offset, w->payload_size))
		give_up("payload");
	wire_open(w);
	record_tsc(tsc);
	stage = plan_stage(w);
	uname(&u);
	wire_report("kernel %d tsc %llu release %s", stage, tsc, u.release);
	wire_kmsg("carryover-init: stage %d", stage);
	set_environment(stage);
	if (load_modules(stage))
		power_off();
	if (plan_has("shell", 0)) {
		pid_t pid = fork();

		if (pid == 0)
			shell();
		/* The shell is a child, so that leaving it ends the guest, not in a panic. */
		while (pid > 0 && waitpid(-1, NULL, 0) != pid)
			;
	} else {
		be_first();
		run_plan(stage, w);
	}
	power_off();
	return 0;
}
