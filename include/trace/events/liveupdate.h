/* SPDX-License-Identifier: GPL-2.0 */
/* What the timeline of a live update has, for perf and trace-cmd. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM liveupdate

#if !defined(_TRACE_LIVEUPDATE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_LIVEUPDATE_H

#include <linux/kho/abi/liveupdate_timeline.h>
#include <linux/liveupdate_timeline.h>
#include <linux/tracepoint.h>

TRACE_DEFINE_ENUM(LIVEUPDATE_PHASE_PRESERVE);
TRACE_DEFINE_ENUM(LIVEUPDATE_PHASE_FREEZE);
TRACE_DEFINE_ENUM(LIVEUPDATE_PHASE_KEXEC);
TRACE_DEFINE_ENUM(LIVEUPDATE_PHASE_BOOT);
TRACE_DEFINE_ENUM(LIVEUPDATE_PHASE_FOUND);
TRACE_DEFINE_ENUM(LIVEUPDATE_PHASE_BOUND);
TRACE_DEFINE_ENUM(LIVEUPDATE_PHASE_RETRIEVE);
TRACE_DEFINE_ENUM(LIVEUPDATE_PHASE_FINISH);
TRACE_DEFINE_ENUM(LIVEUPDATE_PHASE_MARK);

/* When something was over; @cycles of the processor's clock is how long it took. */
TRACE_EVENT(liveupdate_stamp,
	    TP_PROTO(const struct liveupdate_timeline_event *event),
	    TP_ARGS(event),
	    TP_STRUCT__entry(__field(u32, phase)
			     __field(s32, result)
			     __field(u64, cycles)
			     __string(object, event->object)),
	    TP_fast_assign(__entry->phase = event->phase;
			   __entry->result = event->result;
			   __entry->cycles = event->end - event->begin;
			   __assign_str(object);),
	    TP_printk("%s %s: result %d, %llu cycles",
		      __print_symbolic(__entry->phase,
				       { LIVEUPDATE_PHASE_PRESERVE, "preserve" },
				       { LIVEUPDATE_PHASE_FREEZE, "freeze" },
				       { LIVEUPDATE_PHASE_KEXEC, "kexec" },
				       { LIVEUPDATE_PHASE_BOOT, "boot" },
				       { LIVEUPDATE_PHASE_FOUND, "found" },
				       { LIVEUPDATE_PHASE_BOUND, "bound" },
				       { LIVEUPDATE_PHASE_RETRIEVE, "retrieve" },
				       { LIVEUPDATE_PHASE_FINISH, "finish" },
				       { LIVEUPDATE_PHASE_MARK, "mark" }),
		      __get_str(object), __entry->result, __entry->cycles)
);

#endif

#include <trace/define_trace.h>
