// SPDX-License-Identifier: (LGPL-2.1 OR MIT)
/* The kernel's pools of huge pages. */
#include <errno.h>
#include <stdlib.h>

#include "helpers.h"
#include "internal.h"

typedef unsigned long long ull;

static void pool_path(uint64_t page, const char *name, char *path, size_t size)
{
	snprintf(path, size, "/sys/kernel/mm/hugepages/hugepages-%llukB/%s",
		 (ull)page >> 10, name);
}

/* 0 where there is no such pool. */
static ull pool_get(uint64_t page, const char *name)
{
	char path[96], line[32];

	pool_path(page, name, path, sizeof(path));
	return co_read_line(path, line, sizeof(line)) ? 0 : strtoull(line, NULL, 10);
}

/* What is mapped and not yet there is free, and somebody's all the same. */
static ull pool_available(uint64_t page)
{
	return pool_get(page, "free_hugepages") - pool_get(page, "resv_hugepages");
}

int co_hugepages(uint64_t page, unsigned long long count)
{
	ull available = pool_available(page);
	char path[96], line[32];
	int ret;

	if (available >= count)
		return 0;
	pool_path(page, "nr_hugepages", path, sizeof(path));
	snprintf(line, sizeof(line), "%llu",
		 pool_get(page, "nr_hugepages") + count - available);
	ret = co_write_line(path, line);
	if (ret)
		return ret;
	available = pool_available(page);
	return available >= count ? 0 :
		co_fail_as(ENOMEM, "%llu huge pages of %llu KiB, %llu are available",
			   count, (ull)page >> 10, available);
}
