# SPDX-License-Identifier: GPL-2.0-only
"""The tree with Carryover in it: hard links to the base, except for what is ours.

Only files whose content changed are written, so a kernel build sees exactly
those as new.
"""

import hashlib
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Dict

from . import hooks, overlay
from .common import TREES, ToolError, write_atomically
from .pristine import BASE

TREE = TREES / "carryover" / "linux"
MANIFEST = TREES / "carryover.manifest"
DIGEST = TREES / "carryover.digest"


def _clone_base():
    fresh = Path(tempfile.mkdtemp(prefix="carryover.new.", dir=TREES))
    try:
        fresh.chmod(0o755)
        done = subprocess.run(["cp", "-al", f"{BASE}/.", str(fresh)],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise ToolError(f"copying the base failed: {done.stderr.strip().splitlines()[0]}")
        TREE.parent.mkdir(exist_ok=True)
        if TREE.exists():
            shutil.rmtree(TREE)
        fresh.rename(TREE)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _read_manifest(identity: str):
    """The paths that were ours last time, or None if the tree has to be made anew."""
    try:
        manifest = json.loads(MANIFEST.read_text())
    except (OSError, ValueError):
        return None
    if not TREE.is_dir() or manifest["base"] != identity:
        return None
    return manifest["paths"]


def _write_manifest(identity: str, paths):
    text = json.dumps({"base": identity, "paths": sorted(paths)}, indent=1)
    write_atomically(MANIFEST, text.encode())


def _digest(identity: str, wanted: Dict[str, bytes]) -> str:
    """Stands for the whole tree's content."""
    digest = hashlib.sha256(identity.encode())
    for name in sorted(wanted):
        digest.update(name.encode() + b"\0" + hashlib.sha256(wanted[name]).digest())
    return digest.hexdigest()


def _is_same(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


def _mode(name: str) -> int:
    """As in the repository; a patched file's as in the base."""
    source = overlay.overlay_paths().get(name, BASE / name)
    return source.stat().st_mode & 0o777 if source.exists() else 0o644


def _drop(name: str):
    """A path that is no longer ours: what the base has there, or nothing."""
    path = TREE / name
    if (BASE / name).exists():
        # As a new file: a hard link would bring the old time stamp back, and
        # make would not see that the content changed.
        if not _is_same(path, (BASE / name).read_bytes()):
            write_atomically(path, (BASE / name).read_bytes(), _mode(name))
        return
    path.unlink(missing_ok=True)
    while not any(path.parent.iterdir()):
        path = path.parent
        path.rmdir()


def make_tree(identity: str) -> Dict[str, int]:
    """Bring the tree up to date; returns numbers to tell."""
    wanted = {**hooks.patched_files(BASE), **overlay.overlay_files(BASE)}
    before = _read_manifest(identity)
    if before is None:
        MANIFEST.unlink(missing_ok=True)
        _clone_base()
        before = []
    # In the manifest before the first write: an interrupted run is mended by the next.
    _write_manifest(identity, {*before, *wanted})
    changed = [name for name, data in wanted.items() if not _is_same(TREE / name, data)]
    for name in changed:
        write_atomically(TREE / name, wanted[name], _mode(name))
    dropped = sorted(set(before) - set(wanted))
    for name in dropped:
        _drop(name)
    if dropped:
        _write_manifest(identity, wanted)
    write_atomically(DIGEST, _digest(identity, wanted).encode())
    return {"files": len(wanted), "changed": len(changed), "dropped": len(dropped)}
