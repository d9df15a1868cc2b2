# SPDX-License-Identifier: GPL-2.0-only
"""The plot: cost against size, and against mappings, on logarithmic axes."""

import math
from dataclasses import dataclass
from xml.sax.saxutils import escape

from . import fit

PANEL_WIDTH, PANEL_HEIGHT = 500, 410
LEFT, TOP, PLOT_WIDTH, PLOT_HEIGHT = 60, 40, 390, 250
LEGEND_TOP, LEGEND_STEP, LEGEND_WIDTH = 335, 15, 220
ROWS = {
    "preserve-iommufd": "#8c564b", "freeze": "#d62728", "boot": "#7f7f7f",
    "retrieve-memfd": "#1f77b4", "retrieve-iommufd": "#2ca02c", "again-map": "#ff7f0e",
    "pa-all": "#9467bd",
}


@dataclass
class Panel:
    """One set of axes."""

    title: str
    unit: str
    payloads: list


class _Axis:
    """Powers of ten around what there is."""

    def __init__(self, values, start, length):
        self.low = math.floor(math.log10(min(values)))
        self.high = max(math.ceil(math.log10(max(values))), self.low + 1)
        self.start, self.length = start, length

    def at(self, value: float) -> float:
        part = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + part * self.length

    def ticks(self):
        return [10.0 ** power for power in range(self.low, self.high + 1)]


def _text(x, y, text, anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _line(x0, y0, x1, y1, colour="#dddddd"):
    return (f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" '
            f'stroke="{colour}"/>')


def _axes(panel, x_axis, y_axis):
    bottom, right = TOP + PLOT_HEIGHT, LEFT + PLOT_WIDTH
    parts = [_text(LEFT, TOP - 15, panel.title)]
    for tick in x_axis.ticks():
        x = x_axis.at(tick)
        parts += [_line(x, TOP, x, bottom), _text(x, bottom + 15, f"{tick:g}", "middle")]
    for tick in y_axis.ticks():
        y = y_axis.at(tick)
        parts += [_line(LEFT, y, right, y), _text(LEFT - 5, y + 4, f"{tick:g}", "end")]
    return parts + [_text(right, bottom + 30, panel.unit, "end"), _text(5, TOP - 15, "ms")]


def _series(row, points, x_axis, y_axis, number):
    colour = ROWS[row]
    places = [(x_axis.at(x), y_axis.at(y)) for x, y in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    parts = [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>']
    parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
    x, y = LEFT + number % 2 * LEGEND_WIDTH, LEGEND_TOP + number // 2 * LEGEND_STEP
    grows = fit.exponent(points)
    label = row if grows is None else f"{row}: exponent {round(grows, 2) + 0.0:.2f}"
    return parts + [f'<rect x="{x}" y="{y - 9}" width="12" height="9" fill="{colour}"/>',
                    _text(x + 18, y, label)]


def _panel(panel, measured, count_of):
    series = {}
    for row in ROWS:
        points = sorted((count_of(name), measured[name][row] / 1e6) for name in panel.payloads
                        if measured[name].get(row))
        if len(points) > 1:
            series[row] = points
    if not series:
        return []
    every = [point for points in series.values() for point in points]
    x_axis = _Axis([x for x, _ in every], LEFT, PLOT_WIDTH)
    y_axis = _Axis([y for _, y in every], TOP + PLOT_HEIGHT, -PLOT_HEIGHT)
    parts = _axes(panel, x_axis, y_axis)
    for number, (row, points) in enumerate(series.items()):
        parts += _series(row, points, x_axis, y_axis, number)
    return parts


def draw(panels, measured, count_of) -> str:
    """An SVG with the panels that have something to show beside each other."""
    drawn = [parts for parts in (_panel(p, measured, count_of) for p in panels) if parts]
    columns = min(2, max(1, len(drawn)))
    width = columns * PANEL_WIDTH
    height = -(-len(drawn) // columns) * PANEL_HEIGHT
    body = "\n".join(
        f'<g transform="translate({i % columns * PANEL_WIDTH} {i // columns * PANEL_HEIGHT})">\n'
        + "\n".join(parts) + "\n</g>" for i, parts in enumerate(drawn))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'font-family="sans-serif" font-size="11">\n'
            f'<rect width="{width}" height="{height}" fill="white"/>\n{body}\n</svg>\n')
