# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the tests of host features share: a disk that reads on over a live update, with
# other things going on.

# carried NAME BEFORE AFTER OPTION...: what runs, in either kernel, before the program
# that takes care of the disk. It compares every physical address and all that was read.
carried() {
	local name=$1 before=$2 after=$3
	shift 3
	guest "$name" --kernel "$KERNEL" --files "$BIN" --timeout 240 \
		--device "nvme,throttle-iops=${IOPS:-20}" "$@" \
		--stage1 "$before t-supervisor before" --stage2 "$after t-supervisor after"
}

# says NAME STAGE REGEX...: lines of what the stage printed.
says() {
	local name=$1 stage=$2 line
	shift 2
	for line; do
		grep -qE -- "$line" "$name/stage-$stage.log" || {
			echo "    stage $stage of $name did not print '$line'"
			return 1
		}
	done
}

# logged NAME KERNEL REGEX: a line of that kernel's log.
logged() {
	grep -qE -- "$3" "$1/kernel-$2.log" || {
		echo "    kernel $2 of $1 did not log '$3'"
		return 1
	}
}
