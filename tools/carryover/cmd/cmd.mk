# SPDX-License-Identifier: GPL-2.0-only
#
# The command. Guests get a static one; what is installed uses the system's
# libraries.

command	:= $(BIN)/carryover
installed-command := $(OBJ)/cmd/carryover
cmdobj	:= $(patsubst %.c,$(OBJ)/%.o,$(sort $(wildcard cmd/*.c inspect/*.c timeline/*.c)))
cmdlibs	:= -ljansson -lz -lzstd -llzma -llz4 -lfdt

$(cmdobj): OBJFLAGS := -Icmd -DVERSION='"$(version)"'
$(OBJ)/cmd/main.o: lib/lib.mk

$(command): $(cmdobj) $(lib)
	@mkdir -p $(@D)
	@echo "  LD      $(@F)"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(STATIC) -o $@ $^ $(cmdlibs) -lpthread

# The shared library keeps to itself what only the command shares with it.
$(installed-command): $(cmdobj) $(if $(SHARED),$(OBJ)/lib/opener.o $(solib),$(lib))
	@echo "  LD      $(@F) (installed)"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(cmdlibs)
