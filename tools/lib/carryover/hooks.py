# SPDX-License-Identifier: GPL-2.0-only
"""The hooks: patches/series applied to copies of just the files it touches."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Dict, List

from .common import TOP, TREES, ToolError, say

PATCHES = TOP / "patches"
TOUCHED = re.compile(r"^\+\+\+ b/(\S+)", re.M)
FAILED = re.compile(r"Hunk #\d+ FAILED|can't find file|malformed patch|NOT MERGED|"
                    r"Reversed \(or previously applied\)|No such file")
MOVED = re.compile(r"Hunk #\d+ succeeded at .*offset")
TARGET = re.compile(r"(?:checking|patching) file (\S+)")


def series() -> List[Path]:
    """The patches in the order they apply; none before there is a series."""
    listing = PATCHES / "series"
    if not listing.exists():
        return []
    names = (line.split("#")[0].strip() for line in listing.read_text().splitlines())
    patches = [PATCHES / name for name in names if name]
    for patch in patches:
        if not patch.is_file():
            raise ToolError(f"patches/series names {patch.name}, which is not there")
    return patches


def touched(patch: Path) -> List[str]:
    """The files a patch changes."""
    return TOUCHED.findall(patch.read_text(errors="replace"))


def _run_patch(patch: Path, tree: Path, *options: str) -> subprocess.CompletedProcess:
    command = ["patch", "-p1", "-F0", "-N", "--no-backup-if-mismatch", "-r", "-",
               *options, "-i", str(patch)]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)


def _failing_file(output: str) -> str:
    """The file patch was at when something first went wrong."""
    current = "?"
    for line in output.splitlines():
        match = TARGET.search(line)
        if match:
            current = match.group(1)
        if FAILED.search(line):
            break
    # Of a file that is not there patch only quotes the head of its hunk.
    missing = re.search(r"can't find file to patch.*?^\|\+\+\+ b/(\S+)", output, re.M | re.S)
    return missing.group(1) if missing else current


def _apply(patch: Path, tree: Path):
    trial = _run_patch(patch, tree, "--dry-run")
    if trial.returncode:
        raise ToolError(
            f"patches/{patch.name} does not apply to {_failing_file(trial.stdout)}")
    done = _run_patch(patch, tree)
    if done.returncode:
        raise ToolError(f"patches/{patch.name} could not be applied: {done.stderr.strip()}")
    if MOVED.search(done.stdout):
        say(f"note: patches/{patch.name} applies with offsets; it was made for another tree")


def patched_files(base: Path) -> Dict[str, bytes]:
    """Content of every file the series touches, after the whole series."""
    patches = series()
    names = sorted({name for patch in patches for name in touched(patch)})
    stage = Path(tempfile.mkdtemp(prefix="stage.", dir=TREES))
    try:
        for name in names:
            if not (base / name).exists():
                continue
            (stage / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(base / name, stage / name)
        for patch in patches:
            _apply(patch, stage)
        return {name: (stage / name).read_bytes() for name in names}
    finally:
        shutil.rmtree(stage, ignore_errors=True)
