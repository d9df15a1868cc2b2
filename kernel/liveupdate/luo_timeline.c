// SPDX-License-Identifier: GPL-2.0-only
/*
 * When the parts of a live update happened, on both sides of the kexec.
 *
 * Events go to a ring in preserved memory, so that nothing has to be done, and
 * nothing can fail, when the kernel is on its way out. The next kernel copies
 * the ring and starts one of its own. See <linux/kho/abi/liveupdate_timeline.h>
 * and, for how it is shown, luo_timeline_show.c. Each is also a trace event.
 */
#define pr_fmt(fmt) "liveupdate: timeline: " fmt

#include <linux/build_bug.h>
#include <linux/cleanup.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/liveupdate.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/syscore_ops.h>
#include <linux/timex.h>

#define CREATE_TRACE_POINTS
#include <trace/events/liveupdate.h>

#include "luo_timeline.h"
#include "luo_timeline_ring.h"

#define RING_ORDER	get_order(sizeof(struct liveupdate_timeline_ser))

static_assert(sizeof(struct liveupdate_timeline_event) == 64);
static_assert(sizeof(struct liveupdate_timeline_ser) == SZ_16K);

/* This kernel's events, and a copy of the previous one's; NULL without. */
static struct liveupdate_timeline_ser *outgoing, *incoming;
static DEFINE_SPINLOCK(ring_lock);

static void ring_add(struct liveupdate_timeline_event *event)
{
	struct liveupdate_timeline_ser *ring = READ_ONCE(outgoing);

	if (!ring)
		return;
	guard(spinlock_irqsave)(&ring_lock);
	ring->event[ring->next++ % LIVEUPDATE_TIMELINE_EVENTS] = *event;
}

static __printf(4, 0) void stamp(enum liveupdate_phase phase, u64 begin,
				 int result, const char *object, va_list args)
{
	struct liveupdate_timeline_event event = {
		.end = get_cycles(),
		.result = result,
		.phase = phase,
	};

	event.begin = begin ?: event.end;
	vscnprintf(event.object, sizeof(event.object), object, args);
	ring_add(&event);
	trace_liveupdate_stamp(&event);
}

static __printf(4, 5) void stamp_span(enum liveupdate_phase phase, u64 begin,
				      int result, const char *object, ...)
{
	va_list args;

	va_start(args, object);
	stamp(phase, begin, result, object, args);
	va_end(args);
}

/**
 * liveupdate_stamp - Something happened at this moment
 * @phase:  what
 * @object: to whom, as for printk(); cut to 39 characters
 *
 * Context: Any but NMI.
 */
void liveupdate_stamp(enum liveupdate_phase phase, const char *object, ...)
{
	va_list args;

	va_start(args, object);
	stamp(phase, 0, 0, object, args);
	va_end(args);
}
EXPORT_SYMBOL_GPL(liveupdate_stamp);

/**
 * luo_timed_freeze - Freeze a session, and tell how long it took
 * @session: the session
 * @ser:     what is handed over of it
 * @freeze:  does it
 *
 * Return: what @freeze does.
 */
int luo_timed_freeze(struct luo_session *session, struct luo_session_ser *ser,
		     int (*freeze)(struct luo_session *session,
				   struct luo_session_ser *ser))
{
	u64 begin = get_cycles();
	int err = freeze(session, ser);

	stamp_span(LIVEUPDATE_PHASE_FREEZE, begin, err, "%.28s", session->name);
	return err;
}

/**
 * luo_timed_ioctl - Do what was asked of a session, and tell how long it took
 * @cmd:     the ioctl
 * @session: of the session
 * @ucmd:    its argument
 * @execute: does it
 *
 * Return: what @execute does.
 */
int luo_timed_ioctl(unsigned int cmd, struct luo_session *session,
		    struct luo_ucmd *ucmd,
		    int (*execute)(struct luo_session *session,
				   struct luo_ucmd *ucmd))
{
	const struct liveupdate_session_preserve_fd *preserve = ucmd->cmd;
	const struct liveupdate_session_retrieve_fd *retrieve = ucmd->cmd;
	u64 begin = get_cycles();
	int err = execute(session, ucmd);

	switch (cmd) {
	case LIVEUPDATE_SESSION_PRESERVE_FD:
		stamp_span(LIVEUPDATE_PHASE_PRESERVE, begin, err, "%.28s/%llu",
			   session->name, preserve->token);
		break;
	case LIVEUPDATE_SESSION_RETRIEVE_FD:
		stamp_span(LIVEUPDATE_PHASE_RETRIEVE, begin, err, "%.28s/%llu",
			   session->name, retrieve->token);
		break;
	case LIVEUPDATE_SESSION_FINISH:
		stamp_span(LIVEUPDATE_PHASE_FINISH, begin, err, "%.28s",
			   session->name);
		break;
	}
	return err;
}

static void timeline_shutdown(void *data)
{
	liveupdate_stamp(LIVEUPDATE_PHASE_KEXEC, "all devices");
}

static const struct syscore_ops timeline_syscore_ops = {
	.shutdown = timeline_shutdown,
};

static struct syscore timeline_syscore = {
	.ops = &timeline_syscore_ops,
};

/**
 * luo_timeline_copy - This kernel's events so far
 * @to: where they go
 */
void luo_timeline_copy(struct liveupdate_timeline_ser *to)
{
	guard(spinlock_irqsave)(&ring_lock);
	*to = *outgoing;
}

/**
 * luo_timeline_previous - The previous kernel's events
 * @events: [OUT] these, or NULL; not to be trusted
 *
 * Return: false when not even this kernel has any.
 */
bool luo_timeline_previous(const struct liveupdate_timeline_ser **events)
{
	*events = incoming;
	return outgoing;
}

/* A copy of the previous kernel's ring, whose memory is free then. */
static struct liveupdate_timeline_ser * __init take_over(void)
{
	struct liveupdate_timeline_ser *copy;
	phys_addr_t phys;
	size_t size;

	if (kho_retrieve_subtree(LIVEUPDATE_TIMELINE_SUBTREE, &phys, &size))
		return NULL;
	if (size != sizeof(*copy) || !IS_ALIGNED(phys, size) ||
	    kho_restorable_order(phys) != RING_ORDER) {
		pr_warn("the previous kernel's is not where it should be\n");
		return NULL;
	}
	copy = kmemdup(phys_to_virt(phys), size, GFP_KERNEL);
	kho_restore_free(phys_to_virt(phys));
	if (copy && strncmp(copy->compatible, LIVEUPDATE_TIMELINE_COMPATIBLE,
			    sizeof(copy->compatible))) {
		pr_warn("the previous kernel's is of another kind\n");
		kfree(copy);
		return NULL;
	}
	return copy;
}

static int __init timeline_early_init(void)
{
	if (!liveupdate_enabled() || !kho_is_enabled())
		return 0;
	outgoing = (void *)__get_free_pages(GFP_KERNEL | __GFP_COMP | __GFP_ZERO,
					    RING_ORDER);
	if (!outgoing)
		return -ENOMEM;
	strscpy(outgoing->compatible, LIVEUPDATE_TIMELINE_COMPATIBLE);
	incoming = take_over();
	if (incoming)
		liveupdate_stamp(LIVEUPDATE_PHASE_BOOT, "kernel");
	return 0;
}
early_initcall(timeline_early_init);

/* KHO takes what is to be preserved only from now on. */
static int __init timeline_init(void)
{
	struct folio *folio;
	int err;

	if (!outgoing)
		return 0;
	folio = virt_to_folio(outgoing);
	err = kho_preserve_folio(folio);
	if (!err) {
		err = kho_add_subtree(LIVEUPDATE_TIMELINE_SUBTREE, outgoing,
				      sizeof(*outgoing));
		if (err)
			kho_unpreserve_folio(folio);
	}
	if (err)
		pr_warn("the next kernel will not have it: %d\n", err);
	register_syscore(&timeline_syscore);
	return 0;
}
late_initcall(timeline_init);
