/* SPDX-License-Identifier: GPL-2.0 */
/**
 * DOC: Which handover data an image understands
 *
 * Before a live update one wants to know whether the next kernel understands
 * what this one leaves. Therefore every handler has an ELF note that says what
 * its data is compatible with:
 *
 * - name "LiveUpdate"
 * - type %LIVEUPDATE_NOTE_COMPATIBLE
 * - descriptor: a compatible string with its terminating zero
 *
 * The notes of the running kernel are in /sys/kernel/notes, those of any other
 * in its image, which may have to be decompressed. A kernel without such notes
 * can't read the handover.
 */
#ifndef _LINUX_KHO_ABI_LIVEUPDATE_NOTE_H
#define _LINUX_KHO_ABI_LIVEUPDATE_NOTE_H

#ifdef __KERNEL__
#include <linux/elfnote.h>
#endif

/* The vendor's name of the notes. */
#define LIVEUPDATE_NOTE_NAME		"LiveUpdate"

/* The type of a note whose descriptor is a compatible string. */
#define LIVEUPDATE_NOTE_COMPATIBLE	1

/* Built-in code that understands handover data says so once for each kind. */
#define LIVEUPDATE_NOTE(compatible)					\
	ELFNOTE32(LIVEUPDATE_NOTE_NAME, LIVEUPDATE_NOTE_COMPATIBLE, compatible)

#endif /* _LINUX_KHO_ABI_LIVEUPDATE_NOTE_H */
