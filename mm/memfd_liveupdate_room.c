// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether the cgroups of a task have room for memory that it retrieves.
 *
 * Pages that arrive exist already, so charging them page by page, with reclaim
 * and the OOM killer on the way, would lose what was half-way retrieved. The
 * question is asked once, before anything is.
 */
#define pr_fmt(fmt) "memfd: liveupdate: " fmt

#include <linux/cgroup.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/limits.h>
#include <linux/memcontrol.h>
#include <linux/memfd_liveupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/swap.h>

#include "internal.h"

/* How often what can be reclaimed is. */
#define MEMCG_RECLAIMS	3

#ifdef CONFIG_CGROUPS
/**
 * memfd_liveupdate_cgroup - The path of a cgroup, for the log
 * @cgroup: the cgroup
 *
 * Return: the path, to be freed with kfree(), or NULL when memory is short.
 */
char *memfd_liveupdate_cgroup(struct cgroup *cgroup)
{
	char *path = kmalloc(PATH_MAX, GFP_KERNEL);

	if (path && cgroup_path(cgroup, path, PATH_MAX) < 0)
		*path = 0;
	return path;
}
#endif

#ifdef CONFIG_MEMCG
static unsigned long memcg_room(struct mem_cgroup *memcg)
{
	unsigned long max = READ_ONCE(memcg->memory.max);
	unsigned long used = page_counter_read(&memcg->memory);

	return max > used ? max - used : 0;
}

static void memcg_say(struct mem_cgroup *memcg, unsigned long npages)
{
	char *path = memfd_liveupdate_cgroup(memcg->css.cgroup);

	pr_warn("%lu KiB to retrieve, memory.max leaves %lu KiB: raise it, cgroup %s\n",
		npages << (PAGE_SHIFT - 10),
		memcg_room(memcg) << (PAGE_SHIFT - 10), path ?: "");
	kfree(path);
}

static bool memcg_make_room(struct mem_cgroup *memcg, unsigned long npages)
{
	for (int i = 0; i < MEMCG_RECLAIMS; i++) {
		unsigned long room = memcg_room(memcg);

		if (room >= npages)
			return true;
		try_to_free_mem_cgroup_pages(memcg, npages - room, GFP_KERNEL,
					     MEMCG_RECLAIM_MAY_SWAP, NULL);
	}
	return memcg_room(memcg) >= npages;
}

/**
 * memfd_liveupdate_room - Have the task's cgroups room for so many pages?
 * @npages: how many
 *
 * Reclaims what can be reclaimed. Others may take the room before it is used.
 *
 * Return: 0, or -ENOMEM after a line in the log that names the cgroup.
 */
int memfd_liveupdate_room(unsigned long npages)
{
	struct mem_cgroup *own, *memcg;
	int rc = 0;

	if (mem_cgroup_disabled())
		return 0;
	own = get_mem_cgroup_from_mm(current->mm);
	for (memcg = own; memcg && !rc; memcg = parent_mem_cgroup(memcg)) {
		if (mem_cgroup_is_root(memcg) || memcg_make_room(memcg, npages))
			continue;
		memcg_say(memcg, npages);
		rc = -ENOMEM;
	}
	mem_cgroup_put(own);
	return rc;
}
#else
int memfd_liveupdate_room(unsigned long npages)
{
	return 0;
}
#endif
EXPORT_SYMBOL_GPL(memfd_liveupdate_room);
