# SPDX-License-Identifier: GPL-2.0-only
"""Which configurations there are, and how one is checked."""
