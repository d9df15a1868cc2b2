# SPDX-License-Identifier: GPL-2.0-only
#
# The hypervisor example, and what its guest runs as its only program.

hypervisor := $(BIN)/hypervisor $(BIN)/hypervisor-guest
hypervisorsrc := $(sort $(wildcard examples/hypervisor/*.c))
hypervisorobj := $(patsubst %.c,$(OBJ)/%.o,$(hypervisorsrc) demo/nvme.c) $(helpers)

$(filter %/hypervisor,$(hypervisor)): $(hypervisorobj) $(lib)
	@mkdir -p $(@D)
	@echo "  LD      $(@F)"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(STATIC) -pthread -o $@ $^

$(BIN)/hypervisor-guest: $(patsubst %.c,$(OBJ)/%.o,$(sort $(wildcard examples/hypervisor/guest/*.c)))
	@mkdir -p $(@D)
	@echo "  LD      $(@F)"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(STATIC) -pthread -o $@ $^
