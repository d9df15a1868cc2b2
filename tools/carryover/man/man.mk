# SPDX-License-Identifier: GPL-2.0-only
#
# The pages of section 3 are made from the comments in carryover.h, so that
# both say the same; the others are written by hand. All get the version and the date.

pages-date := 2026-11-29
pages-made := $(OBJ)/man/.made
by-hand	:= $(sort $(wildcard man/*.[1-8]))
pages	= $(sort $(shell ls $(OBJ)/man/*.[1-8] 2>/dev/null))

man: $(pages-made)

$(pages-made): lib/carryover.h man/pages man/man.mk lib/lib.mk $(by-hand)
	@echo "  MAN     pages"
	$(Q)rm -rf $(@D) && mkdir -p $(@D) && man/pages $(version) $(pages-date) lib/carryover.h $(@D)
	$(Q)for page in $(by-hand); do \
		sed 's/@VERSION@/$(version)/; s/@DATE@/$(pages-date)/' $$page >$(@D)/$${page##*/} || exit; done
	$(Q)touch $@

.PHONY: man
