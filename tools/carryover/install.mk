# SPDX-License-Identifier: GPL-2.0-only
#
# install puts everything below $(DESTDIR)$(PREFIX). The command is linked to
# the system's libraries there, and to the static libcarryover.
#
# TEXTFILES  where node_exporter's textfile collector reads; Debian's place

PREFIX	?= /usr/local
BINDIR	?= $(PREFIX)/bin
LIBDIR	?= $(PREFIX)/lib
INCDIR	?= $(PREFIX)/include
MANDIR	?= $(PREFIX)/share/man
PCDIR	?= $(LIBDIR)/pkgconfig
COMPDIR	?= $(PREFIX)/share/bash-completion/completions
DOCDIR	?= $(PREFIX)/share/doc/carryover
UNITDIR	?= $(PREFIX)/lib/systemd/system
TEXTFILES ?= /var/lib/prometheus/node-exporter

# The kernel's headers that the distribution may not have, or only older ones.
headers	:= $(addprefix $(UAPI)/linux/,liveupdate.h iommufd.h vfio.h iommufd_liveupdate.h vfio_liveupdate.h)
# What is below the prefix moves with it.
below	= $(patsubst $(PREFIX)/%,$${prefix}/%,$1)

put	:= install -D -m

install: $(lib) $(solib) $(installed-command) man
	@echo "  INSTALL $(DESTDIR)$(PREFIX)"
	$(Q)$(put) 644 lib/carryover.h $(DESTDIR)$(INCDIR)/carryover.h
	$(Q)for file in $(headers); do \
		$(put) 644 $$file $(DESTDIR)$(INCDIR)/carryover/linux/$${file##*/} || exit; done
	$(Q)$(put) 644 $(lib) $(DESTDIR)$(LIBDIR)/libcarryover.a
	$(Q)$(put) 755 $(solib) $(DESTDIR)$(LIBDIR)/$(notdir $(solib))
	$(Q)ln -sf $(notdir $(solib)) $(DESTDIR)$(LIBDIR)/$(soname)
	$(Q)ln -sf $(soname) $(DESTDIR)$(LIBDIR)/libcarryover.so
	$(Q)install -d $(DESTDIR)$(PCDIR)
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(call below,$(LIBDIR))|' \
		-e 's|@INCDIR@|$(call below,$(INCDIR))|' -e 's|@VERSION@|$(version)|' \
		lib/libcarryover.pc.in >$(DESTDIR)$(PCDIR)/libcarryover.pc
	$(Q)for page in $(pages); do \
		$(put) 644 $$page $(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/} || exit; done
	$(Q)$(if $(installed-command),$(put) 755 $(installed-command) $(DESTDIR)$(BINDIR)/carryover)
	$(Q)$(if $(installed-command),$(put) 644 cmd/carryover.bash $(DESTDIR)$(COMPDIR)/carryover)
	$(Q)install -d $(DESTDIR)$(UNITDIR)
	$(Q)sed -e 's|@BINDIR@|$(BINDIR)|' -e 's|@TEXTFILES@|$(TEXTFILES)|' \
		systemd/carryover-metrics.service.in >$(DESTDIR)$(UNITDIR)/carryover-metrics.service
	$(Q)for file in examples/*; do \
		$(put) 644 $$file $(DESTDIR)$(DOCDIR)/examples/$${file##*/} || exit; done

.PHONY: install
