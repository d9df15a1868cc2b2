# SPDX-License-Identifier: GPL-2.0-only
"""What sizes that nobody measured would cost: lines through those that were.

Each row is a fixed part and one that grows with the memory, or with the devices. What
this takes for granted is on the page tools/carryover/doc/cost.rst.
"""

from . import fit

TIB = 1 << 20
MEMORY = ("preserve-memfd", "preserve-iommufd", "freeze", "kept-boot", "retrieve-memfd",
          "retrieve-iommufd", "again-map", "pa-all")
DEVICES = ("preserve-device", "freeze", "retrieve-device")
CASES = [(kind, tib) for kind in ("4k", "2m") for tib in (1, 4)]
MANY_DEVICES = 64


def _with_boot(rows):
    """What the next kernel's boot takes more than with nothing kept."""
    more = {}
    if "boot" in rows and "rest-boot" in rows:
        more["kept-boot"] = max(0, rows["boot"] - rows["rest-boot"])
    return rows | more


def _at(measured, prefix, row, count_of, size):
    """@row at @size, or None without two sizes to draw a line through."""
    points = [(count_of(name), rows[row]) for name, rows in
              ((name, _with_boot(rows)) for name, rows in measured.items())
              if name.rsplit("-", 1)[0] == prefix and row in rows]
    if len({size for size, _ in points}) < 2:
        return None
    fixed, each = fit.line(points)
    return max(0, fixed + each * size)


def memory(measured, count_of):
    """[(row, [ticks or None for each of CASES])]."""
    return [(row, [_at(measured, kind, row, count_of, tib * TIB) for kind, tib in CASES])
            for row in MEMORY]


def devices(measured, count_of):
    """[(row, ticks or None for MANY_DEVICES)]."""
    return [(row, _at(measured, "devices", row, count_of, MANY_DEVICES)) for row in DEVICES]
