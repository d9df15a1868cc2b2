# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For the checks below tools/lint: which files there are to check.

# shellcheck source=../lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"
cd "$TOP" || exit 1

# The repository's files, new ones included; in an unpacked archive, all files.
repository_files() {
	if git rev-parse --git-dir >/dev/null 2>&1; then
		git ls-files --cached --others --exclude-standard
	else
		find . -type f -not -path './.git/*' -printf '%P\n'
	fi | while read -r file; do
		[ ! -f "$file" ] || echo "$file"
	done
}

# files_with REGEX: files whose first line (the interpreter) matches.
files_with() {
	local file first
	repository_files | while read -r file; do
		IFS= read -r first <"$file" 2>/dev/null || true
		[[ ! $first =~ $1 ]] || echo "$file"
	done
}

# fails CHECK: the common end of a check that found something.
fails() {
	say "lint: $1: found something"
	exit 1
}
