/* SPDX-License-Identifier: GPL-2.0 */
/**
 * DOC: Files that a session had and that were not carried
 *
 * A file that is optional and could not be frozen leaves its token to the next
 * kernel, under this name: who asks for it is told that it was dropped. It has no
 * data.
 */
#ifndef _LINUX_KHO_ABI_LUO_DROPPED_H
#define _LINUX_KHO_ABI_LUO_DROPPED_H

#define LUO_DROPPED_COMPATIBLE	"carryover,dropped-v1"

#endif
