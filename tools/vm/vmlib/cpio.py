# SPDX-License-Identifier: GPL-2.0-only
"""Writes newc cpio archives: the initramfs and the payload.

Nothing of the host shows in them (owner, times, inode numbers), so that equal
content gives equal archives, and with them equal guest runs.
"""

import os
import stat
from pathlib import Path

DIRECTORY = stat.S_IFDIR | 0o755


class Archive:
    """Collects entries in memory; parents of a path come before it by themselves."""

    def __init__(self):
        self._chunks = []
        self._names = set()

    def _entry(self, name: str, mode: int, data: bytes = b""):
        encoded = name.encode() + b"\0"
        fields = (len(self._names) + 1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0)
        head = b"070701" + b"".join(b"%08x" % field for field in fields) + encoded
        self._chunks += [head, bytes(-len(head) % 4), data, bytes(-len(data) % 4)]
        self._names.add(name)

    def _parents(self, name: str):
        parent = os.path.dirname(name)
        if parent and parent not in self._names:
            self.directory(parent)

    def directory(self, name: str):
        """An empty directory; asking twice is fine."""
        self._parents(name)
        if name not in self._names:
            self._entry(name, DIRECTORY)

    def data(self, name: str, data: bytes, mode: int = 0o644):
        """A regular file; the first one of a name wins."""
        if name in self._names:
            return
        self._parents(name)
        self._entry(name, stat.S_IFREG | mode, data)

    def file(self, name: str, source: Path):
        """A regular file with the content and the permissions of one on the host."""
        self.data(name, source.read_bytes(), source.stat().st_mode & 0o777)

    def link(self, name: str, target: str):
        """A symbolic link."""
        if name in self._names:
            return
        self._parents(name)
        self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def tree(self, name: str, source: Path):
        """A directory of the host with all below it."""
        self.directory(name)
        for path in sorted(source.iterdir()):
            inside = f"{name}/{path.name}"
            if path.is_symlink():
                self.link(inside, os.readlink(path))
            elif path.is_dir():
                self.tree(inside, path)
            elif path.is_file():
                self.file(inside, path)

    def bytes(self) -> bytes:
        """The finished archive."""
        self._entry("TRAILER!!!", 0)
        return b"".join(self._chunks)
