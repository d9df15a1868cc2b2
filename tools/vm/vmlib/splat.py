# SPDX-License-Identifier: GPL-2.0-only
"""Finds what no kernel log may hold: warnings, oopses, and what the debug options report."""

import re
from dataclasses import dataclass
from typing import List

# A message begins after the time stamp and, on some configurations, the caller.
PREFIX = r"^(?:\[\s*\d+\.\d+\])?(?:\[\s*[TC]\d+\])? ?"

# Only what starts a message counts, as far as the kernel's own wording lets it:
# a driver that mentions a warning has not given one.
AT_START = (
    r"WARNING: ",
    r"BUG: ",
    r"Oops: ",
    r"kernel BUG at ",
    r"Kernel panic - ",
    r"UBSAN: ",
    r"KASAN: ",
    r"KCSAN: ",
    r"Call Trace:",
    r"general protection fault",
    r"watchdog: BUG: ",
    r"rcu: INFO: rcu_\w+ (?:self-)?detected",
    r"INFO: task .* blocked for more than",
    r"INFO: possible recursive locking",
    r"INFO: inconsistent lock state",
    r"INFO: trying to register non-static key",
    r"kmemleak: \d+ new suspected memory leaks",
    r"unreferenced object 0x",
    r"DEBUG_LOCKS_WARN_ON",
    r"------------\[ cut here \]------------",
)

ANYWHERE = (
    r"possible circular locking dependency detected",
    r"possible recursive locking detected",
    r"possible irq lock inversion dependency detected",
    r"inconsistent lock state",
    r"suspicious RCU usage",
    r"soft lockup - CPU#",
    r"hard LOCKUP",
    r"BUG: KASAN: ",
    r"UBSAN: ",
    r"general protection fault",
)

SIGN = re.compile(f"{PREFIX}(?:{'|'.join(AT_START)})|(?:{'|'.join(ANYWHERE)})")

# What lockdep has between its head and its call trace, as long as chains of locks are.
BODY = re.compile(r"-> #\d+ \(|which lock already depends|other info that might help us|"
                  r"Chain exists of:|stack backtrace:")

# Signs this close together are one report: its head, its call traces.
REPORT_LINES = 60
CONTEXT_BEFORE = 2


@dataclass
class Splat:
    """One report in one kernel's log."""

    kernel: int
    lines: List[str]
    sign: str


def _report(log: List[str], at: int) -> int:
    """Where the report that starts at @at ends."""
    last = at
    for i in range(at, len(log)):
        if i - last > REPORT_LINES:
            break
        if SIGN.search(log[i]) or BODY.search(log[i]):
            last = i
        if "---[ end trace" in log[i]:
            return i + 1
    return min(last + 30, len(log))


def find(kernel: int, log: List[str], allowed: List[str]) -> List[Splat]:
    """All reports in @log but those in which a line matches one of @allowed."""
    found, at = [], 0
    while at < len(log):
        if not SIGN.search(log[at]):
            at += 1
            continue
        end = _report(log, at)
        lines = log[max(0, at - CONTEXT_BEFORE):end]
        if not any(re.search(pattern, line) for pattern in allowed for line in lines):
            found.append(Splat(kernel, lines, _headline(log[at:end])))
        at = end
    return found


def _headline(lines: List[str]) -> str:
    """The line that says most: the one after a 'cut here' rather than the cut itself."""
    signs = [line for line in lines if SIGN.search(line) and "cut here" not in line]
    return (signs or lines)[0].strip()
