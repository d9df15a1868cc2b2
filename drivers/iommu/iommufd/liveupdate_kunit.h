/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __IOMMUFD_LIVEUPDATE_KUNIT_H
#define __IOMMUFD_LIVEUPDATE_KUNIT_H

#include <linux/bits.h>
#include <linux/types.h>

/* Bits of an AMDv1 entry, where they are and not as the code under test has them. */
#define ENTRY_PRESENT	BIT_ULL(0)
#define ENTRY_LEVEL(l)	((u64)(l) << 9)
#define ENTRY_RW	(BIT_ULL(61) | BIT_ULL(62))

#endif
