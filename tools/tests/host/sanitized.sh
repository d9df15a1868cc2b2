# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For tests of userspace on the host: everything built with the address and the
# undefined behaviour sanitizer, in a folder of its own. A report ends a program
# with 99, which is no exit code of its own.

export SANITIZED=$CARRYOVER_CACHE/bin-sanitized
export SANITIZED_LIB=$CARRYOVER_CACHE/obj/tools/sanitized/lib/libcarryover.a
export ASAN_OPTIONS=exitcode=99:detect_leaks=1:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1:exitcode=99

# One after the other, when several tests run at a time.
build_sanitized() {
	mkdir -p "$SANITIZED"
	flock "$SANITIZED" make -s -C "$TOP/tools/carryover" SAN=address,undefined BIN="$SANITIZED" \
		OBJ="$CARRYOVER_CACHE/obj/tools/sanitized" "$@" >build.log 2>&1 || {
		sed 's/^/    /' build.log
		return 1
	}
}
