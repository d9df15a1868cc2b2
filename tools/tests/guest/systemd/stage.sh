# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# What the stages of systemd.test share: services of the example's unit, by the addresses
# of their devices, each with a log of what it has printed.

# What is started next.
# shellcheck disable=SC2034 # said by the stages
next='/boot/vmlinuz --reuse-cmdline'

# More than that no step takes; in tenths of a second.
LONG=1200

unit() {
	echo "carryover-example@$1.service"
}

# services BDF...: installed as doc/systemd.rst has it, enabled, and started.
services() {
	install -m 755 service /usr/local/bin/service
	install -m 644 carryover-example@.service /etc/systemd/system
	adjust '' 'StandardOutput=append:/var/log/%i.log' 'StandardError=inherit'
	systemctl daemon-reload
	for bdf; do
		systemctl enable --quiet --now "$(unit "$bdf")" || said "$bdf"
	done
}

# adjust BDF SETTING...: of one service, or of all.
adjust() {
	folder=/etc/systemd/system/$(unit "$1").d
	shift
	mkdir -p "$folder"
	{
		echo '[Service]'
		printf '%s\n' "$@"
	} >"$folder/test${folder#*@}.conf"
}

# This one has nothing done at its stop: systemd alone is to keep its files.
store_only() {
	adjust "$1" KillSignal=SIGKILL SuccessExitStatus=SIGKILL "$2"
}

# The example of rules for devices is one for others as well.
rules() {
	cp /usr/share/doc/carryover/61-carryover-devices.rules /etc/udev/rules.d
}

# ruled BDF: who may open what, and the device's driver.
ruled() {
	udevadm settle
	stat -c '%n %G %a' /dev/liveupdate /dev/iommu /dev/vfio/devices/*
	echo "$1 has $(basename "$(readlink "/sys/bus/pci/devices/$1/driver")")"
}

# The folder of metrics comes with node_exporter's package.
textfiles=/var/lib/prometheus/node-exporter

metrics() {
	tries=0
	until [ -s "$textfiles/carryover.prom" ]; do
		tries=$((tries + 1))
		[ "$tries" -lt "$LONG" ] || {
			systemctl --no-pager status carryover-metrics.service
			return
		}
		sleep 0.1
	done
	cat "$textfiles/carryover.prom"
}

# said BDF...: what each has printed since the last time.
said() {
	for bdf; do
		sed "s/^/$bdf /" "/var/log/$bdf.log"
		: >"/var/log/$bdf.log"
	done
}

# went_on BDF...: wait until each has said so.
went_on() {
	for bdf; do
		tries=0
		until grep -q '^went on' "/var/log/$bdf.log"; do
			tries=$((tries + 1))
			[ "$tries" -lt "$LONG" ] || break
			sleep 0.1
		done
		said "$bdf"
		echo "$bdf holds $(systemctl show -P NFileDescriptorStore "$(unit "$bdf")") files"
	done
}
