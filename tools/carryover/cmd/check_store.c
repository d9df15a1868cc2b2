// SPDX-License-Identifier: GPL-2.0-only
/*
 * What systemd will do with the files of its stores at kexec, beforehand: into one
 * session with all of them, and closed again.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "carryover.h"
#include "check.h"
#include "host.h"
#include "outgoing.h"
#include "store.h"

/* Services that make sessions have it for a moment. */
#define OPEN_MS 5000

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
};

static void refused(const struct rehearsal *r, const char *object, int err)
{
	if (err == -EBUSY)
		report_add(r->report, LEVEL_WARN, "store", object,
			   "have that session in the store, and not its files",
			   "it is in a session already, and kept only if that is");
	else
		report_add(r->report, LEVEL_FAIL, "store", object,
			   "dmesg says why; take it out of the store, or end its service for good",
			   "it cannot be kept (%s): the device that needs it would be lost, and perhaps all",
			   strerror(-err));
}

static void rehearse_file(void *arg, const struct store_file *file)
{
	struct rehearsal *r = arg;
	char object[160];
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
	ret = co_session_preserve(r->session, fd, r->token++);
	if (ret)
		refused(r, object, ret);
	else
		r->kept++;
	close(fd);
}

/* Nothing comes later: these are all files there are. */
static void take_lack(void *arg, enum lack lack, const char *session, const char *text)
{
	const struct rehearsal *r = arg;

	if (!strcmp(session, r->name))
		report_add(r->report, lack == LACK_DEVICE ? LEVEL_WARN : LEVEL_FAIL, "store", NULL,
			   "its service has to put all of them into the store; is FileDescriptorStoreMax= large enough?",
			   "%s", text);
}

static void conclude(const struct rehearsal *r)
{
	outgoing_look(take_lack, (void *)r);
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
