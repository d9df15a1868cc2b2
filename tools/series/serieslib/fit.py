# SPDX-License-Identifier: GPL-2.0-only
"""Whether mails are fit to be sent: small enough to be read, and there is somebody to read them."""

import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Dict

from carryover.common import ToolError

LIMIT = 400
# What comes along with a file of ours that is longer: its header, hooks, an option.
ALONG = 60


def added(mail: Path) -> Dict[str, int]:
    """Lines a mail adds to each file; those it removes somewhere else are only moved."""
    lines = {}
    name, gone = None, Counter()
    for line in mail.read_text(errors="replace").splitlines():
        if line.startswith("+++ b/"):
            name = line[6:]
            lines[name] = []
        elif line.startswith("diff --git "):
            name = None
        elif name and line.startswith("+"):
            lines[name].append(line[1:])
        elif name and line.startswith("-"):
            gone[line[1:]] += 1
    counts = {}
    for name, there in lines.items():
        there = Counter(there)
        counts[name] = sum((there - gone).values())
        gone -= there
    return counts


def too_long(counts: Dict[str, int]) -> bool:
    """More than a mail may add, and not just because one file is long."""
    total = sum(counts.values())
    return total > LIMIT and total - max(counts.values()) > ALONG


def sizes(mails):
    """The mails that add more than LIMIT lines, as text; none may that could be split."""
    counts = {mail: added(mail) for mail in mails}
    for mail, files in counts.items():
        if too_long(files):
            raise ToolError(f"{mail.name} adds {sum(files.values())} lines, {LIMIT} are allowed")
    return [f"{mail.name} adds {sum(files.values())} lines, of which {max(files.values())} are one file"
            for mail, files in counts.items() if sum(files.values()) > LIMIT]


def _recipients(mail: Path, base: Path) -> str:
    done = subprocess.run(
        ["perl", "scripts/get_maintainer.pl", "--no-git", "--no-git-fallback", "--no-l", "--no-r",
         "--no-rolestats", str(mail)], cwd=base, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ToolError(f"get_maintainer.pl: {done.stderr.strip()}")
    return done.stdout


def maintainers(mails, base: Path) -> int:
    """Somebody maintains what each mail changes; how many people there are. Mails about the
    same folders go to the same people: one of them is asked for."""
    alike = {frozenset(str(Path(name).parent) for name in added(mail)): mail for mail in mails}
    with ThreadPoolExecutor() as pool:
        found = dict(zip(alike.values(), pool.map(lambda mail: _recipients(mail, base),
                                                  alike.values())))
    for mail, people in found.items():
        if "@" not in people:
            raise ToolError(f"get_maintainer.pl finds nobody for {mail.name}")
    return len({person for people in found.values() for person in people.splitlines()})
