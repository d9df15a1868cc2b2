# SPDX-License-Identifier: GPL-2.0-only
"""Tables for people."""

from . import scale as scaled

OURS = ("preserve-memfd", "preserve-iommufd", "preserve-device", "freeze", "boot", "enumeration",
        "retrieve-memfd", "retrieve-iommufd", "retrieve-device", "pa-first", "pa-all", "finish")
AGAIN = ("again-open", "again-map", "again-pa-all")
FLOOR = ("floor-preserve-memfd", "floor-freeze", "floor-boot", "floor-retrieve-memfd",
         "floor-finish", "rest-boot")
COUNTS = ("runs", "blob-iommufd", "blob-device")
COLUMNS = 6


def ms(ticks: int) -> str:
    """A tick is a nanosecond; four digits are enough."""
    value = ticks / 1e6
    digits = 4 if value < 1 else 3 if value < 10 else 2 if value < 100 else 1
    return f"{value:.{digits}f}"


def _grid(lines) -> str:
    wide = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "".join(
        "| " + " | ".join(cell.ljust(wide[i]) if i == 0 else cell.rjust(wide[i])
                          for i, cell in enumerate(line)) + " |\n"
        for line in lines)


def _rule(columns: int):
    return ["---"] + ["---:"] * (columns - 1)


def _section(measured, names, title, rows, show):
    used = [row for row in rows if any(row in measured[name] for name in names)]
    return [[f"*{title}*"] + [""] * len(names)] + [
        [row] + [show(measured[name][row]) if row in measured[name] else "" for name in names]
        for row in used]


def _some_payloads(measured, names) -> str:
    lines = [["ms", *names], _rule(len(names) + 1)]
    lines += _section(measured, names, "ours", OURS, ms)
    lines += _section(measured, names, "without it, same kernel", AGAIN, ms)
    lines += _section(measured, names, "memfds alone, nothing", FLOOR, ms)
    lines += _section(measured, names, "counts, bytes", COUNTS, str)
    return _grid(lines)


def payloads(measured) -> str:
    """The rows of every payload, a few payloads beside each other."""
    names = [name for name in measured if name not in ("off", "demo")]
    return "\n".join(_some_payloads(measured, names[i:i + COLUMNS])
                     for i in range(0, len(names), COLUMNS))


def off(rows) -> str:
    """What calls cost with nothing preserved."""
    lines = [["nothing preserved, ns a call", "base", "ours", "ours / base"], _rule(4)]
    for name in (row[5:] for row in rows if row.startswith("base-")):
        base, ours = rows[f"base-{name}"], rows[f"ours-{name}"]
        lines.append([name, str(base), str(ours), f"{ours / base:.4f}"])
    return _grid(lines)


def demo(rows) -> str:
    """The demo, one disk and 8 MiB."""
    lines = [["the demo, ms", ""], _rule(2)]
    return _grid(lines + [[row, ms(value)] for row, value in rows.items()])


def _number(value) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def limits(verdicts) -> str:
    """The limits, and what became of them; "" without any."""
    if not verdicts:
        return ""
    lines = [["limit", "measured", "at most", "verdict"], _rule(4)]
    for verdict in verdicts:
        detail = f" ({verdict.detail})" if verdict.detail else ""
        lines.append([verdict.limit["text"], _number(verdict.value) + detail,
                      _number(verdict.limit["most"]), verdict.word])
    return _grid(lines)


def _seconds(ticks) -> str:
    return "" if ticks is None else f"{ticks / 1e9:.3g}"


def scale(measured, count_of) -> str:
    """What nobody measured; "" when there is nothing to tell it from."""
    rows = scaled.memory(measured, count_of)
    few = scaled.devices(measured, count_of)
    if not any(value is not None for _, values in rows for value in values):
        return ""
    lines = [["on paper, s"] + [f"{tib} TiB, {kind}" for kind, tib in scaled.CASES],
             _rule(len(scaled.CASES) + 1)]
    lines += [[row] + [_seconds(value) for value in values] for row, values in rows]
    text = _grid(lines)
    if any(value is not None for _, value in few):
        text += "\n" + _grid([[f"{scaled.MANY_DEVICES} devices on paper, s", ""], _rule(2)]
                             + [[row, _seconds(value)] for row, value in few])
    return text


def reasons(verdicts) -> str:
    """Why some are not reached yet."""
    return "".join(f"* {v.limit['name']}: {v.limit['why']}\n" for v in verdicts
                   if v.value is not None and "why" in v.limit)
