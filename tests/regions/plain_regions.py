"""From maps to boxes and hits as one writes it from the definitions: fractions, sets of pixels, plain loops."""

from fractions import Fraction
from math import floor


def with_sign(rows, sign, rule):
    if sign == "rule":
        sign = "positive" if rule in ("mean", "energy") else "keep"
    change = {"keep": lambda v: v, "positive": lambda v: max(v, 0), "abs": abs}[sign]
    return [[change(Fraction(v)) for v in row] for row in rows]


def threshold(values, rule, alpha):
    """What a value must reach."""
    ordered = sorted(values, reverse=True)
    if rule == "mean":
        return alpha * sum(values) / len(values)
    if rule == "value":
        return min(values) + alpha * (max(values) - min(values))
    if rule == "fixed":
        return alpha
    if rule == "area":
        return ordered[max(1, floor(alpha * len(values) + Fraction(1, 2))) - 1]
    if rule == "quantile":
        mean = sum(values) / len(values)
        rank = 1 + floor((len(values) - 1) * (1 - mean) + Fraction(1, 2))
        return min(max(sorted(values)[rank - 1], Fraction(1e-6)), Fraction(1 - 1e-6))
    held = 0
    for value in ordered:
        held += value
        if held >= alpha * sum(values):
            return value
    raise AssertionError


def kept(rows, rule, alpha, strict=False, sign="rule"):
    """Pixels (row, column) that are kept."""
    rows = with_sign(rows, sign, rule)
    values = [v for row in rows for v in row]
    if not any(values):
        return set()
    bar = threshold(values, rule, alpha)
    return {
        (y, x)
        for y, row in enumerate(rows)
        for x, v in enumerate(row)
        if v > bar or (v == bar and not strict)
    }


def box(pixels):
    rows, columns = [y for y, _ in pixels], [x for _, x in pixels]
    return min(rows), min(columns), max(rows) + 1, max(columns) + 1


def components(pixels, connectivity):
    """Sets of connected pixels, in the order in which they are met."""
    left, found = set(pixels), []
    steps = [(0, 1), (1, 0), (0, -1), (-1, 0)]
    if connectivity == 8:
        steps += [(1, 1), (1, -1), (-1, 1), (-1, -1)]
    for start in sorted(pixels):
        if start not in left:
            continue
        left.remove(start)
        own, ahead = set(), [start]
        while ahead:
            y, x = ahead.pop()
            own.add((y, x))
            for dy, dx in steps:
                if (y + dy, x + dx) in left:
                    left.remove((y + dy, x + dx))
                    ahead.append((y + dy, x + dx))
        found.append(own)
    return found


def boxes_of(pixels, component, connectivity, whole=None):
    """Boxes of a set of pixels; `whole` is the box of an empty one, if any."""
    if not pixels:
        return [whole] if whole else []
    if component == "none":
        return [box(pixels)]
    found = components(pixels, connectivity)
    if component == "largest":
        best = found[0]
        for other in found:
            if len(other) > len(best):
                best = other
        found = [best]
    return [box(own) for own in found]


def pixels_of(box):
    top, left, bottom, right = box
    return {(y, x) for y in range(top, bottom) for x in range(left, right)}


def iou(one, other):
    """By counting pixels."""
    first, second = pixels_of(one), pixels_of(other)
    return Fraction(len(first & second), len(first | second))


def hit(predicted, boxes, limit, strict=False):
    """Does any of the predicted boxes overlap any of the true ones?"""
    for p in predicted:
        for g in boxes:
            if iou(p, g) > limit or (iou(p, g) == limit and not strict):
                return True
    return False


def hits_by_level(rows, boxes, component, connectivity, limits):
    """For each limit, the hits at {q > k} for k = 0..254, q the map in whole levels of 0..255."""
    values = [Fraction(v) for row in rows for v in row]
    low, span = min(values), max(values) - min(values)
    levels = [[floor(255 * (Fraction(v) - low) / span) if span else 0 for v in row] for row in rows]
    known = {}
    found = []
    for k in range(255):
        pixels = frozenset((y, x) for y, row in enumerate(levels) for x, v in enumerate(row) if v > k)
        if pixels not in known:
            predicted = boxes_of(pixels, component, connectivity)
            known[pixels] = [hit(predicted, boxes, limit) for limit in limits]
        found.append(known[pixels])
    return [[row[n] for row in found] for n in range(len(limits))]


def points_hit(rows, boxes, tolerance):
    """For each of the largest values in row-major order: is a pixel of a box nearer than the tolerance?"""
    top = max(v for row in rows for v in row)
    region = set().union(*(pixels_of(box) for box in boxes))
    found = []
    for y, row in enumerate(rows):
        for x, v in enumerate(row):
            if v == top:
                away = min((y - r) ** 2 + (x - c) ** 2 for r, c in region)
                found.append(away < tolerance**2 or away == 0)
    return found


def energy_inside(rows, boxes):
    """Share of the positive part; of the area without one."""
    region = set().union(*(pixels_of(box) for box in boxes))
    own = [[max(Fraction(v), 0) for v in row] for row in rows]
    total = sum(v for row in own for v in row)
    if not total:
        return Fraction(len(region), len(rows) * len(rows[0]))
    return sum(own[y][x] for y, x in region) / total
