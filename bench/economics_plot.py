"""What a turn costs and what it holds as a conversation grows: a picture, as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, PANEL_HEIGHT = 760, 210
LEFT, RIGHT, TOP, GAP, FOOT = 64, 150, 34, 66, 34
# The last line is ours.
LINE, OUR_LINE = 2, 3
# Grey that can be read on white and on black.
INK, FAINT = "#7d8590", "#7d859040"
COLOURS = ("#8d8d8d", "#c0703c", "#9b72c9", "#2f8f6b")
# At most so many steps of an axis.
STEPS = 4
# Labels at the ends of lines are so far apart.
LABEL_HEIGHT = 15


@dataclass(frozen=True, slots=True)
class Line:
    """One way to trim: a value for each step of the conversation."""

    name: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Panel:
    """A diagram of the lines from `first` on; each keeps its colour in all panels."""

    title: str
    lines: Sequence[Line]
    first: int = 0


def draw(panels: Sequence[Panel], *, turns: int, title: str) -> str:
    """Return the panels, one below the other, over the same turns."""
    height = TOP + len(panels) * (PANEL_HEIGHT + GAP) - GAP + FOOT
    body = [
        _draw_panel(panel, TOP + number * (PANEL_HEIGHT + GAP), turns)
        for number, panel in enumerate(panels)
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
            f' role="img" font-family="system-ui, sans-serif" font-size="13"'
            f' fill="{INK}">',
            f"<title>{escape(title)}</title>",
            *body,
            "</svg>\n",
        ]
    )


def _draw_panel(panel: Panel, top: float, turns: int) -> str:
    lines, colours = panel.lines[panel.first :], COLOURS[panel.first :]
    ticks = _ticks(max(max(line.values) for line in lines))
    most, bottom = ticks[-1], top + PANEL_HEIGHT
    parts = [f'<text x="{LEFT}" y="{top - 14}" font-weight="600">{panel.title}</text>']
    for tick in ticks:
        y = _y(tick, most, bottom)
        parts += [_rule(y), _text(LEFT - 10, y + 4, _number(tick), "end")]
    for turn in range(turns // 3, turns + 1, turns // 3):
        x = LEFT + (WIDTH - LEFT - RIGHT) * turn / turns
        parts.append(_text(x, bottom + 20, f"turn {turn}", "middle"))
    ends = _spread([_y(line.values[-1], most, bottom) for line in lines])
    for line, colour, y in zip(lines, colours, ends, strict=True):
        width = OUR_LINE if line is panel.lines[-1] else LINE
        parts.append(
            _curve(line, most, bottom, f'stroke="{colour}" stroke-width="{width}"')
        )
        parts.append(_text(WIDTH - RIGHT + 10, y + 4, line.name, "start", colour))
    return "\n".join(parts)


def _curve(line: Line, most: float, bottom: float, stroke: str) -> str:
    width, last = WIDTH - LEFT - RIGHT, len(line.values)
    points = " ".join(
        f"{LEFT + width * (number + 0.5) / last:.1f},{_y(value, most, bottom):.1f}"
        for number, value in enumerate(line.values)
    )
    return f'<polyline points="{points}" fill="none" {stroke} stroke-linejoin="round"/>'


def _spread(places: Sequence[float]) -> list[float]:
    """Move labels apart that would lie on each other, from the top down."""
    moved = dict.fromkeys(range(len(places)), 0.0)
    above = float("-inf")
    for number in sorted(moved, key=lambda each: places[each]):
        above = max(places[number], above + LABEL_HEIGHT)
        moved[number] = above
    return list(moved.values())


def _y(value: float, most: float, bottom: float) -> float:
    return bottom - PANEL_HEIGHT * value / most


def _rule(y: float) -> str:
    x = WIDTH - RIGHT
    return f'<path d="M{LEFT} {y:.1f}H{x}" stroke="{FAINT}"/>'


def _text(x: float, y: float, text: str, anchor: str, colour: str = INK) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">'
        f"{escape(text)}</text>"
    )


def _ticks(most: float) -> list[float]:
    """Return round numbers from 0 to one that is not below `most`."""
    size = 10.0 ** (len(str(int(most / STEPS))) - 1)
    step = next(each * size for each in (1, 2, 5, 10) if each * size * STEPS >= most)
    return [step * number for number in range(math.ceil(most / step) + 1)]


def _number(value: float) -> str:
    return f"{value / 1_000:g}k" if value else "0"
