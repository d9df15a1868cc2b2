# SPDX-License-Identifier: GPL-2.0-only
"""What a kernel needs of its guest, judged by the configuration it was built with.

A kernel that checks itself (KASAN, lockdep and the like) takes more memory, and
several times as long for everything. Whoever runs a test should not have to know.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import List

from .paths import built_with

CHECKING = "CONFIG_KASAN=y"

# KASAN's shadow is an eighth of the memory, and a second kernel takes it out of
# KHO's scratch areas: with those sized for the image alone, it panics.
CHECKING_MEM = 4 << 30
CHECKING_SCRATCH = "kho_scratch=512M,512M,512M"
# An interrupt while the boot processor is being identified, its features forgotten for a
# moment, lets KASAN take addresses of five levels of page tables for wild ones.
CHECKING_WORDS = ["no5lvl", "iommu.debug_pagealloc=1"]
CHECKING_SLOWER = 6

UNITS = {"": 20, "K": 10, "M": 20, "G": 30, "T": 40}


@dataclass
class Needs:
    """Beyond what a release kernel makes do with."""

    more_mem: int = 0
    slower: float = 1
    scratch: str = ""
    words: List[str] = field(default_factory=list)


def of_kernels(kernels: List[Path]) -> Needs:
    """What the most demanding of these images needs; nothing, if it has no configuration."""
    if any(_has(kernel, CHECKING) for kernel in kernels):
        return Needs(CHECKING_MEM, CHECKING_SLOWER, CHECKING_SCRATCH, list(CHECKING_WORDS))
    return Needs()


def _has(kernel: Path, option: str) -> bool:
    config = built_with(kernel, ".config")
    return config.is_file() and option in config.read_text().splitlines()


def mem_plus(mem: str, more: int) -> str:
    """QEMU's -m value @mem and @more bytes; one with options is left alone."""
    found = re.fullmatch(r"(\d+)([KMGT]?)", mem, re.I)
    if not more or not found:
        return mem
    return f"{((int(found[1]) << UNITS[found[2].upper()]) + more) >> 20}M"
