# SPDX-License-Identifier: GPL-2.0-only
"""Folders, and what the kernel's make is given."""

import subprocess

from carryover import common, kbuild
from carryover.common import CACHE, LINKS, TOP, ToolError

WORK = CACHE / "matrix"
SOURCE = LINKS / "carryover"


def say(text):
    """A line of progress."""
    common.say(f"matrix: {text}")


def prepare():
    """The tree with ours in it, up to date."""
    done = subprocess.run([TOP / "tools/base/prepare", "carryover"], check=False,
                          stdout=subprocess.DEVNULL)
    if done.returncode:
        raise ToolError("there is no source tree")


def environment():
    """For make, whose words are read."""
    return {**kbuild.environment(), "LC_ALL": "C"}
