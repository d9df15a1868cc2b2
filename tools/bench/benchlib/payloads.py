# SPDX-License-Identifier: GPL-2.0-only
"""What is measured: the payloads, and which of them belong to which form of the benchmark."""

from dataclasses import dataclass

GUEST_MIB = 1024
SCATTERED = ("scattered", "anon-scattered")
HUGETLB = ("hugetlb-2m", "hugetlb-1g")


@dataclass(frozen=True)
class Payload:
    """One guest: what its program keeps, as tools/bench/guest/bench.h names it."""

    name: str
    kind: str = "4k"
    how: str = "whole"
    mib: int = 16
    count: int = 1
    devices: int = 1

    @property
    def words(self) -> str:
        """For the program."""
        return f"{self.kind} {self.how} {self.mib} {self.count} {self.devices}"

    @property
    def kernels(self) -> int:
        """Where there is little memory, having it alone, or nothing, is nothing new."""
        return 4 if self.how == "whole" and self.mib >= 64 else 2

    @property
    def guest_mib(self) -> int:
        """Memory of the guest. Where pages are scattered, every second is given back; and the
        next kernel retrieves no memfd that is larger than the rest of its memory."""
        twice = self.kind in SCATTERED + HUGETLB or self.mib > GUEST_MIB
        return GUEST_MIB + self.mib * (9 if twice else 5) // 4


def _size(mib: int) -> str:
    return f"{mib >> 10}g" if mib >= 1024 else f"{mib}m"


def _sizes(kind: str, *sizes: int):
    return [Payload(f"{kind}-{_size(mib)}", kind=kind, mib=mib) for mib in sizes]


def _mappings(how: str, *counts: int):
    return [Payload(f"{how}-{count}", how=how, count=count) for count in counts]


def _devices(*counts: int):
    return [Payload(f"devices-{count}", mib=1, devices=count) for count in counts]


SHORT = [
    *_sizes("4k", 1024),
    *_sizes("2m", 1024),
    *_sizes("scattered", 64),
    *_sizes("hugetlb-2m", 1024),
    *_mappings("file", 1, 1024, 65536),
    *_devices(1, 4),
]

LONG = [
    *_sizes("4k", 64, 256, 1024, 4096, 8192),
    *_sizes("2m", 64, 256, 1024, 4096, 8192),
    *_sizes("scattered", 64, 256),
    *_sizes("anon", 64, 256, 1024),
    *_sizes("anon-scattered", 64, 256),
    *_sizes("hugetlb-2m", 1024, 4096),
    *_sizes("hugetlb-1g", 4096),
    *_mappings("file", 1, 16, 256, 1024, 8192, 65536),
    *_mappings("copy", 1, 16, 256, 1024, 8192, 16384),
    *_mappings("files", 16, 64, 240),
    *_devices(1, 2, 4, 8),
]

# By name only: IOAS_COPY is quadratic by itself, so this one takes half an hour.
OTHERS = _mappings("copy", 65536)

# Run once more, to see the same.
AGAIN = "file-1"


def named(names):
    """The payloads with these names, for those who want to look at a few."""
    known = {payload.name: payload for payload in LONG + SHORT + OTHERS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise KeyError(f"no payload '{unknown[0]}'; there are: {' '.join(known)}")
    return [known[name] for name in names]
