# SPDX-License-Identifier: GPL-2.0-only
#
# Everything that is fetched or built goes into the cache folder, which is
# $CARRYOVER_CACHE or ~/.cache/carryover; the checkout stays as it is.

include tools/lib/cache.mk
export CARRYOVER_CACHE := $(CACHE)
# KSRC=DIR: a kernel source tree to use instead of the packaged one.
export KSRC
PROFILE ?= release
BIN := $(CARRYOVER_CACHE)/bin
# The tests need all of them; the one of the unmodified base they build if its results
# are not those on record.
# In this order the first has most to share with those behind it.
KERNELS := release off modules debug
SAY := @echo "[carryover]"

.DEFAULT_GOAL := help

help:
	@echo "make demo                  a device doing DMA through a live update, in a guest"
	@echo "make demo DEMO=hypervisor  a virtual machine that outlives the kernel under it"
	@echo "make check [TESTS=...]     build everything, lint, and run the tests"
	@echo "make check-debug           every guest test on the debug kernel"
	@echo "make kernel [PROFILE=...]  build one guest kernel: release (default), or another of"
	@echo "                           tools/vm/configs/"
	@echo "make userspace             build the library, the demo and the test programs"
	@echo "make check-distro          the tests marked for it on Debian's own configuration"
	@echo "make check-kcsan           tests in which calls meet, on a kernel that reports races"
	@echo "make bench                 what a live update costs, and whether it is within the limits;"
	@echo "                           a table, a plot and JSON. BENCH='--short' or a few payloads"
	@echo "make check-matrix          build every configuration of our options; takes long"
	@echo "make series [BUILD=1]      the patches for upstream, proven to be the tested tree; BUILD=1"
	@echo "                           builds the kernel after each, which takes minutes"
	@echo "make install [PREFIX=...]  library, command and manual pages; DESTDIR= is put in front"
	@echo "make deb                   the same as Debian packages"
	@echo "make deb-kernel            the kernel of a PROFILE as Debian packages; takes long"
	@echo "make baseline              run the base's own selftests on the base; record the counts"
	@echo "make lint                  the checks that need no guest"
	@echo "make shell                 a prompt in a guest; VMFLAGS='--device edu' adds to it"
	@echo "make source                make the kernel trees in the cache folder"
	@echo "make packages              install what is missing of the Debian packages needed"
	@echo "make clean                 remove what was built; keeps the source and ccache"
	@echo
	@echo "KSRC=DIR uses a kernel source tree you have. All results: $(CARRYOVER_CACHE)"

packages:
	@tools/base/packages

source: packages
	$(SAY) kernel source
	@tools/base/prepare carryover

kernel: packages
	$(SAY) kernel: $(PROFILE)
	@tools/vm/build $(PROFILE)

kernels: packages
	$(SAY) kernels: $(KERNELS)
	@tools/vm/build $(KERNELS)

userspace: source
	$(SAY) userspace programs
	@$(MAKE) --no-print-directory -C tools/carryover BIN=$(BIN)

series: packages
	@tools/series/run $(if $(BUILD),--build)

install: source
	@$(MAKE) --no-print-directory -C tools/carryover install

deb: source
	@tools/base/packages deb
	$(SAY) Debian packages
	@tools/deb/build

deb-kernel: source
	$(SAY) Debian packages of the kernel: $(PROFILE)
	@tools/deb/build kernel $(PROFILE)

# DEMO=hypervisor: another one than tools/carryover/demo.
DEMO ?= demo
demo_demo := tools/carryover/demo/run
demo_hypervisor := tools/carryover/examples/hypervisor/run

demo: kernel userspace
	$(SAY) demo
	@if [ -x "$(demo_$(DEMO))" ]; then \
		VM=$(CURDIR)/tools/vm/vm BIN=$(BIN) $(demo_$(DEMO)); \
	else \
		echo "[carryover] error: no demo '$(DEMO)'; there are: demo hypervisor" >&2; exit 1; \
	fi

lint: source
	$(SAY) lint
	@tools/lint/run

# One after the other: each step uses all processors, and a failure shows at once.
check: packages
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory kernels
	@$(MAKE) --no-print-directory userspace
	$(SAY) tests
	@tools/tests/run $(TESTS)

check-debug: packages
	@$(MAKE) --no-print-directory kernels
	@$(MAKE) --no-print-directory userspace
	$(SAY) tests, on the debug kernel
	@tools/tests/run debug $(TESTS)

check-distro: packages
	@tools/vm/build distro off
	@$(MAKE) --no-print-directory userspace
	@tools/vm/root distro >/dev/null
	$(SAY) tests, on the configuration of Debian
	@tools/tests/run distro $(TESTS)

check-kcsan: packages
	@tools/vm/build kcsan
	@$(MAKE) --no-print-directory userspace
	$(SAY) tests, on a kernel that reports races
	@tools/tests/kcsan $(TESTS)

bench: packages userspace
	@tools/vm/build base release
	$(SAY) benchmark
	@tools/bench/run $(BENCH)

check-matrix: packages
	@tools/base/packages matrix
	$(SAY) configurations
	@tools/matrix/run full

baseline: packages
	$(SAY) selftests of the base, on the unmodified base
	@tools/vm/build base
	@tools/tests/suites/base record

shell: kernel userspace
	@tools/vm/vm shell --files $(BIN) $(VMFLAGS)

clean:
	$(SAY) removing what was built below $(CARRYOVER_CACHE)
	@for folder in $(CARRYOVER_CACHE)/tree/*/*/; do \
		case $$folder in */linux/) ;; *) rm -rf "$$folder" ;; esac; \
	done
	@rm -rf $(addprefix $(CARRYOVER_CACHE)/,kernel bin obj uapi init disks results check selftests matrix deb)

.PHONY: help packages source kernel kernels userspace install deb deb-kernel series demo lint check \
	check-debug check-distro check-kcsan bench check-matrix baseline shell clean
