# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Completion of carryover's command lines. The commands and options are those
# that --help shows.

_carryover_commands() {
	carryover --help 2>/dev/null | sed -n 's/^  \([a-z]*\) .*/\1/p' | grep -v carryover
}

_carryover_options() {
	carryover "$1" --help 2>/dev/null | sed -n 's/^  \(--[a-z-]*\).*/\1/p'
	echo --help
}

_carryover_devices() {
	ls /sys/bus/pci/devices 2>/dev/null
}

_carryover() {
	local words word before command
	# Readline breaks words at colons, which addresses of devices have.
	read -ra words <<<"${COMP_LINE:0:COMP_POINT}."
	word=${words[-1]%.} command=${words[1]-} before=${words[-2]-}

	COMPREPLY=()
	if [ ${#words[@]} = 2 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_carryover_commands) --help --version" -- "$word")
		return
	fi
	case $before in
	--kernel | --initrd | --svg | --textfile)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	--root | --sockets)
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		return
		;;
	--start)
		mapfile -t COMPREPLY < <(compgen -W "reboot systemd" -- "$word")
		return
		;;
	--store | --command-line | --append | --session | --pins | --timeout | --mark | --wait)
		return
		;;
	esac
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_carryover_options "$command")" -- "$word")
	elif [[ $command == inspect || $command == timeline ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
	else
		mapfile -t COMPREPLY < <(compgen -W "$(_carryover_devices)" -- "$word")
		[[ $word != *:* ]] || COMPREPLY=("${COMPREPLY[@]#"${word%"${word##*:}"}"}")
	fi
}

complete -o filenames -F _carryover carryover
