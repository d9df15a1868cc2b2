# SPDX-License-Identifier: GPL-2.0-only
"""clocks.py report.log kernel-1.log <all.json: do the timeline's times agree with the clocks?

Each kernel marked the beginning and the end of two seconds, in user space. And
what lies between the kernels is by the runner's own record: the processor's
counter when the kexec was asked for, and when the next kernel's init began.
"""

import json
import re
import sys
from pathlib import Path

SLEPT = 2.0
MORE = 5.0      # what starting a program takes, on a host that stands still meanwhile
CLOCKS = 0.02   # by how much a counter is off that was compared with a timer for a moment


def seconds(kernel):
    """Between the marks of one kernel."""
    first, last = [event["begin"] for event in events
                   if event["kernel"] == kernel and event["phase"] == "mark"]
    return (last - first) / 1e9


def moment(phase, edge, which):
    """When, in seconds."""
    found = [event[edge] for event in events if event["phase"] == phase]
    return found[which] / 1e9


def recorded(pattern, path):
    """A number in a log, as it was said last."""
    return float(re.findall(pattern, Path(path).read_text(encoding="utf-8"))[-1])


events = json.load(sys.stdin)["events"]
for name in ("previous", "this"):
    assert SLEPT <= seconds(name) < SLEPT + MORE, (name, seconds(name))

report, log = sys.argv[1:]
# Refined only if no timer was late.
hz = recorded(r"tsc: (?:Refined TSC clocksource calibration:|Detected) ([\d.]+) MHz", log) * 1e6
gap = (recorded(r"kernel 2 tsc (\d+)", report) - recorded(r"kexec 1 start (\d+)", report)) / hz
asked = moment("freeze", "begin", 0)
bound, retrieved = moment("bound", "end", 0) - asked, moment("retrieve", "begin", 0) - asked
assert bound * (1 - CLOCKS) < gap < retrieved * (1 + CLOCKS), (gap, bound, retrieved)
print(f"kexec to init by the processor's counter: {gap:.3f} s")
