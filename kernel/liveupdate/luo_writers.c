// SPDX-License-Identifier: GPL-2.0
/*
 * Does something still write to memory of the previous kernel? Those who know
 * register at boot, before userspace can ask for any of that memory.
 */
#include <linux/export.h>
#include <linux/init.h>
#include <linux/list.h>
#include <linux/liveupdate_writers.h>

/* Only grows, and only at boot. */
static LIST_HEAD(luo_writers);

/**
 * liveupdate_register_writers - Answer for what the previous kernel left running
 * @writers: who is asked from now on
 */
void __init liveupdate_register_writers(struct liveupdate_writers *writers)
{
	list_add_tail(&writers->list, &luo_writers);
}

/**
 * liveupdate_has_writers - May something write to memory of the previous kernel?
 *
 * Return: true while the live update of any device is not over, so also when a
 *         device was not found yet; for good when one was lost, or when it is
 *         not known which there are.
 */
bool liveupdate_has_writers(void)
{
	struct liveupdate_writers *writers;

	list_for_each_entry(writers, &luo_writers, list)
		if (writers->running())
			return true;
	return false;
}
EXPORT_SYMBOL_GPL(liveupdate_has_writers);

/**
 * liveupdate_lost_writers - May a device be running whose session is finished?
 *
 * What such a device writes to can't be told: memory that came from the previous
 * kernel must not be freed from then on.
 *
 * Return: true, and then for good, once a session was finished with a file of a
 *         device that was never seen, or that could not be stopped.
 */
bool liveupdate_lost_writers(void)
{
	struct liveupdate_writers *writers;

	list_for_each_entry(writers, &luo_writers, list)
		if (writers->lost())
			return true;
	return false;
}
EXPORT_SYMBOL_GPL(liveupdate_lost_writers);
