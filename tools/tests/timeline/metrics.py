# SPDX-License-Identifier: GPL-2.0-only
"""metrics.py FILE [EXPECTED...]: is it Prometheus' text format, and does it say that?

Stricter than the format: every metric has its HELP and TYPE once, right before its
values, all are gauges in base units, and nothing is said twice. EXPECTED is SERIES=VALUE,
SERIES>VALUE, SERIES<VALUE or SERIES! for one that is not there; values are numbers.
"""

import re
import sys
from pathlib import Path

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\n"])*"'
SAMPLE = re.compile(rf"({NAME})((?:\{{{LABEL}(?:,{LABEL})*\}})?) (\S+)")
HELP = re.compile(rf"# HELP ({NAME}) (\S.*\.)")
TYPE = re.compile(rf"# TYPE ({NAME}) gauge")
UNITS = re.compile(r"_(ms|millis|milliseconds|us|ns|nanoseconds|minutes|total|kib|mib)$")


def parse(text):
    """Series -> value; a ValueError names the line."""
    found, seen, helped, current = {}, set(), None, None
    if not text.endswith("\n"):
        raise ValueError("no newline at the end")
    for number, line in enumerate(text[:-1].split("\n"), 1):
        sample = SAMPLE.fullmatch(line)
        if HELP.fullmatch(line):
            helped = HELP.fullmatch(line)[1]
            if helped in seen:
                raise ValueError(f"line {number}: {helped} for the second time")
            seen.add(helped)
            current = None
        elif TYPE.fullmatch(line) and TYPE.fullmatch(line)[1] == helped:
            current = helped
        elif sample and sample[1] == current and sample[1] + sample[2] not in found:
            found[sample[1] + sample[2]] = float(sample[3])
        else:
            raise ValueError(f"line {number}: {line}")
    return found


def names(found):
    """Names by the conventions."""
    for series in found:
        name = series.partition("{")[0]
        if not re.fullmatch(r"carryover_[a-z_]+[a-z]", name) or UNITS.search(name):
            raise ValueError(f"{name}: no such name")


def check(found, expected):
    """What is not as expected, or None."""
    series, how, value = re.fullmatch(r"(.*)([=<>!])([-+.e0-9]*)", expected).groups()
    said = found.get(series)
    good = said is None if how == "!" else said is not None and {
        "=": lambda: abs(said - float(value)) < 1e-9,
        "<": lambda: said < float(value),
        ">": lambda: said > float(value)}[how]()
    return None if good else f"{expected}: it is {said}"


def main():
    """Entry point; the exit code."""
    try:
        found = parse(Path(sys.argv[1]).read_bytes().decode("utf-8"))
        names(found)
    except (OSError, ValueError) as error:
        print(f"{sys.argv[1]}: {error}")
        return 1
    wrong = [why for why in (check(found, word) for word in sys.argv[2:]) if why]
    print("".join(f"{sys.argv[1]}: {why}\n" for why in wrong), end="")
    return bool(wrong)


sys.exit(main())
