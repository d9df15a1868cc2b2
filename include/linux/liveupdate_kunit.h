/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests that make up what arrives. */
#ifndef _LINUX_LIVEUPDATE_KUNIT_H
#define _LINUX_LIVEUPDATE_KUNIT_H

/*
 * Reads as preserved when it is page->private: kexec_handover.c's magic over
 * order 0.
 */
#define FAKE_PRESERVED	(0x4b484f50UL << 32)

#endif
