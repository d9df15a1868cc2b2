# SPDX-License-Identifier: GPL-2.0-only
#
# libcarryover, static and shared. The first number of the version is that of
# the soname and changes when programs have to be linked anew. Nothing else says
# the version but CHANGELOG.md, which a test compares with this.

version	:= 1.1
soname	:= libcarryover.so.$(firstword $(subst ., ,$(version)))
lib	:= $(OBJ)/lib/libcarryover.a
solib	:= $(OBJ)/lib/libcarryover.so.$(version)
libobj	:= $(patsubst %.c,$(OBJ)/%.o,$(sort $(wildcard lib/*.c)))

$(libobj): OBJFLAGS := -fPIC

$(lib): $(libobj)
	@echo "  AR      $(@F)"
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(solib): $(libobj) lib/libcarryover.map
	@echo "  LD      $(@F)"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,$(soname) $(if $(SAN),,-Wl,-z,defs) \
		-Wl,--version-script=lib/libcarryover.map -o $@ $(libobj)
	$(Q)ln -sf $(@F) $(@D)/$(soname) && ln -sf $(soname) $(@D)/libcarryover.so
