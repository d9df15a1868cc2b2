# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Packages of the base, which live in newer suites than the machine's own. apt finds
# them through a configuration of its own, so the machine's package lists and sources
# stay as they are. The archive is the one the machine already uses, whichever that is.
#
# Whoever sources this calls begin_fetch first; STORE is where what is fetched is kept,
# and WORK a folder in it that is gone afterwards.

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
STORE=$CACHE/base
SERIES=$(base_value series)

indextargets() {
	# shellcheck disable=SC2016 # apt's placeholder, not the shell's
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "$@"
}

# The address of the machine's Debian archive. Before the first `apt-get update`
# apt knows no origins, and the machine's own release name has to do.
archive_address() {
	local codename
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	{
		indextargets 'Origin: Debian' 'Label: Debian'
		indextargets --no-release-info "Release: $codename"
	} | sed '/security/d' | sed -n 1p
}

# private_apt COMMAND ARGS...: apt that sees $WORK instead of the system's state.
private_apt() {
	local command=$1
	shift
	# Archives that are kept without being re-signed have expired Release
	# files; signatures are checked all the same.
	"$command" -qq \
		-o Dir::State="$WORK/state" -o Dir::State::status="$WORK/status" \
		-o Dir::Cache="$WORK/cache" \
		-o Dir::Etc::sourcelist="$WORK/sources.list" -o Dir::Etc::sourceparts=- \
		-o APT::Sandbox::User=root -o Acquire::Languages=none \
		-o Acquire::Check-Valid-Until=false -o Acquire::Retries=3 \
		-o APT::Update::Error-Mode=any "$@"
}

# Makes WORK, and finds out which archive it is.
begin_fetch() {
	WORK=$(mktemp -d "$STORE/fetch.XXXXXX")
	trap 'rm -rf "$WORK"' EXIT
	[ -e "$KEYRING" ] || die "debian-archive-keyring is not installed"
	ADDRESS=$(archive_address)
	[ -n "$ADDRESS" ] || die "apt knows no Debian archive on this machine"
	mkdir -p "$WORK"/state/lists/partial "$WORK"/cache/archives/partial
	: >"$WORK/status"
}

tell_if_expired() {
	local until
	until=$(sed -n 's/^Valid-Until: //p' "$WORK"/state/lists/*Release 2>/dev/null | sed -n 1p)
	[ -n "$until" ] || return 0
	[ "$(date -d "$until" +%s)" -ge "$(date +%s)" ] ||
		say "note: the release file of $1 expired on $until; its signature was checked"
}

# update_suite SUITE: make private_apt know this suite only.
update_suite() {
	rm -f "$WORK"/state/lists/*Release "$WORK"/state/lists/*Packages*
	echo "deb [signed-by=$KEYRING] $ADDRESS $1 main" >"$WORK/sources.list"
	private_apt apt-get update 2>&1 | without_hosts >"$WORK/log" || return 1
	tell_if_expired "$1"
}

# offered_version PACKAGE [VERSION]: what the suite updated last has of it, of the
# series; nothing if that is none, or not this version.
offered_version() {
	private_apt apt-cache madison "$1" | awk -F'|' '{ gsub(/ /, "", $2); print $2 }' |
		sed -n "/^$SERIES\./p" | { [ $# = 1 ] && cat || grep -Fx "$2"; } | sed -n 1p
}

# find_version PACKAGE [VERSION]: sets VERSION to the first one the suites offer.
find_version() {
	local suite
	VERSION=
	for suite in $(base_value suites); do
		if ! update_suite "$suite"; then
			say "note: suite $suite cannot be read: $(tail -n 1 "$WORK/log")"
			continue
		fi
		VERSION=$(offered_version "$@")
		[ -z "$VERSION" ] || return 0
	done
	return 1
}

# check_sum PACKAGE FILE SHA256: if the version is the one that 'base' pins.
check_sum() {
	local sum
	if [ "$VERSION" != "$(base_value version)" ]; then
		say "note: $1 $VERSION is not the version pinned in 'base';" \
			"no checksum is known for it, apt's signature check vouches for it"
		return
	fi
	sum=$(sha256sum "$2" | cut -d' ' -f1)
	[ "$sum" = "$3" ] || die "$1 $VERSION has checksum $sum, not the one in 'base'"
}

# download PACKAGE SHA256: its files, below $WORK/x.
download() {
	local deb
	say "downloading $1 $VERSION"
	(cd "$WORK" && private_apt apt-get download "$1=$VERSION" 2>&1 | without_hosts >log) ||
		die "download of $1 $VERSION failed: $(tail -n 1 "$WORK/log")"
	deb=$(find "$WORK" -maxdepth 1 -name '*.deb')
	check_sum "$1" "$deb" "$2"
	dpkg-deb -x "$deb" "$WORK/x" || die "$1 $VERSION cannot be unpacked; is the disk full?"
}
