# SPDX-License-Identifier: GPL-2.0-only
"""Runs the guests, and reads what they measured.

A guest's time counts instructions: one nanosecond is one instruction. Of one payload
it is the same in every run; another one lays memory out differently, and moves figures by
some percent. So what is compared comes out of one guest.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict

from carryover.common import TOP

# "rep stos" and "rep movs" count once for each of their steps, and with these features
# the kernel's steps are bytes.
CPU = "max,-erms,-fsrm"
ROW = re.compile(r"^row (\S+) (\d+)$")
SAME = re.compile(r"^same (\S+) (\S+)$")
EVENT = re.compile(r"^(-?\d+) (-?\d+) (previous|this) (\w+) 0 ?(.*)$")
BLACKOUT = re.compile(r"blackout, command to command\s+([0-9.]+) ms")
DEMO_IOPS = 20
REPORT = re.compile(r"^(kernel|kexec) (\d+) (?:tsc|start) (\d+)")


class GuestError(Exception):
    """A guest that did not get through."""


@dataclass
class Guest:
    """How guests are run."""

    out: Path
    programs: Path
    kernel: Path
    base: Path
    timeout: float
    env: Dict[str, str] = field(default_factory=lambda: dict(os.environ))


def _files(guest: Guest, program: str) -> Path:
    """A folder with nothing but the program: all that is in it goes through every boot."""
    folder = guest.out / f"files-{program}"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(guest.programs / program, folder)
    return folder


def _run(guest: Guest, name: str, options, program: str = "bench") -> Path:
    out = guest.out / name
    command = [guest.env.get("VM") or str(TOP / "tools/vm/vm"), "run", "--out", str(out), "--quiet", "--icount",
               "--smp", "1", "--cpu", CPU, "--timeout", str(guest.timeout),
               "--files", str(_files(guest, program)), *options]
    with open(guest.out / f"{name}.log", "w", encoding="utf-8") as log:
        code = subprocess.run(command, stdout=log, stderr=log, env=guest.env,
                              check=False).returncode
    if code:
        last = (guest.out / f"{name}.log").read_text(errors="replace").splitlines()
        raise GuestError(f"{name}: {last[-1] if last else 'said nothing'}")
    return out


def _lines(out: Path, stage: int):
    return (out / f"stage-{stage}.log").read_text(errors="replace").splitlines()


def _rows(lines) -> Dict[str, int]:
    return {match[1]: int(match[2]) for match in map(ROW.match, lines) if match}


def check_same(name: str, lines):
    """What must not differ between the kernels of a run does not."""
    seen = {}
    for match in filter(None, map(SAME.match, lines)):
        if seen.setdefault(match[1], match[2]) != match[2]:
            raise GuestError(f"{name}: I2: {match[1]} differ between two kernels")


def _edus(count: int):
    """As many devices as functions of one slot."""
    return [word for n in range(count)
            for word in ("--device", f"edu,addr=4.{n},multifunction=on")]


def measure(guest: Guest, payload, name: str = "", late: int = 0) -> Dict[str, int]:
    """One payload through its kernels, each kexec @late ticks later; the rows."""
    name = name or payload.name
    verbs = ("keep", "take", "floor", "rest")[:payload.kernels]
    stages = [word for number, verb in enumerate(verbs, 1)
              for word in (f"--stage{number}", f"bench {verb} {payload.words} {late}")]
    out = _run(guest, name, ["--kernel", str(guest.kernel), "--mem", f"{payload.guest_mib}M",
                             *_edus(payload.devices), *stages])
    lines = [line for stage in range(1, payload.kernels + 1) for line in _lines(out, stage)]
    check_same(name, lines)
    return _rows(lines)


def _reboot(out: Path, old: int) -> int:
    """From kernel @old's kexec command to the first program of the next."""
    when = {}
    for line in (out / "report.log").read_text(errors="replace").splitlines():
        match = REPORT.match(line)
        if match:
            when[match[1], int(match[2])] = int(match[3])
    return when["kernel", old + 1] - when["kexec", old]


def measure_off(guest: Guest) -> Dict[str, int]:
    """Nothing preserved: the base after the base, then ours after ours, in one guest."""
    out = _run(guest, "off", [
        "--kernel1", str(guest.base), "--kernel3", str(guest.kernel), "--mem", "2560M", *_edus(1),
        "--stage1", "true", "--stage2", "bench off", "--stage3", "true", "--stage4", "bench off"])
    rows = {}
    for kernel, stage in (("base", 2), ("ours", 4)):
        rows |= {f"{kernel}-{row}": value for row, value in _rows(_lines(out, stage)).items()}
        rows[f"{kernel}-kexec"] = _reboot(out, stage - 1)
    return rows


def _demo_event(rows, begin: int, end: int, what):
    kernel, phase, thing = what
    name = {"1": "memfd", "2": "iommufd", "3": "device"}.get(thing.partition("/")[2], "")
    if (kernel, phase) == ("previous", "freeze"):
        rows["freeze"] = end - begin
    elif (kernel, phase) == ("previous", "kexec"):
        rows["kexec-at"] = end
    elif (kernel, phase) == ("this", "boot"):
        rows["boot"] = begin - rows.pop("kexec-at")
    elif (kernel, phase) == ("this", "retrieve") and name:
        rows[f"retrieve-{name}"] = end - begin


def measure_demo(guest: Guest) -> Dict[str, int]:
    """The demo's blackout, and what of it is ours. The disk keeps no time that repeats exactly."""
    out = _run(guest, "demo", [
        "--kernel", str(guest.kernel), "--device", f"nvme,throttle-iops={DEMO_IOPS}",
        "--stage1", "demo before", "--stage2", f"demo after --iops {DEMO_IOPS} && "
        "cat /sys/kernel/debug/liveupdate/timeline"], "demo")
    lines, rows = _lines(out, 2), {}
    for match in filter(None, map(EVENT.match, lines)):
        _demo_event(rows, int(match[1]), int(match[2]), match.groups()[2:])
    said = [match for match in map(BLACKOUT.search, lines) if match]
    if not said:
        raise GuestError("demo: it does not say how long the blackout was")
    rows["blackout"] = round(float(said[0][1]) * 1e6)
    rows["ours"] = rows["freeze"] + rows["retrieve-iommufd"] + rows["retrieve-device"]
    return rows
