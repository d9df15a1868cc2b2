# SPDX-License-Identifier: GPL-2.0-only
"""Where the processors of a guest are that did not end in time.

A kernel that hangs without a word leaves nothing else to read. What stands on a stack
may be older than the call that hangs: it is what there is without a debugger.
"""

import bisect
import re
from pathlib import Path
from typing import List

from .monitor import Monitor
from .paths import built_with

STACK_WORDS = 256
CALLS = 32
CPU = re.compile(r"^CPU#(\d+)", re.M)
REGISTER = re.compile(r"\b(RIP|RSP|RFL|HLT)=([0-9a-f]+)")
# The general registers, four to a line: what a loop compares is in them.
GENERAL = re.compile(r"^R(?:AX|SI|8 |12)=.*", re.M)
# Of the local APIC: the timer, and the interrupts that are served or wait.
TIMER = re.compile(r"^(?:LVTT|Timer|ISR|IRR)\b.*", re.M)
WORD = re.compile(r"\b0x([0-9a-f]{16})\b")


class _Symbols:
    """A kernel's functions, from its System.map; none without it."""

    def __init__(self, image: Path):
        table = built_with(image, "System.map")
        lines = table.read_text().splitlines() if table.is_file() else []
        parsed = (line.split() for line in lines)
        self._table = sorted((int(at, 16), name) for at, kind, name in parsed if kind in "tT")
        self._starts = [at for at, _ in self._table]

    def name(self, address: int):
        """FUNCTION+OFFSET, or None outside of the kernel's text."""
        index = bisect.bisect_right(self._starts, address) - 1
        if not 0 <= index < len(self._table) - 1:
            return None
        start, name = self._table[index]
        if name in ("_etext", "_einittext"):
            return None
        return f"{name}+{address - start:#x}"


def _cpu(monitor: Monitor, symbols: _Symbols, number: str, text: str) -> List[str]:
    found = dict(REGISTER.findall(text))
    rip = int(found.get("RIP", "0"), 16)
    lines = [f"CPU {number}: {symbols.name(rip) or f'{rip:#x}'} "
             + " ".join(f"{key}={found[key]}" for key in ("RFL", "HLT") if key in found)]
    lines += [f"  {line.rstrip()}" for line in GENERAL.findall(text)]
    monitor.ask(f"cpu {number}")
    stack = monitor.ask(f"x/{STACK_WORDS}gx 0x{found.get('RSP', '0')}")
    names = (symbols.name(int(word, 16)) for word in WORD.findall(stack))
    lines += [f"  {name}" for name in names if name][:CALLS]
    return lines + [f"  {line}" for line in TIMER.findall(monitor.ask(f"info lapic {number}"))]


def processors(monitor: Monitor, image: Path) -> List[str]:
    """What each one executes, and what may have called it; empty if QEMU does not say."""
    symbols = _Symbols(image)
    parts = CPU.split(monitor.ask("info registers -a"))[1:]
    return [line for number, text in zip(parts[::2], parts[1::2])
            for line in _cpu(monitor, symbols, number, text)]
