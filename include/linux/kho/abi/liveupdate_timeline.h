/* SPDX-License-Identifier: GPL-2.0 */
/**
 * DOC: Timeline of a live update
 *
 * What one kernel did for a live update, and when, for the next kernel to tell.
 * KHO subtree LIVEUPDATE_TIMELINE_SUBTREE is a struct liveupdate_timeline_ser.
 *
 * Times are counts of the processor's cycle counter, get_cycles(): on x86 the
 * TSC, on arm64 CNTVCT. It runs on through a kexec at the same rate, which the
 * reader measures.
 */
#ifndef _LINUX_KHO_ABI_LIVEUPDATE_TIMELINE_H
#define _LINUX_KHO_ABI_LIVEUPDATE_TIMELINE_H

#include <linux/types.h>

#define LIVEUPDATE_TIMELINE_SUBTREE	"liveupdate-timeline"
#define LIVEUPDATE_TIMELINE_COMPATIBLE	"carryover,timeline-v1"
#define LIVEUPDATE_TIMELINE_EVENTS	255

/**
 * struct liveupdate_timeline_event - something that was done
 * @begin:  cycles when it began
 * @end:    cycles when it was over, not before @begin
 * @result: 0 or a negative errno
 * @phase:  enum liveupdate_phase
 * @object: what it was done to, printable and NUL-terminated
 */
struct liveupdate_timeline_event {
	u64 begin;
	u64 end;
	s32 result;
	u32 phase;
	char object[40];
} __packed;

/**
 * struct liveupdate_timeline_ser - a ring of events
 * @compatible: LIVEUPDATE_TIMELINE_COMPATIBLE, NUL-padded
 * @next:       events there have been; the next one goes to @next modulo the
 *              size of the ring
 * @reserved:   0
 * @event:      the last ones
 */
struct liveupdate_timeline_ser {
	char compatible[32];
	u64 next;
	u64 reserved[3];
	struct liveupdate_timeline_event event[LIVEUPDATE_TIMELINE_EVENTS];
} __packed;

#endif
