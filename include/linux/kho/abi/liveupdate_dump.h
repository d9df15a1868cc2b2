/* SPDX-License-Identifier: GPL-2.0 */
/**
 * DOC: Dump of a handover in debugfs
 *
 * What /sys/kernel/debug/liveupdate/{outgoing,incoming} show: all that one
 * kernel hands over to the next, read at the moment of opening. It is a tree
 * like a handover blob, with that one's root properties.
 *
 * Root: direction (string, "outgoing" or "incoming"), and these nodes. A unit
 * address is a running number.
 *
 * ``session``::
 *
 *   session-name  string
 *   retrieved     u32  1 when userspace of the next kernel has the session
 *
 * ``file``, below its session, in the order of PRESERVE_FD::
 *
 *   handler    string  compatible of the file handler
 *   token      u64
 *   handle     u64     the handler's number, often a physical address
 *   status     u32     0; incoming: 1 when it was retrieved, or a negative
 *                      errno of a retrieve that failed
 *   inode      u64     outgoing only: its number, which tells the memfds of an
 *                      iommufd that was preserved before them
 *   blob       bytes   the handover blob, when @handle leads to one
 *   size, position  u64, seals u32, runs: of a memfd; runs are triples of u64:
 *              first page of the file, physical address, number of pages
 *   unreadable u32     a negative errno instead of these
 *
 * A file that was retrieved has neither blob nor runs, its memory is in use.
 * An outgoing blob has tokens and a checksum only once it is frozen.
 */
#ifndef _LINUX_KHO_ABI_LIVEUPDATE_DUMP_H
#define _LINUX_KHO_ABI_LIVEUPDATE_DUMP_H

#define LIVEUPDATE_DUMP_COMPATIBLE	"carryover,handover-dump-v1"

#endif
