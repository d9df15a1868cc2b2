// SPDX-License-Identifier: GPL-2.0-only
/*
 * The timeline in debugfs: a line for each event, the oldest first,
 *
 *	BEGIN END KERNEL PHASE RESULT OBJECT
 *
 * with times in nanoseconds of this kernel's CLOCK_MONOTONIC, which are
 * negative before it, and "previous" or "this" kernel. What is written to the
 * file becomes an event of userspace's.
 */
#include <linux/bits.h>
#include <linux/cleanup.h>
#include <linux/ctype.h>
#include <linux/dcache.h>
#include <linux/debugfs.h>
#include <linux/irqflags.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timex.h>
#include <linux/uaccess.h>

#include "luo_timeline_ring.h"

/* More than a year ago even by a fast counter: it was never counted. */
#define FAR	BIT_ULL(57)

static const char * const phases[] = {
	[LIVEUPDATE_PHASE_PRESERVE] = "preserve",
	[LIVEUPDATE_PHASE_FREEZE]   = "freeze",
	[LIVEUPDATE_PHASE_KEXEC]    = "kexec",
	[LIVEUPDATE_PHASE_BOOT]     = "boot",
	[LIVEUPDATE_PHASE_FOUND]    = "found",
	[LIVEUPDATE_PHASE_BOUND]    = "bound",
	[LIVEUPDATE_PHASE_RETRIEVE] = "retrieve",
	[LIVEUPDATE_PHASE_FINISH]   = "finish",
	[LIVEUPDATE_PHASE_MARK]     = "mark",
};

/* The same moment by both clocks. */
struct moment {
	u64 cycles;
	u64 ns;
};

static struct {
	const struct liveupdate_timeline_ser *incoming;
	struct moment start;
} show;

static struct moment moment_now(void)
{
	unsigned long flags;
	struct moment now;

	local_irq_save(flags);
	now.cycles = get_cycles();
	now.ns = ktime_get_ns();
	local_irq_restore(flags);
	return now;
}

/* By the rate between @show.start and @now. */
static s64 ns_of(u64 cycles, const struct moment *now)
{
	u64 ago = now->cycles - cycles;

	return now->ns - mul_u64_u64_div_u64(ago, now->ns - show.start.ns,
					     now->cycles - show.start.cycles);
}

/**
 * luo_timeline_event_is_sane - What the previous kernel left may be anything
 * @event: an event of its
 * @now:   cycles, read after @event was
 *
 * Return: whether the event can be shown.
 */
bool luo_timeline_event_is_sane(const struct liveupdate_timeline_event *event,
				u64 now)
{
	size_t len = strnlen(event->object, sizeof(event->object));

	if (event->phase >= LIVEUPDATE_PHASES || len == sizeof(event->object))
		return false;
	if (event->begin > event->end || event->end > now ||
	    now - event->begin > FAR)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isascii(event->object[i]) || !isprint(event->object[i]))
			return false;
	return true;
}

static void show_ring(struct seq_file *m, const char *kernel,
		      const struct liveupdate_timeline_ser *ring,
		      const struct moment *now)
{
	u64 count = min_t(u64, ring->next, LIVEUPDATE_TIMELINE_EVENTS);

	for (u64 i = ring->next - count; i != ring->next; i++) {
		const struct liveupdate_timeline_event *event =
			&ring->event[i % LIVEUPDATE_TIMELINE_EVENTS];

		if (!luo_timeline_event_is_sane(event, now->cycles)) {
			seq_puts(m, "# an event that makes no sense\n");
			continue;
		}
		seq_printf(m, "%lld %lld %s %s %d %s\n",
			   ns_of(event->begin, now), ns_of(event->end, now),
			   kernel, phases[event->phase], event->result,
			   event->object);
	}
}

static int timeline_show(struct seq_file *m, void *unused)
{
	struct liveupdate_timeline_ser *own __free(kfree) = NULL;
	struct moment now;

	own = kmalloc_obj(*own);
	if (!own)
		return -ENOMEM;
	luo_timeline_copy(own);
	now = moment_now();
	/* Some machines have no such counter, and get_cycles() is 0. */
	if (now.cycles <= show.start.cycles || now.ns <= show.start.ns)
		return -EOPNOTSUPP;
	if (show.incoming)
		show_ring(m, "previous", show.incoming, &now);
	show_ring(m, "this", own, &now);
	return 0;
}

static int timeline_open(struct inode *inode, struct file *file)
{
	return single_open(file, timeline_show, NULL);
}

static ssize_t mark_write(struct file *file, const char __user *data,
			  size_t size, loff_t *pos)
{
	char text[sizeof_field(struct liveupdate_timeline_event, object)];
	char *word;

	if (!size || size >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, data, size))
		return -EFAULT;
	text[size] = 0;
	word = strim(text);
	for (const char *c = word; *c; c++)
		if (!isascii(*c) || !isprint(*c))
			return -EINVAL;
	liveupdate_stamp(LIVEUPDATE_PHASE_MARK, "%s", word);
	return size;
}

static const struct file_operations timeline_fops = {
	.owner = THIS_MODULE,
	.open = timeline_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

static const struct file_operations mark_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = mark_write,
	.llseek = noop_llseek,
};

/* The folder is luo_debugfs.c's, the events are luo_timeline.c's: linked before. */
static int __init timeline_show_init(void)
{
	struct dentry *dir;

	if (!luo_timeline_previous(&show.incoming))
		return 0;
	show.start = moment_now();
	dir = debugfs_lookup("liveupdate", NULL);
	/* Lockdown leaves no file to read that can be written as well. */
	debugfs_create_file("timeline", 0400, dir, NULL, &timeline_fops);
	debugfs_create_file("mark", 0200, dir, NULL, &mark_fops);
	dput(dir);
	return 0;
}
late_initcall(timeline_show_init);
