// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who retrieves a context pays for it as if it had mapped the memory itself
 * (invariant I7): pinned memory of the process or of the user, held to
 * RLIMIT_MEMLOCK, and page tables in the cgroup. Closing gives all of it back.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/iommufd.h>

#include "counts.h"
#include "harness.h"
#include "rig.h"

#define GROUP	"/cgroup/payer"

/* What each of two contexts is for, and its first token. */
enum { BY_PROCESS = 10, BY_USER = 20 };

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	MUST(fd >= 0);
	MUST(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static long long pinned_bytes(void)
{
	return counts_number("/proc/self/status", "VmPin:") * 1024;
}

/* Small changes of a group's statistics may take 2 seconds to show. */
static void group_has_tables(long long count)
{
	long long now = -1;

	for (int i = 0; i < 100 && now != count; i++) {
		if (i)
			rig_sleep_ms(100);
		now = counts_number(GROUP "/memory.stat", "sec_pagetables ") /
		      RIG_PAGE;
	}
	SAME(now, count);
}

/* Who has this capability is not held to any limit. */
static void drop_ipc_lock(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	MUST(!syscall(SYS_capget, &header, data));
	data[CAP_TO_INDEX(CAP_IPC_LOCK)].effective &=
		~CAP_TO_MASK(CAP_IPC_LOCK);
	MUST(!syscall(SYS_capset, &header, data));
}

static void limit(rlim_t bytes)
{
	struct rlimit memlock = { bytes, bytes };

	MUST(!setrlimit(RLIMIT_MEMLOCK, &memlock));
}

/* ---------------------------------------------------------------- kernel A */

static void account_by_process(int iommufd)
{
	struct iommu_option option = {
		.size = sizeof(option), .option_id = IOMMU_OPTION_RLIMIT_MODE,
		.op = IOMMU_OPTION_OP_SET, .val64 = 1,
	};

	MUST(!ioctl(iommufd, IOMMU_OPTION, &option));
}

static void open_one(struct rig *rig, unsigned int edu, uint64_t token)
{
	struct rig_note *note;

	rig->token = token;
	rig_open_memory(rig);
	note = rig->note;
	rig_edu(edu, note->bdf);
	WORKS(co_pci_bind(note->bdf, "vfio-pci"));
	rig->iommufd = WORKS(co_iommufd_open());
	if (token == BY_PROCESS)
		account_by_process(rig->iommufd);
	rig->device = WORKS(co_device_open(note->bdf));
	WORKS(co_device_bind(rig->device, rig->iommufd, &note->device_id));
	WORKS(co_ioas_alloc(rig->iommufd, &note->ioas));
	rig_map(rig);
}

static int before(void)
{
	int session = rig_session_create("account");
	int other = rig_session_create("limit");
	struct rig process, user;

	drop_ipc_lock();
	limit(64 << 20);
	SAME(pinned_bytes(), 0);
	open_one(&process, 0, BY_PROCESS);
	SAME(pinned_bytes(), RIG_SIZE);
	process.note->word[0] = counts_tables();
	open_one(&user, 1, BY_USER);
	rig_preserve(&process, session);
	rig_preserve(&user, other);
	rig_linger();
	return test_result();
}

/* ---------------------------------------------------------------- kernel B */

static void make_group(void)
{
	MUST(!mkdir("/cgroup", 0700));
	MUST(!mount("none", "/cgroup", "cgroup2", 0, ""));
	put("/cgroup/cgroup.subtree_control", "+memory");
	MUST(!mkdir(GROUP, 0700));
}

/* In a process of its own: it may lock so much, and no more. */
static void as_payer(void (*work)(int session), const char *name, rlim_t bytes)
{
	int session = rig_session_retrieve(name), status;
	pid_t child = fork();
	char pid[16];

	MUST(child >= 0);
	if (!child) {
		snprintf(pid, sizeof(pid), "%d", getpid());
		put(GROUP "/cgroup.procs", pid);
		drop_ipc_lock();
		limit(bytes);
		work(session);
		exit(test_result());
	}
	close(session);
	MUST(waitpid(child, &status, 0) == child);
	SAME(status, 0);
}

static void pay(int session)
{
	long long start = counts_tables();
	struct rig rig;

	SAME(pinned_bytes(), 0);
	group_has_tables(0);
	rig_retrieve(&rig, session, BY_PROCESS);
	rig_check(&rig);
	SAME(pinned_bytes(), RIG_SIZE);
	SAME(counts_tables() - start, rig.note->word[0]);
	group_has_tables(rig.note->word[0]);
	rig_session_finish(session);
	SAME(pinned_bytes(), RIG_SIZE);
	rig_check_dma(&rig);
	rig_close(&rig);
	SAME(pinned_bytes(), 0);
	SAME(counts_tables(), start);
	group_has_tables(0);
}

/* Not allowed to lock that much; the session can be finished all the same. */
static void fail_to_pay(int session)
{
	long long start = counts_tables();

	FAILS(co_session_retrieve_fd(session, BY_USER + RIG_IOMMUFD), ENOMEM);
	SAME(counts_tables(), start);
	group_has_tables(0);
	rig_session_finish(session);
	SAME(counts_tables(), start);
}

static int after(void)
{
	char bdf[CO_BDF_SIZE];

	make_group();
	as_payer(pay, "account", RIG_SIZE);
	as_payer(fail_to_pay, "limit", RIG_SIZE - RIG_PAGE);
	rig_edu(1, bdf);
	CHECK(!rig_master(bdf));
	return test_result();
}

int main(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[1], "after") ? after() : before();
}
