// SPDX-License-Identifier: GPL-2.0-only
/* Kernel B when only the memory was kept: what becomes of the device. */
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "demo.h"
#include "say.h"

static int open_memory(int session, struct co_buffer *buffer)
{
	int fd = co_session_retrieve_fd(session, TOKEN_MEMFD);

	return say_done(fd, "memfd") &&
	       say_done(co_buffer_open(buffer, fd), "memory") ? 0 : -1;
}

static void is_not_there(int session, enum demo_token token, const char *what)
{
	int fd = co_session_retrieve_fd(session, token);

	say_check(fd == -ENOENT, what, "%s", fd < 0 ? co_error() : "arrived");
}

static void master_is_off(const char *bdf)
{
	uint16_t command;

	if (say_done(co_pci_config_read16(bdf, PCI_COMMAND, &command),
		     "Bus Master"))
		say_check(!(command & PCI_COMMAND_MASTER), "Bus Master",
			  "%s", command & PCI_COMMAND_MASTER ? "on" : "off");
}

/* All the time they could have needed, and three seconds more. */
static void nothing_comes(const struct demo_mem *mem, unsigned int iops)
{
	struct timespec span = { .tv_sec = mem->record.reads / iops + 3 };
	unsigned int now;

	nanosleep(&span, NULL);
	now = nvme_waiting(&mem->nvme);
	say_check(now < mem->record.reads, "completions missing for good",
		  "%u of %u", mem->record.reads - now, mem->record.reads);
}

int demo_lost(const struct demo_options *options)
{
	int luo = co_luo_open();
	struct co_buffer buffer;
	int session;

	say_head("Kernel B, the device was not kept");
	if (!say_done(luo, "live update"))
		return 1;
	session = co_session_retrieve(luo, DEMO_SESSION);
	if (!say_done(session, "session") || open_memory(session, &buffer))
		return 1;
	is_not_there(session, TOKEN_IOMMUFD, "iommufd");
	is_not_there(session, TOKEN_VFIO, "vfio device");
	master_is_off(((struct demo_mem *)buffer.mem)->record.bdf);
	nothing_comes(buffer.mem, options->iops);
	say_done(co_session_finish(session), "finish");
	co_buffer_close(&buffer);
	close(session);
	close(luo);
	return !!say_failures();
}
