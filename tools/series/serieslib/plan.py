# SPDX-License-Identifier: GPL-2.0-only
"""The commits of the series: which patch, which files, which message."""

import configparser
import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Dict, List, Optional

from carryover import hooks, overlay
from carryover.common import TOP, ToolError

from . import makefiles

PLAN = TOP / "tools/series/commits"
OPTION = re.compile(r"^config (\w+)$", re.M)
MENU = overlay.KCONFIG["Kconfig"]


@dataclass
class Commit:
    """One commit."""

    name: str
    author: str
    message: str
    patch: Optional[Path] = None
    # What the patch says of these is left out: they are among the files.
    without: List[str] = field(default_factory=list)
    files: Dict[str, bytes] = field(default_factory=dict)


class Menu:
    """Our Kconfig, of which every commit has the options it brings and those before."""

    def __init__(self, text: str):
        starts = [match.start() for match in OPTION.finditer(text)]
        end = text.rindex("\nendmenu") + 1
        self.head, self.tail = text[:starts[0]], text[end:]
        ends = starts[1:] + [end]
        self.blocks = {OPTION.match(text[a:b].split("\n", 1)[0]).group(1): text[a:b]
                       for a, b in zip(starts, ends)}

    def with_options(self, names) -> bytes:
        """The file with just these options."""
        chosen = "".join(block for name, block in self.blocks.items() if name in names)
        return (self.head + chosen.rstrip("\n") + "\n\n" + self.tail).encode()


def _read_plan():
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str
    parser.read_string(PLAN.read_text())
    return parser


def _owner(plan, key: str, name: str) -> str:
    """The section with the longest pattern that matches."""
    owner, longest = None, ""
    for section in plan.sections():
        for pattern in plan[section].get(key, "").split():
            if fnmatchcase(name, pattern) and len(pattern) > len(longest):
                owner, longest = section, pattern
    if not owner:
        raise ToolError(f"tools/series/commits says of no commit that it brings {name}")
    return owner


def _split_mail(patch: Path):
    """A patch's author and its message."""
    head = re.split(r"^---$", patch.read_text(), maxsplit=1, flags=re.M)[0]
    match = re.match(r"From: (.*)\nSubject: (?:\[PATCH[^]]*\] )?(.*(?:\n .*)*)\n\n(.*)", head, re.S)
    if not match:
        raise ToolError(f"patches/{patch.name} has no From, Subject and message")
    subject = re.sub(r"\n +", " ", match.group(2))
    return match.group(1), f"{subject}\n\n{match.group(3).strip()}\n"


def _message(section, author: str) -> str:
    body = section.get("body", "").strip()
    return f"{section['subject']}\n\n{body}\n\nSigned-off-by: {author}\n"


def _patches() -> Dict[str, Path]:
    return {re.sub(r"^\d+-", "", patch.stem): patch for patch in hooks.series()}


def _empty_commits(plan) -> Dict[str, Commit]:
    """One for each section, in their order."""
    patches, made = _patches(), {}
    author = _split_mail(next(iter(patches.values())))[0]
    for name in plan.sections():
        if name in patches:
            patch = patches.pop(name)
            author, message = _split_mail(patch)
            made[name] = Commit(name, author, message, patch)
        elif "subject" in plan[name]:
            made[name] = Commit(name, author, _message(plan[name], author))
        else:
            raise ToolError(f"tools/series/commits: '{name}' is no patch and has no subject")
    if patches:
        raise ToolError(f"tools/series/commits has no place for the patch '{next(iter(patches))}'")
    return made


def commits(base: Path) -> List[Commit]:
    """All commits in order; those that would be empty are left out."""
    plan = _read_plan()
    made = _empty_commits(plan)
    files = overlay.overlay_files(base)
    for path, data in files.items():
        if path != MENU:
            made[_owner(plan, "files", path)].files[path] = data
    _add_menus(plan, made)
    _add_makefiles(made, makefiles.of_series(base, files))
    return [commit for commit in made.values() if commit.patch or commit.files]


def _add_makefiles(made, changed):
    """Each commit's Makefiles name what has a source by then."""
    have, last = set(), {path: makefile.text(set()) for path, makefile in changed.items()}
    for commit in made.values():
        if commit.patch:
            commit.without = [path for path in hooks.touched(commit.patch) if path in changed]
        have |= set(commit.files)
        for path, makefile in changed.items():
            text = makefile.text(have)
            if text != last[path]:
                commit.files[path] = last[path] = text


def _add_menus(plan, made):
    text = overlay.overlay_paths()[MENU].read_text()
    menu, have = Menu(text), set()
    owners = {option: _owner(plan, "options", option) for option in menu.blocks}
    for name, commit in made.items():
        new = {option for option, owner in owners.items() if owner == name}
        have |= new
        if new:
            commit.files[MENU] = menu.with_options(have)
    if menu.with_options(have) != text.encode():
        raise ToolError("Kconfig does not come out of its parts as it was")
