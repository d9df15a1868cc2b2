# SPDX-License-Identifier: GPL-2.0-only
"""Paths, messages, and files that appear complete or not at all."""

import os
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]
CACHE = Path(os.environ.get("CARRYOVER_CACHE")
             or Path(os.path.expanduser("~")) / ".cache" / "carryover")

# The trees are tree/NAME/linux, and src/NAME is a link to each. Kernels are
# built in tree/NAME/PROFILE: seen from there every source is ../linux, whichever
# the tree, so that ccache takes equal files for equal.
TREES = CACHE / "tree"
LINKS = CACHE / "src"


# Held by whoever builds a kernel.
BUILD_LOCK = CACHE / "kernel" / ".lock"


class ToolError(Exception):
    """Ends the run with one line."""


def say(text: str):
    """A line of progress; standard output is for results."""
    print(f"[carryover] {text}", file=sys.stderr, flush=True)


def kernel_image(profile: str) -> Path:
    """The image of a profile, as tools/vm/build leaves it."""
    return CACHE / "kernel" / profile / "arch/x86/boot/bzImage"


def base_value(key: str) -> str:
    """One value of the `base` file."""
    for line in (TOP / "base").read_text().splitlines():
        name, _, value = line.partition("=")
        if name == key:
            return value
    raise ToolError(f"'base' has no {key}=")


def publish(name: str) -> Path:
    """Make src/NAME lead to the tree, and return it."""
    LINKS.mkdir(parents=True, exist_ok=True)
    link = LINKS / name
    if not link.exists():
        link.unlink(missing_ok=True)
        link.symlink_to(f"../tree/{name}/linux")
    return link


def write_atomically(path: Path, data: bytes, mode: int = 0o644):
    """Replace @path; whoever else has a hard link to the old file keeps the old content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.write_bytes(data)
        temporary.chmod(mode)
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)
