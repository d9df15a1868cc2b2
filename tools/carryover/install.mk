# SPDX-License-Identifier: GPL-2.0-only
#
# install puts everything below $(DESTDIR)$(PREFIX). The command is linked to
# the system's libraries there, and to the static libcarryover, or with SHARED=1 to
# the shared one.
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
SHAREDIR ?= $(PREFIX)/share/carryover
TEXTFILES ?= /var/lib/prometheus/node-exporter

# The kernel's headers that the distribution may not have, or only older ones.
headers	:= $(addprefix $(UAPI)/linux/,liveupdate.h iommufd.h vfio.h iommufd_liveupdate.h vfio_liveupdate.h)
# What is below the prefix moves with it.
below	= $(patsubst $(PREFIX)/%,$${prefix}/%,$1)

put	:= install -D -m

# What the system is told, below the prefix. kernel-install(8) and dracut look below
# /usr and /etc only.
system	:= modprobe.conf=lib/modprobe.d/carryover.conf \
	   tmpfiles.conf=lib/tmpfiles.d/carryover.conf \
	   sysusers.conf=lib/sysusers.d/carryover.conf \
	   60-carryover.rules=lib/udev/rules.d/60-carryover.rules \
	   61-carryover-devices.rules=share/doc/carryover/61-carryover-devices.rules \
	   dracut.conf=lib/dracut/dracut.conf.d/50-carryover.conf \
	   initramfs-tools.modules=share/initramfs-tools/modules.d/carryover

# filled FILE,FOLDER: where things are is filled in.
filled	= install -d $(DESTDIR)$2 && \
	  sed -e 's|@BINDIR@|$(BINDIR)|' -e 's|@TEXTFILES@|$(TEXTFILES)|' -e 's|@SHAREDIR@|$(SHAREDIR)|' \
		systemd/$1.in >$(DESTDIR)$2/$1

# All that is built for it.
installed: $(lib) $(solib) $(installed-command) man

install: installed
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
	$(Q)$(put) 755 $(installed-command) $(DESTDIR)$(BINDIR)/carryover
	$(Q)$(put) 644 cmd/carryover.bash $(DESTDIR)$(COMPDIR)/carryover
	$(Q)$(call filled,carryover-metrics.service,$(UNITDIR))
	$(Q)$(call filled,carryover-check.service,$(UNITDIR))
	$(Q)$(call filled,fdstore.conf,$(SHAREDIR))
	$(Q)$(call filled,kernel-hook,$(SHAREDIR)) && chmod 755 $(DESTDIR)$(SHAREDIR)/kernel-hook
	$(Q)$(foreach file,$(system),$(put) 644 systemd/$(subst =, $(DESTDIR)$(PREFIX)/,$(file)) &&) :
	$(Q)install -d $(DESTDIR)$(PREFIX)/lib/kernel/install.d
	$(Q)ln -sf $(SHAREDIR)/kernel-hook $(DESTDIR)$(PREFIX)/lib/kernel/install.d/95-carryover.install
	$(Q)for file in examples/*.*; do \
		$(put) 644 $$file $(DESTDIR)$(DOCDIR)/examples/$${file##*/} || exit; done

.PHONY: installed install
