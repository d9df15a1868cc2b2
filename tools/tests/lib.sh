# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For tests made of parts: each part is a function, and good if it returns 0.
# A test runs in a folder of its own (tools/tests/run), so names are relative.

# guest NAME OPTIONS...: a run of the guest that must be good; results in NAME/.
guest() {
	local name=$1
	shift
	"$VM" run --out "$PWD/$name" --quiet "$@" >"$name.out" 2>&1 || {
		sed 's/^/    /' "$name.out"
		return 1
	}
}

# judged_bad NAME REGEX OPTIONS...: a run that must be called bad, for that reason.
judged_bad() {
	local name=$1 reason=$2
	shift 2
	if "$VM" run --out "$PWD/$name" --quiet "$@" >"$name.out" 2>&1; then
		echo "    $name was called good"
		return 1
	fi
	tail -n 1 "$name.out" | grep -qE "^FAIL: $reason" || {
		echo "    wanted 'FAIL: $reason', got: $(tail -n 1 "$name.out")"
		return 1
	}
}

# edus COUNT: options for so many devices, functions of a few slots, as QEMU has
# no more slots than that.
edus() {
	local n
	for ((n = 0; n < $1; n++)); do
		printf -- '--device\nedu,addr=%x.%x,multifunction=on\n' $((4 + n / 8)) $((n % 8))
	done
}

# unclaimed MODE OPTION...: the kernel after a live update whose session is not
# retrieved in full; see finish-unclaimed.c.
unclaimed() {
	local mode=$1
	shift
	guest "${FUNCNAME[1]}" --kernel "$KERNEL" --files "$BIN" --mem 512M \
		--device "nvme,throttle-iops=${IOPS:-2}" \
		--stage1 't-finish-unclaimed before -' \
		--stage2 "t-finish-unclaimed after $mode" "$@"
}

# For guests of the kernel with modules: where they are, and the words by which the
# guest's kernel finds and loads them.
# shellcheck disable=SC2034 # not every test has such guests
modules=${KERNEL_MODULES%/arch/*}/modules
# shellcheck disable=SC2016,SC2034 # said in the guest
have_modules='{ ln -s $PWD/lib/modules /lib/modules && depmod &&
	echo /bin/modprobe >/proc/sys/kernel/modprobe; }'

# run_parts FUNCTION...: all of them, and says so in KTAP, which tools/tests/run reads.
run_parts() {
	local part number=0 bad=0
	echo "TAP version 13"
	echo "1..$#"
	for part; do
		number=$((number + 1))
		if "$part"; then
			echo "ok $number $part"
		else
			bad=1
			echo "not ok $number $part"
		fi
	done
	exit "$bad"
}
