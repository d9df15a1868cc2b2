# SPDX-License-Identifier: GPL-2.0-only
"""Makefiles on the way: each names an object, or a test program, once its source is there."""

import difflib
import re
from pathlib import Path, PurePosixPath
from typing import Dict, List, Set

from carryover import hooks

# With what is before it, the end of a line that goes on included.
WORD = re.compile(r"(?:[ \t]|\\\n)+[\w./-]+")


def _logical(lines: List[str]) -> List[str]:
    """Lines with those that continue them."""
    whole, open_line = [], False
    for line in lines:
        if open_line:
            whole[-1] += line
        else:
            whole.append(line)
        open_line = line.endswith("\\\n")
    return whole


def _source(folder: PurePosixPath, word: str) -> str:
    """What a word of a list would be made of: x of x.o, or of a program x."""
    name = word.split()[-1]
    return str(folder / (name[:-2] if name.endswith(".o") else name)) + ".c"


class Makefile:
    """One that the series changes: of what it adds, it has what there are sources for."""

    def __init__(self, path: str, base: str, final: str, overlay: Set[str]):
        self.folder = PurePosixPath(path).parent
        self.overlay = overlay
        self.before, self.after = _logical(base.splitlines(True)), _logical(final.splitlines(True))
        self.changes = difflib.SequenceMatcher(None, self.before, self.after, False).get_opcodes()

    def _line(self, line: str, have: Set[str]) -> str:
        """A line that is added, without what has no source yet; empty if that is all."""
        sources = {word: _source(self.folder, word) for word in WORD.findall(line)}
        ours = {word for word, source in sources.items() if source in self.overlay}
        missing = {word for word in ours if sources[word] not in have}
        if not missing:
            return line
        left = WORD.sub(lambda word: "" if word[0] in missing else word[0], line)
        return left if any(word.endswith(".o") or word in ours for word in WORD.findall(left)) else ""

    def _added(self, lines: List[str], have: Set[str]) -> List[str]:
        added, after = [], "\n"
        for line in reversed(lines):
            # A blank line comes with the line after it.
            kept = self._line(line, have) if line.strip() else after and line
            if kept:
                added.insert(0, kept)
            after = kept
        return added

    def text(self, have: Set[str]) -> bytes:
        """The file once these sources are there."""
        lines = []
        for kind, a, b, c, d in self.changes:
            if kind == "equal":
                lines += self.before[a:b]
                continue
            added = self._added(self.after[c:d], have)
            lines += added if added or kind == "delete" else self.before[a:b]
        return "".join(lines).encode()


def of_series(base: Path, overlay) -> Dict[str, Makefile]:
    """All that a patch changes."""
    return {path: Makefile(path, (base / path).read_text(), data.decode(), set(overlay))
            for path, data in hooks.patched_files(base).items()
            if PurePosixPath(path).name == "Makefile"}
