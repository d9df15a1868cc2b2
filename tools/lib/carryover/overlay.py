# SPDX-License-Identifier: GPL-2.0-only
"""The overlay: files of the repository that lie where the kernel wants them."""

import os
from pathlib import Path
from typing import Dict

from .common import TOP, ToolError

FOLDERS = ("drivers", "kernel", "include", "mm", "tools/testing", "Documentation")

# The repository's own menu of options; one hook sources it.
KCONFIG = {"Kconfig": "kernel/liveupdate/Kconfig.carryover"}

# What builds and editors leave beside sources.
JUNK = (".o", ".a", ".so", ".cmd", ".d", ".orig", ".rej", ".pyc", ".swp", "~")


def _is_ours(name: str) -> bool:
    if name.startswith("."):
        return name == ".gitignore"
    return not name.endswith(JUNK)


def overlay_paths() -> Dict[str, Path]:
    """Path in the kernel tree -> file in the repository."""
    found = {inside: TOP / name for name, inside in KCONFIG.items() if (TOP / name).exists()}
    for top in FOLDERS:
        for folder, folders, files in os.walk(TOP / top):
            folders[:] = [f for f in folders if not f.startswith(".") and f != "__pycache__"]
            for name in filter(_is_ours, files):
                path = Path(folder) / name
                found[str(path.relative_to(TOP))] = path
    return found


def in_base(base: Path):
    """Overlay paths that the base has too."""
    return sorted(inside for inside in overlay_paths() if (base / inside).exists())


def overlay_files(base: Path) -> Dict[str, bytes]:
    """Content of every overlay file; none may exist in the base."""
    taken = in_base(base)
    if taken:
        raise ToolError(f"{taken[0]} exists in the base; changing it needs a hook in patches/")
    return {inside: path.read_bytes() for inside, path in overlay_paths().items()}
