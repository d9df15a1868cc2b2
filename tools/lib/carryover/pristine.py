# SPDX-License-Identifier: GPL-2.0-only
"""The base tree: unpacked from the fetched package, or copied from KSRC=DIR."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from .common import TOP, TREES, ToolError, base_value, say

IDENTITY = TREES / "base.digest"
BASE = TREES / "base" / "linux"


def _makefile_value(makefile: str, name: str) -> str:
    match = re.search(rf"^{name} =[ \t]*(\S*)$", makefile, re.M)
    return match.group(1) if match else ""


def kernel_version(tree: Path) -> str:
    """What the tree calls itself, like 7.3.4."""
    try:
        makefile = (tree / "Makefile").read_text(errors="replace")
    except OSError as error:
        raise ToolError(f"{tree} is no kernel source tree: {error.strerror}") from error
    parts = [_makefile_value(makefile, n) for n in ("VERSION", "PATCHLEVEL", "SUBLEVEL")]
    return ".".join(part for part in parts if part)


def check_series(tree: Path) -> str:
    """The version, if it is one the hooks are written for."""
    version, series = kernel_version(tree), base_value("series")
    if version != series and not version.startswith(series + "."):
        raise ToolError(f"{tree} is Linux {version or '?'}; Carryover needs {series}.y")
    return version


def _listing_digest(tree: Path) -> str:
    """Changes whenever a file of the tree changes, without reading any."""
    digest = hashlib.sha256()
    for folder, folders, files in os.walk(tree):
        if ".git" in folders:
            folders.remove(".git")
        folders.sort()
        for name in sorted(files):
            path = os.path.join(folder, name)
            info = os.lstat(path)
            digest.update(f"{path}\0{info.st_size}\0{info.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _unpack(tarball: str, target: Path):
    command = ["tar", "-xf", tarball, "--strip-components=1", "-C", str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise ToolError(f"unpacking {tarball} failed: {reason}")


def _copy(source: Path, target: Path):
    for left in (".config", "include/config"):
        if (source / left).exists():
            raise ToolError(f"{source} was built in ({left}); run 'make mrproper' there first")
    command = ["cp", "-a", "--reflink=auto", f"{source}/.", str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ToolError(f"copying {source} failed: {done.stderr.strip().splitlines()[0]}")
    shutil.rmtree(target / ".git", ignore_errors=True)


def _drop_objects():
    """What was built from another base may look newer than this one's sources."""
    for tree in ("base", "carryover"):
        for folder in TREES.glob(f"{tree}/*"):
            if folder.name != "linux":
                shutil.rmtree(folder)


def _install(make, identity: str):
    """@make fills a folder, which becomes the base when it is complete."""
    TREES.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix="base.new.", dir=TREES))
    try:
        fresh.chmod(0o755)
        make(fresh)
        check_series(fresh)
        IDENTITY.unlink(missing_ok=True)
        BASE.parent.mkdir(exist_ok=True)
        if BASE.exists():
            shutil.rmtree(BASE)
        _drop_objects()
        fresh.rename(BASE)
        IDENTITY.write_text(identity)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _bring(identity: str, doing: str, fill) -> str:
    """Install what fill() makes, unless it is there already."""
    if not (BASE.is_dir() and IDENTITY.exists() and IDENTITY.read_text() == identity):
        say(doing)
        _install(fill, identity)
    return identity


def _from_user(source: Path) -> str:
    check_series(source)
    return _bring(f"user {source} {_listing_digest(source)}", f"copying the kernel source {source}",
                  lambda target: _copy(source, target))


def _from_package() -> str:
    fetched = subprocess.run([str(TOP / "tools/base/fetch")], stdout=subprocess.PIPE,
                             text=True, check=False)
    if fetched.returncode:
        raise ToolError("the kernel source could not be fetched")
    tarball = fetched.stdout.strip()
    version = (Path(tarball).parent / "version").read_text().strip()
    return _bring(f"package {version}", f"unpacking {base_value('package')} {version}",
                  lambda target: _unpack(tarball, target))


def make_base() -> str:
    """Bring the base tree up to date; returns what identifies it."""
    user = os.environ.get("KSRC")
    return _from_user(Path(user).resolve()) if user else _from_package()
