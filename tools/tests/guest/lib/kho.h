/* SPDX-License-Identifier: GPL-2.0-only */
/* What KHO will hand over. */
#ifndef KHO_H
#define KHO_H

/*
 * Keys in the tree of memory that is to be preserved, each a run of pages.
 * Needs a kernel that shows RAM in /dev/mem, as the debug profile does, and one that
 * was not handed anything itself; -1 without.
 */
long long kho_keys(void);

#endif /* KHO_H */
