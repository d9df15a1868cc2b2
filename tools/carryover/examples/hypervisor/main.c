// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/*
 * A small hypervisor whose virtual machine outlives the kernel: the command line, and
 * the loop that waits for everything.
 *
 *   hypervisor --kernel bzImage --initrd initrd		in the first kernel
 *   carryover run --kernel bzImage				or SIGTERM, and kexec -e
 *   hypervisor							in the next one
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "hypervisor.h"

#define NVME_CLASS	0x010802
#define MIB		(1ull << 20)
#define REQUEST_MS	1000

/* -------------------------------------------------------------- messages -- */

static void print(FILE *to, const char *format, va_list args)
{
	char text[256];

	vsnprintf(text, sizeof(text), format, args);
	fprintf(to, "vm: %s\n", text);
	fflush(to);
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print(stdout, format, args);
	va_end(args);
}

int fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print(stderr, format, args);
	va_end(args);
	return -1;
}

int fail_errno(const char *what)
{
	return fail("%s: %s", what, strerror(errno));
}

/* -------------------------------------------------------------- the loop -- */

enum { ON_REQUEST, ON_SIGNAL, ON_DISK, ON_END, ON_INPUT, ON };

/* A character at a time, as fast as the guest reads them. */
static void read_input(struct vm *vm, struct pollfd *input)
{
	char c;

	if (vm->state->serial.has_input)
		return;
	if (read(input->fd, &c, 1) == 1)
		serial_type(vm, c);
	else
		input->fd = -1;
}

static int on_disk(struct vm *vm)
{
	eventfd_t count;
	int ret;

	eventfd_read(vm->disk.event, &count);
	pthread_mutex_lock(&vm->lock);
	ret = blk_complete(vm);
	pthread_mutex_unlock(&vm->lock);
	return ret;
}

static int on_signal(struct vm *vm, const struct options *options, int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return fail_errno("signal");
	return update_prepare(vm, options, -1);
}

/* It has connected, and what it wants comes right after that. */
static int on_request(struct vm *vm, const struct options *options, int listener)
{
	int request = co_ready_wait(listener, REQUEST_MS);

	return request < 0 ? 0 : update_prepare(vm, options, request);
}

static int one_round(struct vm *vm, const struct options *options, struct pollfd *on)
{
	/* Whether the guest has read its input nobody tells. */
	bool typing = vm->state->serial.has_input && on[ON_INPUT].fd >= 0;

	on[ON_INPUT].events = typing ? 0 : POLLIN;
	if (poll(on, ON, typing ? 10 : -1) < 0)
		return errno == EINTR ? 0 : fail_errno("poll");
	if (on[ON_DISK].revents && on_disk(vm))
		return -1;
	if (on[ON_INPUT].revents) {
		pthread_mutex_lock(&vm->lock);
		read_input(vm, &on[ON_INPUT]);
		pthread_mutex_unlock(&vm->lock);
	}
	if (on[ON_REQUEST].revents && on_request(vm, options, on[ON_REQUEST].fd))
		return -1;
	if (on[ON_SIGNAL].revents && on_signal(vm, options, on[ON_SIGNAL].fd))
		return -1;
	return 0;
}

static int loop(struct vm *vm, const struct options *options, int listener, int signals)
{
	struct pollfd on[ON] = {
		[ON_REQUEST] = { .fd = listener, .events = POLLIN },
		[ON_SIGNAL] = { .fd = signals, .events = POLLIN },
		[ON_DISK] = { .fd = vm->disk.event, .events = POLLIN },
		[ON_END] = { .fd = vm->ended, .events = POLLIN },
		[ON_INPUT] = { .fd = 0, .events = POLLIN },
	};

	while (!on[ON_END].revents)
		if (one_round(vm, options, on))
			return -1;
	return vm->failed ? -1 : 0;
}

/* ----------------------------------------------------- beginning and end -- */

static int begin(struct vm *vm, const struct options *options)
{
	char found[CO_BDF_SIZE];
	const char *bdf = options->bdf;

	if (!options->kernel)
		return fail("no virtual machine has arrived, and there is no --kernel");
	if (!bdf && co_pci_find_class(NVME_CLASS, 0, found))
		return fail("no NVMe controller");
	if (vm_alloc(vm, options) || disk_start(vm, bdf ? bdf : found) ||
	    vm_create(vm) || boot_load(vm, options))
		return -1;
	say("starts: %llu MiB, %u vCPUs, disk %s",
	    (unsigned long long)(vm->state->memory / MIB), vm->state->vcpus, vm->state->bdf);
	return vm_run(vm);
}

static double ms_since(uint64_t tsc)
{
	return 1e3 * (co_tsc() - tsc) / co_tsc_hz();
}

/* The virtual machine runs before the session ends: that can be done at any time. */
static int go_on(struct vm *vm, int session)
{
	unsigned int waiting = nvme_waiting(&vm->state->nvme);
	unsigned int busy = nvme_busy(&vm->state->nvme);
	double gap;

	if (vm_create(vm))
		return -1;
	co_timeline_mark("vm built");
	if (vm_load(vm) || disk_resume(vm) || blk_complete(vm))
		return -1;
	gap = ms_since(vm->state->paused);
	co_timeline_mark("vm runs");
	if (vm_run(vm))
		return -1;
	say("goes on: kernel %u, paused for %.1f ms", vm->state->updates + 1, gap);
	say("requests at the kexec: %u, of which %u were done meanwhile", busy, waiting);
	if (co_session_finish(session))
		return fail("finish: %s", co_error());
	close(session);
	return 0;
}

static int run(struct vm *vm, const struct options *options, int listener, int signals)
{
	int session = update_arrived(vm, options);

	if (session < 0 || (session ? go_on(vm, session) : begin(vm, options)))
		return -1;
	if (loop(vm, options, listener, signals))
		return -1;
	vm_pause(vm);
	say("ended: %llu requests, %llu of them on their way at one of %u updates",
	    (unsigned long long)vm->state->taken, (unsigned long long)vm->state->carried,
	    vm->state->updates);
	return disk_stop(vm);
}

/* ------------------------------------------------------------ command line -- */

static int usage(void)
{
	fputs("usage: hypervisor [--kernel bzImage [--initrd FILE] [--append WORDS]\n"
	      "                   [--disk BDF] [--memory MIB] [--huge KIB] [--cpus N]]\n"
	      "                  [--name SESSION] [--into FD] [--from FD]\n"
	      "Without --kernel it goes on with the virtual machine that arrived. Sessions are\n"
	      "made and found by /dev/liveupdate, or are open already: that for the next kernel\n"
	      "as --into, the one that arrived as --from.\n", stderr);
	return -1;
}

static int parse(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{ "kernel", 1, NULL, 'k' }, { "initrd", 1, NULL, 'i' },
		{ "append", 1, NULL, 'a' }, { "disk", 1, NULL, 'd' },
		{ "memory", 1, NULL, 'm' }, { "huge", 1, NULL, 'h' },
		{ "cpus", 1, NULL, 'c' }, { "name", 1, NULL, 'n' },
		{ "into", 1, NULL, 't' }, { "from", 1, NULL, 'f' }, { 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'k': options->kernel = optarg; break;
		case 'i': options->initrd = optarg; break;
		case 'a': options->cmdline = optarg; break;
		case 'd': options->bdf = optarg; break;
		case 'm': options->memory = strtoull(optarg, NULL, 10) * MIB; break;
		case 'h': options->huge = strtoull(optarg, NULL, 10) << 10; break;
		case 'c': options->vcpus = strtoul(optarg, NULL, 10); break;
		case 'n': options->name = optarg; break;
		case 't': options->into = atoi(optarg); break;
		case 'f': options->from = atoi(optarg); break;
		default: return usage();
		}
	}
	if (optind < argc)
		return usage();
	if (!options->vcpus || options->vcpus > MAX_VCPUS)
		return fail("--cpus: 1 to %u", MAX_VCPUS);
	if (options->memory < 64 * MIB || options->memory > 3072 * MIB)
		return fail("--memory: 64 to 3072 MiB");
	return 0;
}

int main(int argc, char **argv)
{
	struct options options = { .name = "vm", .memory = 192 * MIB, .vcpus = 1,
		.from = -1, .into = -1 };
	struct vm vm = { .lock = PTHREAD_MUTEX_INITIALIZER };
	int listener, signals, ret;
	char path[256];
	sigset_t set;

	if (parse(argc, argv, &options))
		return 2;
	/* Before there are threads, so that none of them takes it. */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	listener = co_ready_listen(options.name);
	if (listener < 0)
		return fail("%s", co_error()), 1;
	ret = run(&vm, &options, listener, signals);
	snprintf(path, sizeof(path), "/run/carryover/%s", options.name);
	unlink(path);
	return ret ? 1 : 0;
}
