# SPDX-License-Identifier: GPL-2.0-only
"""The initramfs every kernel of a guest starts with: init alone, built when its source changed."""

import hashlib
import os
import subprocess
from pathlib import Path

from carryover.common import CACHE

from . import paths
from .cpio import Archive

CFLAGS = ["-static", "-O2", "-s", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE"]


def _sources():
    return sorted((paths.VM_DIR / "init").glob("*.[ch]"))


def _digest(sources) -> str:
    digest = hashlib.sha256(" ".join(CFLAGS).encode())
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _compile(sources, target: Path):
    target.parent.mkdir(parents=True, exist_ok=True)
    # Two runners may build at the same time: each its own file, the last rename wins.
    temporary = target.with_suffix(f".{os.getpid()}")
    units = [str(s) for s in sources if s.suffix == ".c"]
    done = subprocess.run(["gcc", *CFLAGS, "-o", str(temporary), *units],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise paths.UserError(f"the guest's init does not compile:\n{done.stderr}")
    temporary.rename(target)


def build() -> bytes:
    """The archive, as it goes to QEMU and to kexec."""
    sources = _sources()
    init = CACHE / "init" / _digest(sources)
    if not init.exists():
        _compile(sources, init)
    archive = Archive()
    for name in ("dev", "proc", "sys", "tmp", "run"):
        archive.directory(name)
    archive.file("init", init)
    return archive.bytes()
