# SPDX-License-Identifier: GPL-2.0-only
#
# Where everything is that is fetched or built.

CACHE	:= $(or $(CARRYOVER_CACHE),$(HOME)/.cache/carryover)
