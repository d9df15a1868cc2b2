# SPDX-License-Identifier: GPL-2.0-only
"""Builds the kernel after every commit."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from carryover import config, kbuild
from carryover.common import BUILD_LOCK, TOP, TREES, ToolError, say

from .write import git

CONFIGS = TOP / "tools/vm/configs"
PROFILES = ("base", "release")


def _make(tree: Path, out: Path, *words):
    done = subprocess.run(
        ["make", "-s", "-C", str(tree), f"O={out}", "CC=ccache gcc", f"-j{os.cpu_count()}", *words],
        capture_output=True, text=True, env=kbuild.environment(), check=False)
    if done.returncode:
        raise ToolError("the build fails:\n" + "\n".join(done.stderr.splitlines()[-20:]))
    return done.stderr


def _wanted() -> str:
    """The release profile's options."""
    return config.text(config.read(*((CONFIGS / f"{profile}.config").read_text()
                                     for profile in PROFILES)))


def _checkout(repository: Path, commit: str, tree: Path):
    """Bring the changed files of a commit into a tree of hard links to the base."""
    for line in git(repository, "diff-tree", "-r", "--name-only", "--no-commit-id", commit).split():
        git(repository, "checkout", "-q", commit, "--", line)
        target = tree / line
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        shutil.copy(repository / line, target)


def every_commit(repository: Path, base: Path):
    """After each commit the kernel builds without a warning."""
    place = TREES / "series"
    tree, out = place / "linux", place / "release"
    shutil.rmtree(place, ignore_errors=True)
    out.mkdir(parents=True)
    subprocess.run(["cp", "-al", f"{base}/.", str(tree)], check=True)
    (out / "wanted.config").write_text(_wanted())
    BUILD_LOCK.parent.mkdir(exist_ok=True)
    try:
        for commit in git(repository, "rev-list", "--reverse", "base..series").split():
            title = git(repository, "log", "-1", "--format=%s", commit).strip()
            _checkout(repository, commit, tree)
            with open(BUILD_LOCK, "a", encoding="ascii") as held:
                fcntl.flock(held, fcntl.LOCK_EX)
                _make(tree, out, f"KCONFIG_ALLCONFIG={out}/wanted.config", "allnoconfig")
                warned = _make(tree, out, "bzImage")
            if "warning: " in warned:
                raise ToolError(f"'{title}' builds with warnings:\n{warned.strip()}")
            say(f"series: builds: {title}")
    finally:
        shutil.rmtree(place, ignore_errors=True)
