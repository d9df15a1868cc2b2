# SPDX-License-Identifier: GPL-2.0-only
"""Modules a guest is to have loaded before its stages, and what these need.

They are installed below modules/ of the kernel's build folder. Kernels may differ in what
is a module: of what one has built in, or of a kernel that has no modules at all, nothing is
loaded.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List

from .cpio import Archive
from .paths import UserError, built_with

INSTALLED = "modules/lib/modules"


@dataclass
class Modules:
    """What of a kernel's modules goes into the guest."""

    folder: Path
    # Module -> itself and what it needs, all as paths below the folder.
    needs: Dict[str, List[str]] = field(default_factory=dict)


def _name(path: str) -> str:
    return path.strip().rpartition("/")[2].partition(".ko")[0].replace("_", "-")


def _needs(folder: Path) -> Dict[str, List[str]]:
    needs = {}
    for line in (folder / "modules.dep").read_text().splitlines():
        path, _, others = line.partition(":")
        needs[_name(path)] = [path, *others.split()]
    return needs


def _built_in(folder: Path):
    return {_name(line) for line in (folder / "modules.builtin").read_text().splitlines()}


def of_kernel(kernel: Path, names: List[str]) -> Modules:
    """Those of @names that are modules of this kernel; none, if it has no modules."""
    folders = list(built_with(kernel, INSTALLED).glob("*"))
    if not folders:
        return Modules(Path())
    found, there, built_in = Modules(folders[0]), _needs(folders[0]), _built_in(folders[0])
    for name in names:
        wanted = name.replace("_", "-")
        if wanted in there:
            found.needs[wanted] = there[wanted]
        elif wanted not in built_in:
            raise UserError(f"{kernel} has no module {name}")
    return found


def add(archive: Archive, modules: Modules):
    """Put them where the guest's modprobe finds them."""
    if not modules.needs:
        return
    inside = f"lib/modules/{modules.folder.name}"
    for path in sorted({path for needs in modules.needs.values() for path in needs}):
        archive.file(f"{inside}/{path}", modules.folder / path)
    archive.file(f"{inside}/modules.dep", modules.folder / "modules.dep")
