/* SPDX-License-Identifier: GPL-2.0 */
/* Telling when the parts of a live update happened. */
#ifndef _LINUX_LIVEUPDATE_TIMELINE_H
#define _LINUX_LIVEUPDATE_TIMELINE_H

#include <linux/compiler_attributes.h>
#include <linux/types.h>

/**
 * enum liveupdate_phase - what an event is about; the numbers are handed over
 * @LIVEUPDATE_PHASE_PRESERVE: a file was preserved
 * @LIVEUPDATE_PHASE_FREEZE:   a session was frozen
 * @LIVEUPDATE_PHASE_KEXEC:    devices are shut down; the last of a kernel
 * @LIVEUPDATE_PHASE_BOOT:     the next kernel runs its first initcalls
 * @LIVEUPDATE_PHASE_FOUND:    enumeration found a device that was left running
 * @LIVEUPDATE_PHASE_BOUND:    its driver has it
 * @LIVEUPDATE_PHASE_RETRIEVE: a file was retrieved
 * @LIVEUPDATE_PHASE_FINISH:   a session was finished
 * @LIVEUPDATE_PHASE_MARK:     userspace says so
 * @LIVEUPDATE_PHASES:         how many there are
 */
enum liveupdate_phase {
	LIVEUPDATE_PHASE_PRESERVE,
	LIVEUPDATE_PHASE_FREEZE,
	LIVEUPDATE_PHASE_KEXEC,
	LIVEUPDATE_PHASE_BOOT,
	LIVEUPDATE_PHASE_FOUND,
	LIVEUPDATE_PHASE_BOUND,
	LIVEUPDATE_PHASE_RETRIEVE,
	LIVEUPDATE_PHASE_FINISH,
	LIVEUPDATE_PHASE_MARK,
	LIVEUPDATE_PHASES,
};

#ifdef CONFIG_LIVEUPDATE_TIMELINE
__printf(2, 3) void liveupdate_stamp(enum liveupdate_phase phase,
				     const char *object, ...);
#else
__printf(2, 3)
static inline void
liveupdate_stamp(enum liveupdate_phase phase, const char *object, ...) { }
#endif

#endif
