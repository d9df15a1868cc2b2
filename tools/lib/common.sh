# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the scripts below tools/ share: the cache folder, one-line messages, and
# the `base` file's values.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export CARRYOVER_CACHE=${CARRYOVER_CACHE:-$HOME/.cache/carryover}
CACHE=$CARRYOVER_CACHE
export TOP CACHE

say() {
	echo "[carryover] $*" >&2
}

die() {
	say "error: $*"
	exit 1
}

# What kernels are built with, and what they must not be; see carryover/kbuild.py.
kbuild_environment() {
	local words
	words=$("$TOP/tools/lib/kbuild-environment") && eval "$words"
}

# base_value KEY: one value of the `base` file.
base_value() {
	sed -n "s/^$1=//p" "$TOP/base"
}

# Host names belong to the machine's configuration, not into our output.
without_hosts() {
	sed -E 's#[a-z+]+://[^ ]*##g; s#(Could not resolve|connect to) .*#\1 the archive#'
}
