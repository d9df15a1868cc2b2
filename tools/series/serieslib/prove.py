# SPDX-License-Identifier: GPL-2.0-only
"""Proves that base and series make the tree that is tested, and that it is fit to send."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from carryover import hooks
from carryover.common import TOP, ToolError

from .write import git


def _entries(tree: Path):
    """Relative path -> what lstat says, of all that is not a folder."""
    found, stack = {}, [""]
    while stack:
        folder = stack.pop()
        with os.scandir(tree / folder) as entries:
            for entry in entries:
                name = f"{folder}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != ".git":
                        stack.append(f"{name}/")
                else:
                    found[name] = entry.stat(follow_symlinks=False)
    return found


def _same(one: Path, other: Path, info_one, info_other) -> bool:
    """Equal type, permission and content; hard links are equal unread."""
    if (info_one.st_dev, info_one.st_ino) == (info_other.st_dev, info_other.st_ino):
        return True
    if info_one.st_mode != info_other.st_mode:
        return False
    if one.is_symlink():
        return os.readlink(one) == os.readlink(other)
    return info_one.st_size == info_other.st_size and one.read_bytes() == other.read_bytes()


def differences(one: Path, other: Path):
    """Paths in which two trees differ."""
    left, right = _entries(one), _entries(other)
    return sorted(name for name in left.keys() | right.keys()
                  if name not in left or name not in right
                  or not _same(one / name, other / name, left[name], right[name]))


def apply_to_base(patches, base: Path, folder: Path):
    """What somebody gets who applies the mails to the base: the files that are changed then."""
    folder.mkdir()
    git(folder, "init", "-q")
    git(folder, "config", "user.name", "nobody")
    git(folder, "config", "user.email", "nobody@localhost")
    for path in {path for patch in hooks.series() for path in hooks.touched(patch)}:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(base / path, folder / path)
    git(folder, "add", "-A", "-f")
    git(folder, "commit", "-q", "--allow-empty", "-m", "base")
    git(folder, "am", "-q", "--keep-cr", *map(str, patches))


def equal(patches, base: Path, tested: Path, scratch: Path) -> int:
    """Base with the series applied is the tested tree; how many files the series changes."""
    applied = scratch / "applied"
    apply_to_base(patches, base, applied)
    ours, changed = _entries(applied), differences(base, tested)
    wrong = [name for name, info in ours.items() if not (tested / name).exists() or not _same(
        applied / name, tested / name, info, (tested / name).lstat())]
    # Whatever else the tested tree has is the base's.
    wrong += [name for name in changed if name not in ours]
    if wrong:
        raise ToolError(f"base and series differ from the tested tree in {len(wrong)} files: "
                        + ", ".join(sorted(wrong)[:5]))
    return len(changed)


def checkpatch(patches, base: Path):
    """The kernel's style check, strict, over every mail but the cover letter."""
    done = subprocess.run([TOP / "tools/lib/checkpatch", base, *map(str, patches)],
                          capture_output=True, text=True, check=False)
    said = re.sub(r"^total:.*\n", "", done.stdout, flags=re.M).strip()
    if done.returncode or said:
        raise ToolError("checkpatch:\n" + (said or done.stderr.strip()))
