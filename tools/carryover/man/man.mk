# SPDX-License-Identifier: GPL-2.0-only
#
# The pages of section 3 are made from the comments in carryover.h, so that
# both say the same; the others are written by hand.

pages-made := $(OBJ)/man/.made
pages	= $(sort $(shell ls $(OBJ)/man/*.3 man/*.[1-8] 2>/dev/null))

man: $(pages-made)

$(pages-made): lib/carryover.h man/pages lib/lib.mk
	@echo "  MAN     section 3"
	$(Q)rm -rf $(@D) && mkdir -p $(@D) && man/pages $(version) lib/carryover.h $(@D) && touch $@

.PHONY: man
