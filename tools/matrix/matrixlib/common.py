# SPDX-License-Identifier: GPL-2.0-only
"""Folders, and the errors that end a run."""

import os
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]
CACHE = Path(os.environ.get("CARRYOVER_CACHE")
             or Path(os.path.expanduser("~")) / ".cache" / "carryover")
WORK = CACHE / "matrix"
LOCK = CACHE / "kernel" / ".lock"
SOURCE = CACHE / "src" / "carryover"


class MatrixError(Exception):
    """Ends the run with one line."""


def say(text):
    """A line of progress; standard output is for results."""
    print(f"[carryover] matrix: {text}", file=sys.stderr, flush=True)


def prepare():
    """The tree with ours in it, up to date."""
    done = subprocess.run([TOP / "tools/base/prepare", "carryover"], check=False,
                          stdout=subprocess.DEVNULL)
    if done.returncode:
        raise MatrixError("there is no source tree")


def environment():
    """For make: our own make's options are not the kernel's; ccache is shared."""
    kept = {key: value for key, value in os.environ.items()
            if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "ARCH", "CC")}
    return {"CCACHE_DIR": str(CACHE / "ccache"), "CCACHE_BASEDIR": str(CACHE),
            "CCACHE_NOHASHDIR": "1", "CCACHE_MAXSIZE": "5G",
            "KBUILD_BUILD_TIMESTAMP": "2026-01-01 00:00:00 UTC", **kept, "LC_ALL": "C"}
