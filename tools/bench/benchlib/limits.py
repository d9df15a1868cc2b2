# SPDX-License-Identifier: GPL-2.0-only
"""Holds what was measured against limits.toml."""

import fnmatch
import tomllib
from dataclasses import dataclass
from pathlib import Path

from . import fit

# Of a limit that is not reached yet: worse than it was, and no change of layout.
WORSE = 1.25
KNOWN = {"name", "text", "kind", "of", "to", "per", "rows", "payloads", "most", "now", "why",
         "unmodified"}


class LimitsError(Exception):
    """A file of limits that makes no sense."""


@dataclass
class Verdict:
    """One limit, judged; @value is None when its rows were not measured. @payloads: what
    it is about."""

    limit: dict
    value: float | None
    word: str
    bad: bool
    detail: str = ""
    payloads: frozenset = frozenset()


def _is_among(name, limit):
    return any(fnmatch.fnmatch(name, pattern) for pattern in limit.get("payloads", ()))


def _payloads(measured, limit):
    rows = [limit[key] for key in ("of", "to") if ":" in limit.get(key, "")]
    rows += [row for pair in limit.get("rows", ()) for row in pair]
    return frozenset(row.split(":")[0] for row in rows) | {
        name for name in measured if _is_among(name, limit)}


def _points(measured, limit, count_of):
    return [(count_of(name), measured[name][limit["of"]]) for name in measured
            if _is_among(name, limit) and limit["of"] in measured[name]]


def _row(measured, name):
    payload, row = name.split(":")
    return measured[payload][row]


def _ratio(measured, of, to):
    return _row(measured, of) / _row(measured, to)


def _worst(measured, limit):
    ratios = {of.split(":")[1]: _ratio(measured, of, to) for of, to in limit["rows"]}
    row = max(ratios, key=ratios.get)
    return ratios[row], row


def _over_payloads(measured, limit, count_of):
    points = _points(measured, limit, count_of)
    values = [value for _, value in points]
    if limit["kind"] == "largest":
        return max(values) if values else None
    # Whatever else is asked of several needs more than one.
    if len({count for count, _ in points}) < 2:
        return None
    if limit["kind"] == "flat":
        return max(values) / min(values)
    if limit["kind"] == "growth":
        return fit.exponent(points)
    return fit.line(points)[1]


def _value(measured, limit, count_of):
    """(value, detail); KeyError when a row was not measured."""
    kind = limit["kind"]
    if kind == "value":
        return _row(measured, limit["of"]) / limit.get("per", 1), ""
    if kind == "ratio":
        return _ratio(measured, limit["of"], limit["to"]), ""
    if kind == "worst":
        return _worst(measured, limit)
    if kind in ("largest", "flat", "growth", "each"):
        return _over_payloads(measured, limit, count_of), ""
    raise LimitsError(f"limit '{limit['name']}': no such kind '{kind}'")


def load(path: Path):
    """The limits of a file, each of which has what it needs."""
    limits = tomllib.loads(path.read_text(encoding="utf-8"))["limit"]
    for limit in limits:
        name = limit.get("name", "?")
        unknown = set(limit) - KNOWN
        if unknown:
            raise LimitsError(f"limit '{name}': what is '{unknown.pop()}'?")
        if ("now" in limit) != ("why" in limit):
            raise LimitsError(f"limit '{name}': 'now' and 'why' go together")
    return limits


def _judge(limit, value, detail) -> Verdict:
    reached = value <= limit["most"]
    if "now" not in limit:
        return Verdict(limit, value, "reached" if reached else "BROKEN", not reached, detail)
    if reached:
        return Verdict(limit, value, "reached now: take the mark away", False, detail)
    if value > limit["now"] * WORSE:
        return Verdict(limit, value, f"WORSE than {limit['now']:g}, and not reached", True, detail)
    return Verdict(limit, value, "not reached yet", False, detail)


def judge(limits, measured, count_of):
    """A verdict for each limit. @count_of(payload): what it has many of."""
    verdicts = []
    for limit in limits:
        try:
            value, detail = _value(measured, limit, count_of)
        except KeyError:
            value, detail = None, ""
        verdict = (Verdict(limit, None, "not measured", False) if value is None
                   else _judge(limit, value, detail))
        verdict.payloads = _payloads(measured, limit)
        verdicts.append(verdict)
    return verdicts
