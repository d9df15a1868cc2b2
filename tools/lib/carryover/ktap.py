# SPDX-License-Identifier: GPL-2.0-only
"""Reads KTAP, the kernel's test protocol: Documentation/dev-tools/ktap.rst.

A block of results begins with a version line. A block that stands deeper belongs to the
next result of the block around it. What counts is the results without a block of their
own, and of those with one the ones that failed and none of whose parts did.

The text comes from programs and kernels that may have died half-way, with anything
between the lines. What is no KTAP is passed over; what contradicts itself (results
that are missing, too many, out of order, without a plan) is a trouble, and each trouble
is a failure. Only a block within another needs no plan, as KUnit knows none for
parameters: the result that follows it says that it came to its end.
"""

import re
from dataclasses import dataclass, field
from typing import List, Optional

VERSION = re.compile(r"^( *)K?TAP version \d+$")
PLAN = re.compile(r"^( *)1\.\.(\d{1,9})(?: # SKIP ?(.*))?$")
RESULT = re.compile(r"^( *)(ok|not ok) (\d{1,9})(?: (.*))?$")
DIRECTIVE = re.compile(r"(?:^|\s)# *SKIP\b:? ?(.*)$")
BAIL = re.compile(r"^ *Bail out!")

PASS, FAIL, SKIP = "pass", "fail", "skip"


@dataclass
class Outcome:
    """One result that has no parts."""

    number: int
    name: str
    status: str
    reason: str = ""


@dataclass
class Block:
    """Results of one version line; those of blocks in it come as they are counted."""

    indent: int
    plan: Optional[int] = None
    # Why all of it is skipped.
    skipped: Optional[str] = None
    last: int = 0
    outcomes: List[Outcome] = field(default_factory=list)
    troubles: List[str] = field(default_factory=list)

    def count(self, status: str) -> int:
        """How many results are so."""
        return sum(outcome.status == status for outcome in self.outcomes)

    @property
    def passed(self) -> int:
        """Results that passed."""
        return self.count(PASS)

    @property
    def skips(self) -> List[Outcome]:
        """Results that were skipped; all that was skipped as a whole is one."""
        whole = [] if self.skipped is None else [Outcome(0, "", SKIP, self.skipped)]
        return whole + [outcome for outcome in self.outcomes if outcome.status == SKIP]

    @property
    def failed(self) -> int:
        """Results that failed, and what is wrong with the block itself."""
        return self.count(FAIL) + len(self.troubles)

    def planned(self, count: str, reason: Optional[str]):
        """Its plan. A program that forks may print its first lines twice."""
        number = int(count)
        if self.plan not in (None, number):
            self.troubles.append(f"a plan of {number} after one of {self.plan}")
            return
        self.plan = number
        if number == 0:
            self.skipped = reason if reason is not None else self.skipped

    def end(self, outermost: bool):
        """Is it complete?"""
        if self.plan is None:
            if outermost or not self.last:
                self.troubles.append(f"{self.last} results without a plan")
        elif self.last != self.plan:
            self.troubles.append(f"{self.last} results of {self.plan} tests")
        elif self.plan == 0 and self.skipped is None:
            self.troubles.append("a plan of no tests")

    def result(self, status: str, number: int, text: str, parts: Optional["Block"]):
        """One more, with the block it has, if any."""
        if number != self.last + 1:
            self.troubles.append(f"result {number} after {self.last}")
        self.last = number
        skip = DIRECTIVE.search(text)
        name = (text[:skip.start()] if skip else text).removeprefix("- ").strip()
        outcome = Outcome(number, name, FAIL if status != "ok" else SKIP if skip else PASS,
                          skip[1].strip() if skip else "")
        if parts:
            self.take(parts, outcome)
        else:
            self.outcomes.append(outcome)

    def take(self, parts: "Block", outcome: Outcome):
        """A result's own block."""
        whole = [] if parts.skipped is None else [Outcome(0, "", SKIP, parts.skipped)]
        for part in whole + parts.outcomes:
            part.name = f"{outcome.name}/{part.name}".strip("/")
            self.outcomes.append(part)
        self.troubles += [f"{outcome.name}: {trouble}" for trouble in parts.troubles]
        if outcome.status == FAIL and not parts.failed:
            self.outcomes.append(outcome)


class Reader:
    """Line by line; the blocks that are open, from the outermost to the innermost."""

    def __init__(self):
        self.open: List[Block] = []
        # A block that is complete and waits for the result it belongs to.
        self.parts: Optional[Block] = None

    @property
    def last(self) -> Block:
        """The innermost one."""
        return self.open[-1]

    def abandon(self, why: str):
        """The waiting block belongs to nothing."""
        if self.parts:
            self.last.take(self.parts, Outcome(0, "", PASS))
            self.last.troubles.append(why)
            self.parts = None

    def close(self):
        """The innermost block ends."""
        self.abandon("a block without a result")
        block = self.open.pop()
        block.end(not self.open)
        self.parts = block

    def close_to(self, indent: int) -> bool:
        """End what stands deeper; is there a block at this place?"""
        if not any(block.indent == indent for block in self.open):
            return False
        while self.last.indent > indent:
            self.close()
        return True

    def version(self, indent: int):
        """A block begins, or says again that it does."""
        if self.open and indent < self.open[0].indent:
            return
        if self.close_to(indent):
            if self.last.last:
                self.last.troubles.append("a second block where only one can be")
            return
        while self.open and self.last.indent > indent:
            self.close()
        if self.open:
            self.abandon("a block without a result")
        self.open.append(Block(indent))

    def line(self, text: str):
        """One line of any kind."""
        if match := VERSION.match(text):
            self.version(len(match[1]))
        elif not self.open:
            # As ksft_exit_skip() says it, without a version.
            match = PLAN.match(text)
            if match and match[3] is not None and int(match[2]) == 0:
                self.version(len(match[1]))
                self.last.planned(match[2], match[3])
        elif match := PLAN.match(text):
            if self.close_to(len(match[1])):
                self.last.planned(match[2], match[3])
        elif match := RESULT.match(text):
            if self.close_to(len(match[1])):
                parts, self.parts = self.parts, None
                self.last.result(match[2], int(match[3]), match[4] or "", parts)
        elif BAIL.match(text):
            self.last.troubles.append(text.strip())

    def finish(self) -> Optional[Block]:
        """The outermost block, or nothing if there was none."""
        while self.open:
            self.close()
        return self.parts


def read(text: str) -> Optional[Block]:
    """What a text says in KTAP; nothing if there is no KTAP in it."""
    reader = Reader()
    # Not splitlines(), to which a form feed ends a line as well.
    for line in text.split("\n"):
        reader.line(line.rstrip("\r"))
    return reader.finish()
