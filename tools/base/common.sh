# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the scripts below tools/ share: the cache folder, one-line messages, and
# the `base` file's values.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CACHE=${CARRYOVER_CACHE:-$HOME/.cache/carryover}
export TOP CACHE

say() {
	echo "[carryover] $*" >&2
}

die() {
	say "error: $*"
	exit 1
}

# base_value KEY: one value of the `base` file.
base_value() {
	sed -n "s/^$1=//p" "$TOP/base"
}

# Host names belong to the machine's configuration, not into our output.
without_hosts() {
	sed -E 's#[a-z+]+://[^ ]*##g; s#(Could not resolve|connect to) .*#\1 the archive#'
}
