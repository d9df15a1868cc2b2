# SPDX-License-Identifier: GPL-2.0-only
"""Makes the kernel trees in the cache folder: the base, and the base with Carryover in it."""
