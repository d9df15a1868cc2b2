# SPDX-License-Identifier: GPL-2.0-only
"""What one guest is to do: the parsed command line, and what follows from it."""

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import List, Optional

# earlycon: a second kernel that dies before it has a console says why.
COMMAND_LINE = (
    "console=ttyS0 earlycon=uart8250,io,0x3f8,115200 loglevel=8 printk.time=1 panic=-1"
    # Interrupts of the timer may be late by any time on a machine that is busy.
    " no_timer_check"
    " liveupdate=on kho=on vfio.enable_unsafe_noiommu_mode=1"
)

# Under icount the calibration of the local APIC's timer takes most of the wall
# time a guest needs, and then fails: leave that timer out from the start.
ICOUNT_COMMAND_LINE = "nolapic_timer"

# Of an x86 bzImage's setup header.
HEADER_MAGIC_AT = 0x202
INIT_SIZE_AT = 0x260
# Beside a kernel a scratch area holds its initrd, command line and the like.
SCRATCH_ROOM = 16 << 20


@dataclass
class Stage:
    """One kernel, and the command it runs."""

    number: int
    command: str
    kernel: Path
    cmdline: str
    expect_fail: bool = False
    # How it comes to run: kexec, crash or reboot.
    way: str = "kexec"
    # Names of those modules to be loaded before the command that this kernel has.
    modules: List[str] = field(default_factory=list)


@dataclass
class Job:
    """One guest."""

    stages: List[Stage]
    out: Path
    files: List[Path] = field(default_factory=list)
    devices: List[str] = field(default_factory=list)
    environment: List[str] = field(default_factory=list)
    plan_flags: List[str] = field(default_factory=list)
    qemu_arguments: List[str] = field(default_factory=list)
    allow_splat: List[str] = field(default_factory=list)
    smp: int = 2
    mem: str = "1G"
    cpu: str = "max"
    accel: str = "tcg"
    icount: bool = False
    timeout: float = 120
    quiet: bool = False
    keep: bool = False
    interactive: bool = False
    # A disk with a userland of its own, and the initrd to find it with.
    root: Optional[Path] = None
    initrd: Optional[Path] = None


def _init_size(kernel: Path) -> int:
    """How much memory in one piece an image needs to start, from its setup header."""
    with open(kernel, "rb") as file:
        head = file.read(INIT_SIZE_AT + 4)
    if head[HEADER_MAGIC_AT:HEADER_MAGIC_AT + 4] != b"HdrS":
        return 0
    return struct.unpack_from("<I", head, INIT_SIZE_AT)[0]


def kho_scratch(kernels: List[Path]) -> str:
    """The size of KHO's scratch areas, into one of which the next kernel has to fit.

    By default KHO keeps a third of a small guest for itself, as CMA memory out
    of which every page is migrated when it is pinned.
    """
    largest = max(_init_size(kernel) for kernel in kernels)
    area = 64
    while area << 20 < largest + SCRATCH_ROOM:
        area *= 2
    return f"kho_scratch=32M,{area}M,{area}M"


def command_line(number: int, scratch: str, icount: bool, appended: List[str]) -> str:
    """The kernel command line of stage @number."""
    words = [COMMAND_LINE, scratch, f"carryover.stage={number}", *appended]
    if icount:
        words.insert(1, ICOUNT_COMMAND_LINE)
    return " ".join(words)
