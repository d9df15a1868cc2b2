# SPDX-License-Identifier: GPL-2.0-only
"""Turns --device strings into QEMU arguments.

They are QEMU's own device strings with two conveniences: `edu` may address all
memory unless told otherwise, and `nvme` without drive= gets a disk whose every
sector says which one it is.
"""

import shutil
import struct
from pathlib import Path

from .paths import UserError

SECTOR = 512
WORDS = SECTOR // 8
UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
DEFAULT_DISK = "16M"

# Pseudo options of nvme, and what they are called at the drive.
THROTTLE = {
    "throttle-iops": "throttling.iops-total",
    "throttle-iops-read": "throttling.iops-read",
    "throttle-iops-write": "throttling.iops-write",
    "throttle-bps": "throttling.bps-total",
}


def parse_size(text: str) -> int:
    """512, 64K, 16M, 1G in bytes."""
    unit = UNITS.get(text[-1:].upper(), 1)
    digits = text[:-1] if unit > 1 else text
    if not digits.isdigit():
        raise UserError(f"'{text}' is no size; write it like 16M")
    return int(digits) * unit


def pattern(first: int, count: int) -> bytes:
    """Sectors of the test disk: word i of sector s is (s << 16) | i, little-endian."""
    words = struct.Struct(f"<{WORDS}Q")
    sectors = range(first, first + count)
    return b"".join(words.pack(*range(s << 16, (s << 16) + WORDS)) for s in sectors)


def write_disk(path: Path, size: int):
    """A disk image full of the pattern, written a MiB at a time."""
    step = (1 << 20) // SECTOR
    with open(path, "wb") as file:
        for first in range(0, size // SECTOR, step):
            file.write(pattern(first, step))
        file.truncate(size)


class Devices:
    """All --device options of one guest."""

    def __init__(self, folder: Path, cache: Path):
        self._folder = folder
        self._cache = cache
        self.disks = []
        self.arguments = []

    def add(self, text: str):
        """One --device."""
        model, *options = text.split(",")
        if model == "edu" and not any(o.startswith("dma_mask=") for o in options):
            options.append("dma_mask=0xffffffffffffffff")
        if model == "nvme" and not any(o.startswith("drive=") for o in options):
            options = self._nvme(options)
        self.arguments += ["-device", ",".join([model, *options])]

    def _nvme(self, options):
        number = len(self.disks)
        drive = [f"if=none,id=disk{number},format=raw"]
        size, image, kept = DEFAULT_DISK, None, []
        for option in options:
            name, _, value = option.partition("=")
            if name in THROTTLE:
                drive.append(f"{THROTTLE[name]}={value}")
            elif name == "size":
                size = value
            elif name == "image":
                image = Path(value)
            else:
                kept.append(option)
        path = image or self._pattern_disk(number, parse_size(size))
        self.disks.append(path)
        drive.append(f"file={path}")
        self.arguments += ["-drive", ",".join(drive)]
        if not any(o.startswith("serial=") for o in kept):
            kept.append(f"serial=carryover{number}")
        return [*kept, f"drive=disk{number}"]

    def _pattern_disk(self, number: int, size: int) -> Path:
        """A copy of its own for this guest: guests write to their disks."""
        master = self._cache / "disks" / f"pattern-{size}.raw"
        if not master.exists():
            master.parent.mkdir(parents=True, exist_ok=True)
            temporary = self._folder / "pattern.raw"
            write_disk(temporary, size)
            shutil.move(temporary, master)
        path = self._folder / f"disk{number}.raw"
        shutil.copyfile(master, path)
        return path
