# SPDX-License-Identifier: GPL-2.0-only
"""The result folder: what a run leaves behind for people and tests to read.

    kernel.log     the console, all kernels
    kernel-N.log   the console of kernel N
    program.log    what the stages printed, stamped with stage and guest time
    stage-N.log    what stage N printed, as it printed it
    report.log     init's own notes: kernels, stages, exit codes, TSC values
    qemu.log       QEMU's own words, normally none
"""

import re
from pathlib import Path
from typing import Dict, List

# A kernel's first words. They may come twice, from the early console and from
# the one that takes over; time then does not start anew in between.
FIRST_LINE = re.compile(r"^\[\s*0\.000000\].* ?Linux version \S+ \(")
# Firmware clears the screen, at the start of what becomes the kernel's first line.
ESCAPE = re.compile(r"\x1b\[[0-9;=?]*[A-Za-z]")
STAMP = re.compile(r"^\[(\d+) \d+\.\d{6}\] ?")


def read_lines(path: Path) -> List[str]:
    """A log as text, whatever bytes a dying guest put into it."""
    if not path.exists():
        return []
    text = path.read_bytes().decode(errors="replace").replace("\r", "").replace("\0", "")
    return ESCAPE.sub("", text).splitlines()


def _write(path: Path, lines: List[str]):
    path.write_text("".join(line + "\n" for line in lines))


def split_kernels(lines: List[str]) -> Dict[int, List[str]]:
    """The console by kernel; what the firmware says belongs to the first."""
    kernels, number = {1: []}, 0
    for line in lines:
        if FIRST_LINE.match(line):
            number += 1
            kernels.setdefault(number, [])
        kernels[max(number, 1)].append(line)
    return kernels


def split_stages(lines: List[str]) -> Dict[int, List[str]]:
    """Program output by stage, stamps taken off."""
    stages: Dict[int, List[str]] = {}
    for line in lines:
        match = STAMP.match(line)
        if match:
            stages.setdefault(int(match.group(1)), []).append(line[match.end():])
    return stages


def write_split(out: Path) -> Dict[int, List[str]]:
    """Make the per-kernel and per-stage files; returns the kernels' logs."""
    console = read_lines(out / "kernel.log")
    _write(out / "kernel.log", console)
    kernels = split_kernels(console)
    for number, lines in kernels.items():
        _write(out / f"kernel-{number}.log", lines)
    for number, lines in split_stages(read_lines(out / "program.log")).items():
        _write(out / f"stage-{number}.log", lines)
    return kernels
