// SPDX-License-Identifier: GPL-2.0-only
/*
 * What systemd will do with the files of its stores at kexec, beforehand: into one
 * session with all of them, and closed again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/vfio_liveupdate.h>

#include "carryover.h"
#include "check.h"
#include "host.h"
#include "outgoing.h"
#include "store.h"

/* Services that make sessions have it for a moment. */
#define OPEN_MS 5000

/**
 * struct refused - a file that cannot be kept
 * @object: what it is, for people
 * @err: why, a negative errno
 * @level: how bad that is, unless it depends on who needs it
 * @needed: it does: a device may need it
 */
struct refused {
	char object[160];
	int err;
	enum level level;
	bool needed;
};

/**
 * struct rehearsal - how far it is
 * @report: where findings go
 * @pid: who holds the files
 * @pidfd: of it
 * @session: made for this
 * @name: of the session
 * @token: of the next file
 * @kept: files that would be kept
 * @sessions: sessions among the files
 * @fatal: something would be lost whose owner did not allow it
 * @spared: something an optional device needs is lacking
 * @refused: files that cannot be kept
 * @refusals: how many
 * @optional: tokens of optional devices
 * @optionals: how many
 */
struct rehearsal {
	struct report *report;
	pid_t pid;
	int pidfd;
	int session;
	char name[64];
	unsigned int token;
	unsigned int kept;
	unsigned int sessions;
	bool fatal;
	bool spared;
	struct refused *refused;
	unsigned int refusals;
	unsigned int *optional;
	unsigned int optionals;
};

static const char left_behind[] =
	"the live update goes on without an optional device; dmesg says what is in its way";

/* More room for an array of @count; a check that has no memory for a list ends. */
static void *longer(void *list, unsigned int count, size_t size)
{
	void *more = reallocarray(list, count + 1, size);

	if (!more)
		abort();
	return more;
}

static bool is_optional(int device)
{
	uint32_t flags;

	return !co_device_liveupdate(device, &flags, NULL) &&
	       flags & VFIO_LIVEUPDATE_OPTIONAL;
}

static void note_optional(struct rehearsal *r)
{
	r->optional = longer(r->optional, r->optionals, sizeof(*r->optional));
	r->optional[r->optionals++] = r->token;
}

static bool is_token_optional(const struct rehearsal *r, unsigned long long token)
{
	for (unsigned int i = 0; i < r->optionals; i++)
		if (r->optional[i] == token)
			return true;
	return false;
}

static void note_refused(struct rehearsal *r, const char *object, const struct store_file *file,
			 bool optional, int err)
{
	struct refused *refused;

	if (err == -EBUSY) {
		report_add(r->report, LEVEL_WARN, "store", object,
			   "have that session in the store, and not its files",
			   "it is in a session already, and kept only if that is");
		return;
	}
	r->refused = longer(r->refused, r->refusals, sizeof(*refused));
	refused = &r->refused[r->refusals++];
	*refused = (struct refused){
		.err = err, .level = optional ? LEVEL_WARN : LEVEL_FAIL,
		.needed = file->kind == STORE_MEMFD || file->kind == STORE_IOMMUFD,
	};
	snprintf(refused->object, sizeof(refused->object), "%s", object);
}

/* When it is known what devices lack: is that allowed of all that lack something? */
static void tell_refused(const struct rehearsal *r, const struct refused *it)
{
	if (it->level == LEVEL_WARN || (it->needed && r->spared && !r->fatal))
		report_add(r->report, LEVEL_WARN, "store", it->object, left_behind,
			   "it cannot be kept (%s)", strerror(-it->err));
	else
		report_add(r->report, LEVEL_FAIL, "store", it->object,
			   "dmesg says why; take it out of the store, or end its service for good",
			   "it cannot be kept (%s): the device that needs it would be lost, and perhaps all",
			   strerror(-it->err));
}

static void rehearse_file(void *arg, const struct store_file *file)
{
	struct rehearsal *r = arg;
	char object[160];
	bool optional;
	int fd, ret;

	if (file->kind == STORE_SESSION) {
		r->sessions++;
		return;
	}
	snprintf(object, sizeof(object), "%s (fd %d of process %d)", file->name, file->number,
		 (int)r->pid);
	fd = syscall(SYS_pidfd_getfd, r->pidfd, file->number, 0);
	if (fd < 0) {
		/* Closed meanwhile: it is in no store any more. */
		if (errno != EBADF)
			report_add(r->report, LEVEL_FAIL, "store", object,
				   "run as root, with CAP_SYS_PTRACE",
				   "it cannot be looked at: %s", strerror(errno));
		return;
	}
	optional = file->kind == STORE_DEVICE && is_optional(fd);
	if (optional)
		note_optional(r);
	ret = co_session_preserve(r->session, fd, r->token++);
	if (ret)
		note_refused(r, object, file, optional, ret);
	else
		r->kept++;
	close(fd);
}

/* Nothing comes later: these are all files there are. */
static void take_lack(void *arg, const struct lacking *it)
{
	bool allowed = it->lack == LACK_DEVICE;
	struct rehearsal *r = arg;

	if (strcmp(it->session, r->name))
		return;
	if (it->token && is_token_optional(r, it->token)) {
		r->spared = true;
		report_add(r->report, LEVEL_WARN, "store", NULL, left_behind, "%s", it->text);
		return;
	}
	r->fatal |= !allowed;
	report_add(r->report, allowed ? LEVEL_WARN : LEVEL_FAIL, "store", NULL,
		   "its service has to put all of them into the store; is FileDescriptorStoreMax= large enough?",
		   "%s", it->text);
}

/* What is not seen may be incomplete. */
static void look_at_outgoing(struct rehearsal *r)
{
	int count = outgoing_look(take_lack, r);

	if (count < 0)
		report_add(r->report, count == -ENOENT ? LEVEL_WARN : LEVEL_FAIL, "store", NULL,
			   "mount -t debugfs none /sys/kernel/debug; carryover inspect outgoing",
			   "whether what would be kept is complete cannot be read: %s",
			   strerror(-count));
}

static void conclude(struct rehearsal *r)
{
	look_at_outgoing(r);
	for (unsigned int i = 0; i < r->refusals; i++)
		tell_refused(r, &r->refused[i]);
	if (r->kept || r->sessions)
		report_add(r->report, LEVEL_NOTE, "store", NULL, NULL,
			   "process %d holds %u files that would be kept, and %u sessions",
			   (int)r->pid, r->kept, r->sessions);
	else
		report_add(r->report, LEVEL_NOTE, "store", NULL, NULL,
			   "process %d holds no memfd, iommufd, device or session that would be kept",
			   (int)r->pid);
}

static void rehearse(struct rehearsal *r)
{
	int luo = co_luo_open_wait(OPEN_MS), ret = 0;

	snprintf(r->name, sizeof(r->name), "carryover-check-%d", (int)getpid());
	r->session = luo < 0 ? luo : co_session_create(luo, r->name);
	if (luo >= 0)
		close(luo);
	if (r->session < 0) {
		report_add(r->report, LEVEL_FAIL, "store", NULL, "see the other findings, or run as root",
			   "no session for the rehearsal: %s", co_error());
		return;
	}
	ret = store_look(r->pid, rehearse_file, r);
	if (ret)
		report_add(r->report, LEVEL_FAIL, "store", NULL, "run as root",
			   "files of process %d cannot be seen: %s", (int)r->pid, strerror(-ret));
	else
		conclude(r);
	close(r->session);
	free(r->refused);
	free(r->optional);
}

void check_store(struct report *report, const struct plan *plan)
{
	struct rehearsal r = { .report = report, .pid = plan->store, .token = 1 };

	if (!plan->store) {
		if (store_in_use(STORE_SYSTEMD))
			report_add(report, LEVEL_NOTE, "store", NULL, "carryover check --store",
				   "systemd holds files for services; whether they can be kept was not tried");
		return;
	}
	r.pidfd = syscall(SYS_pidfd_open, r.pid, 0);
	if (r.pidfd < 0) {
		report_add(report, LEVEL_FAIL, "store", NULL, "name a process that runs",
			   "process %d: %s", (int)r.pid, strerror(errno));
		return;
	}
	rehearse(&r);
	close(r.pidfd);
}
