// SPDX-License-Identifier: GPL-2.0-only
/* Limits that the kernel puts on this process. */
#include <errno.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

#include "counts.h"
#include "harness.h"
#include "process-limits.h"
#include "sysfs.h"

#define ROOT "/cgroup"

static void may(unsigned int capability, bool on)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	MUST(!syscall(SYS_capget, &header, data));
	data[0].effective &= ~(1u << capability);
	data[0].effective |= (unsigned int)on << capability;
	MUST(!syscall(SYS_capset, &header, data));
}

void limits_memlock(size_t bytes)
{
	struct rlimit limit = { bytes, RLIM_INFINITY };

	MUST(!setrlimit(RLIMIT_MEMLOCK, &limit));
	may(CAP_IPC_LOCK, false);
}

void limits_memlock_lift(void)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	MUST(!setrlimit(RLIMIT_MEMLOCK, &limit));
	may(CAP_IPC_LOCK, true);
}

/* The kernel counts exactly only when a count that may be 0 reaches the limit. */
void limits_files(void)
{
	MUST(!file_write("/proc/sys/fs/file-max", "0"));
	may(CAP_SYS_ADMIN, false);
}

void limits_raw_io(void)
{
	may(CAP_SYS_RAWIO, false);
}

int limits_write(const char *name, const char *attribute, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), ROOT "/%s/%s", name, attribute);
	return file_write(path, text);
}

static void open_root(void)
{
	if (mkdir(ROOT, 0700)) {
		MUST(errno == EEXIST);
		return;
	}
	MUST(!mount("none", ROOT, "cgroup2", 0, ""));
	MUST(!limits_write("", "cgroup.subtree_control", "+memory"));
}

void limits_group(const char *name, size_t bytes)
{
	char path[64], text[32];

	open_root();
	snprintf(path, sizeof(path), ROOT "/%s", name);
	MUST(!mkdir(path, 0700));
	if (!bytes)
		return;
	snprintf(text, sizeof(text), "%zu", bytes);
	MUST(!limits_write(name, "memory.max", text));
}

void limits_enter(const char *name)
{
	MUST(!limits_write(name, "cgroup.procs", "0"));
}

long long limits_events(const char *name, const char *event)
{
	char path[128];

	snprintf(path, sizeof(path), ROOT "/%s/memory.events", name);
	return counts_number(path, event);
}
