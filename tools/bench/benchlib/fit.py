# SPDX-License-Identifier: GPL-2.0-only
"""How something grows: the slope of a line through points on logarithmic axes."""

import math
from typing import List, Optional, Tuple

Points = List[Tuple[float, float]]


def exponent(points: Points) -> Optional[float]:
    """1 is linear, 2 quadratic, 0 flat; None without two different sizes."""
    logs = [(math.log(x), math.log(y)) for x, y in points if x > 0 and y > 0]
    if len({x for x, _ in logs}) < 2:
        return None
    mean_x = sum(x for x, _ in logs) / len(logs)
    mean_y = sum(y for _, y in logs) / len(logs)
    return (sum((x - mean_x) * (y - mean_y) for x, y in logs)
            / sum((x - mean_x) ** 2 for x, _ in logs))


def line(points: Points) -> Tuple[float, float]:
    """(fixed, each): what there is at size 0, and what each unit adds, through the ends."""
    (x0, y0), (x1, y1) = min(points), max(points)
    each = (y1 - y0) / (x1 - x0)
    return y0 - each * x0, each
