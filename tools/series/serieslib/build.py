# SPDX-License-Identifier: GPL-2.0-only
"""Builds the kernel after every commit, and the selftests that a commit changes."""

import fcntl
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from carryover import config, kbuild, overlay
from carryover.common import BUILD_LOCK, TOP, TREES, ToolError, say

from .write import git

CONFIGS = TOP / "tools/vm/configs"
PROFILES = ("base", "release")
MENU = overlay.KCONFIG["Kconfig"]
HIDDEN = re.compile(r"^config (\w+)\n\tbool$", re.M)
SELFTESTS = re.compile(r"tools/testing/selftests/(\w+)/")
# Headers that the host may not have.
STAND_INS = TOP / "tools/tests/suites"
# Folder -> how it differs from what its Makefile says: libcap is one of the stand-ins.
BUILT_TESTS = {"iommu": ["LDLIBS="]}
# What the kernel is not made of.
NOT_BUILT = ("Documentation/", "tools/")


def _run(command):
    done = subprocess.run(command, capture_output=True, text=True, env=kbuild.environment(),
                          check=False)
    if done.returncode:
        raise ToolError("the build fails:\n" + "\n".join(done.stderr.splitlines()[-20:]))
    return done.stderr


def _make(tree: Path, out: Path, *words):
    return _run(["make", "-s", "-C", str(tree), f"O={out}", "CC=ccache gcc",
                 f"-j{os.cpu_count()}", *words])


def _wanted() -> str:
    """The release profile's options."""
    return config.text(config.read(*((CONFIGS / f"{profile}.config").read_text()
                                     for profile in PROFILES)))


def _everything_on(menu: str) -> str:
    """Our menu, with options that nobody can choose on before anybody selects them."""
    selects = "".join(f"\tselect {name}\n" for name in HIDDEN.findall(menu))
    return f"{menu}\nconfig SERIES\n\tdef_bool LIVEUPDATE\n{selects}" if selects else menu


class Builder:
    """A tree of hard links to the base that goes from commit to commit."""

    def __init__(self, repository: Path, base: Path, place: Path):
        self.repository = repository
        self.tree, self.out = place / "linux", place / "release"
        self.out.mkdir(parents=True)
        subprocess.run(["cp", "-al", f"{base}/.", str(self.tree)], check=True)
        (self.out / "wanted.config").write_text(_wanted())

    def checkout(self, commit: str):
        """Bring what a commit changes into the tree; returns the paths."""
        changed = git(self.repository, "diff-tree", "-r", "--name-only", "--no-commit-id",
                      commit).split()
        git(self.repository, "checkout", "-q", commit, "--", *changed)
        for path in changed:
            target = self.tree / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            shutil.copy(self.repository / path, target)
            if path == MENU:
                target.write_text(_everything_on(target.read_text()))
        return changed

    def kernel(self, whole: bool, menus: bool):
        """Build all that has changed: whatever was said is returned."""
        said = ""
        if menus or not (self.out / ".config").exists():
            said = _make(self.tree, self.out, f"KCONFIG_ALLCONFIG={self.out}/wanted.config",
                         "allnoconfig")
        return said + _make(self.tree, self.out, "bzImage" if whole else "vmlinux")

    def selftests(self, names):
        """Build those of these folders; their warnings are the base's."""
        _make(self.tree, self.out, "headers")
        for name in names:
            (self.out / "selftests" / name).mkdir(parents=True, exist_ok=True)
            _run(["make", "-s", "-C", str(self.tree / "tools/testing/selftests" / name),
                  f"OUTPUT={self.out}/selftests/{name}",
                  f"KHDR_INCLUDES=-isystem {self.out}/usr/include -I{STAND_INS}",
                  *BUILT_TESTS.get(name, [])])

    def build(self, commit: str, whole: bool):
        """Build what a commit changes."""
        changed = self.checkout(commit)
        if whole or not all(path.startswith(NOT_BUILT) for path in changed):
            warned = self.kernel(whole, any("Kconfig" in path for path in changed))
            if "warning: " in warned.lower():
                raise ToolError(f"it builds with warnings:\n{warned.strip()}")
        tests = {found[1] for found in map(SELFTESTS.match, changed) if found}
        if tests:
            self.selftests(sorted(tests))


def every_commit(repository: Path, base: Path):
    """After each commit the kernel builds without a warning, and in the end its image."""
    place = TREES / "series"
    shutil.rmtree(place, ignore_errors=True)
    BUILD_LOCK.parent.mkdir(exist_ok=True)
    try:
        builder = Builder(repository, base, place)
        commits = git(repository, "rev-list", "--reverse", "base..series").split()
        for number, commit in enumerate(commits, 1):
            title = git(repository, "log", "-1", "--format=%s", commit).strip()
            began = time.monotonic()
            with open(BUILD_LOCK, "a", encoding="ascii") as held:
                fcntl.flock(held, fcntl.LOCK_EX)
                try:
                    builder.build(commit, number == len(commits))
                except ToolError as error:
                    raise ToolError(f"'{title}': {error}") from error
            say(f"series: builds: {title} ({time.monotonic() - began:.0f} s)")
    finally:
        shutil.rmtree(place, ignore_errors=True)
