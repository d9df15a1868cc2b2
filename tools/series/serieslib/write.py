# SPDX-License-Identifier: GPL-2.0-only
"""Commits them, in a repository of just the files they touch, and writes the mails."""

import os
import shutil
import subprocess
from pathlib import Path

from carryover import hooks, overlay
from carryover.common import TOP, ToolError

COVER = TOP / "tools/series/cover"
# The same series comes out as the same bytes.
DATE = "2026-01-01T00:00:00+00:00"


def git(repository: Path, *arguments, data: str = None) -> str:
    """Run git without anybody's configuration."""
    env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null",
           "GIT_AUTHOR_DATE": DATE, "GIT_COMMITTER_DATE": DATE}
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        env.pop(name, None)
    done = subprocess.run(["git", "-C", str(repository), *arguments], input=data, text=True,
                          capture_output=True, env=env, check=False)
    if done.returncode:
        raise ToolError(f"git {arguments[0]}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def start(repository: Path, base: Path, author: str):
    """A repository with what the patches touch, as it is in the base."""
    repository.mkdir(parents=True)
    git(repository, "init", "-q", "-b", "series")
    name, _, mail = author.rstrip(">").partition(" <")
    git(repository, "config", "user.name", name)
    git(repository, "config", "user.email", mail)
    for path in sorted({path for patch in hooks.series() for path in hooks.touched(patch)}):
        target = repository / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(base / path, target)
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "--allow-empty", "-m", "base")
    git(repository, "tag", "base")


def commit(repository: Path, wanted):
    """One commit: the patch, and the files that come with it."""
    if wanted.patch and set(hooks.touched(wanted.patch)) - set(wanted.without):
        git(repository, "apply", *(f"--exclude={path}" for path in wanted.without), str(wanted.patch))
    modes = overlay.overlay_paths()
    for path, data in wanted.files.items():
        target = repository / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        if path in modes:
            target.chmod(modes[path].stat().st_mode & 0o777)
    git(repository, "add", "-A", "-f")
    git(repository, "commit", "-q", f"--author={wanted.author}", "-F", "-", data=wanted.message)


def mails(repository: Path, out: Path, version: str):
    """The series as mails, with the cover letter; their paths in order."""
    subject, _, blurb = COVER.read_text().partition("\n")
    shutil.rmtree(out, ignore_errors=True)
    git(repository, "format-patch", "-q", "--cover-letter", "--no-signature", "--zero-commit",
        "-o", str(out), "base..series")
    cover = out / "0000-cover-letter.patch"
    text = cover.read_text().replace("*** SUBJECT HERE ***", subject)
    text = text.replace("*** BLURB HERE ***", f"{blurb.strip()}\n\nApplies to Linux {version}.")
    cover.write_text(text)
    return sorted(out.glob("*.patch"))
