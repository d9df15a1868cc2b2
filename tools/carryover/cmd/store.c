// SPDX-License-Identifier: GPL-2.0-only
/* Files that systemd holds for its services, as far as /proc tells. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"
#include "store.h"

/* How the target of a link in /proc/PID/fd begins; the first that fits counts. */
static const struct {
	const char *prefix;
	enum store_kind kind;
	const char *word;
} kinds[] = {
	{ "/memfd:", STORE_MEMFD, "memfd " },
	{ "/dev/iommu", STORE_IOMMUFD, "iommufd" },
	{ "anon_inode:[iommufd", STORE_IOMMUFD, "iommufd" },
	{ "/dev/vfio/devices/", STORE_DEVICE, "VFIO device " },
	{ "anon_inode:[vfio-device", STORE_DEVICE, "VFIO device" },
	{ "/dev/vfio/vfio", STORE_GROUP, "VFIO container" },
	{ "/dev/vfio/", STORE_GROUP, "VFIO group " },
	{ "anon_inode:[luo_session] ", STORE_SESSION, "" },
};

static bool classify(struct store_file *file, char *target)
{
	char *deleted = strstr(target, " (deleted)");

	if (deleted)
		*deleted = 0;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t len = strlen(kinds[i].prefix);
		size_t word = strlen(kinds[i].word);

		if (strncmp(target, kinds[i].prefix, len))
			continue;
		file->kind = kinds[i].kind;
		/* What ends in a space is followed by a name. */
		snprintf(file->name, sizeof(file->name), "%s%.64s", kinds[i].word,
			 !word || kinds[i].word[word - 1] == ' ' ? target + len : "");
		return true;
	}
	return false;
}

int store_look(pid_t pid, void (*each)(void *arg, const struct store_file *file), void *arg)
{
	DIR *dir = opendir(host_path("/proc/%d/fd", (int)pid));
	struct dirent *entry;
	struct store_file file;
	char target[256];

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

		if (len < 0)
			continue;
		target[len] = 0;
		file.number = atoi(entry->d_name);
		if (classify(&file, target))
			each(arg, &file);
	}
	closedir(dir);
	return 0;
}

/* A memfd alone is nothing special: systemd has some of its own. */
static void note_use(void *arg, const struct store_file *file)
{
	bool *used = arg;

	*used |= file->kind == STORE_IOMMUFD || file->kind == STORE_DEVICE ||
		 file->kind == STORE_SESSION;
}

bool store_in_use(pid_t pid)
{
	bool used = false;

	if (host_has(host_path("/run/systemd/system")))
		store_look(pid, note_use, &used);
	return used;
}

struct wanted {
	const char *name;
	bool found;
};

static void note_session(void *arg, const struct store_file *file)
{
	struct wanted *wanted = arg;

	wanted->found |= file->kind == STORE_SESSION && !strcmp(file->name, wanted->name);
}

bool store_has_session(pid_t pid, const char *name)
{
	struct wanted wanted = { .name = name };

	store_look(pid, note_session, &wanted);
	return wanted.found;
}
