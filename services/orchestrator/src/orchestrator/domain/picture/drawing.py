"""The picture as SVG that needs nothing else: readable by day and by night, and by whoever listens to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import escape

from orchestrator.domain.journey import Journey
from orchestrator.domain.picture.layout import LINE, PADDING, STEP, WIDTH, Box, Line, laid_out

MARGIN: Final = 40
SHORTENED: Final = 34
_STYLE: Final = """
.paper { fill: #fbfaf7 } .box { fill: #ffffff; stroke: #c9c6bd; stroke-width: 1.5 }
.propose { stroke: #1f6f5c; stroke-width: 2.5 } .begin, .end, .exit { fill: #efece4 } .branch, .split { stroke: #8a6d1f }
.line { fill: none; stroke: #8b8880; stroke-width: 1.5 } .back { stroke-dasharray: 5 4 } .head { fill: #8b8880 }
text { font: 14px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; fill: #1c1f1e }
.title { font-weight: 600 } .way { font-size: 12px; fill: #5d605e } .count { font-weight: 700; fill: #1f6f5c }
@media (prefers-color-scheme: dark) {
.paper { fill: #16181a } .box { fill: #212427; stroke: #4a5054 } .begin, .end, .exit { fill: #2b2f33 }
.propose { stroke: #57b89d } .branch, .split { stroke: #d3ae4c } .line { stroke: #8f9599 } .head { fill: #8f9599 }
text { fill: #f2f2f0 } .way { fill: #b9bdbb } .count { fill: #57b89d } }
"""


def draw(journey: Journey, waiting: Mapping[int, int] | None = None) -> str:
    """A journey as SVG; `waiting` says how many passages rest at each place."""
    drawn = laid_out(journey)
    width, height = drawn.width + 2 * MARGIN, drawn.height + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" role="img">',
        f"<title>{escape(journey.name)}: a journey of {len(journey.steps)} steps</title>",
        f"<style>{_STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="head" d="M0 0 8 4 0 8z"/></marker></defs>',
        f'<rect class="paper" width="{width:g}" height="{height:g}"/>',
        f'<g transform="translate({MARGIN} {MARGIN})">',
        *(_line(line) for line in drawn.lines),
        *(
            _drawn(box, (waiting or {}).get(-1 if box.place is None else box.place))
            for box in drawn.boxes
        ),
        "</g>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _drawn(box: Box, waiting: int | None) -> str:
    radius = 24 if box.kind in {"begin", "end", "exit"} else 8
    lines = "".join(
        f'<tspan x="{box.middle:g}" y="{box.y + PADDING + LINE * (number + 0.75):g}"{_bold(number)}>{escape(line)}</tspan>'
        for number, line in enumerate(box.lines)
    )
    count = ""
    if waiting:
        count = (
            f'<text class="count" x="{box.x + WIDTH + 6:g}" y="{box.y + LINE:g}">{waiting:,}</text>'
        )
    return (
        f'<g class="step" data-place="{"" if box.place is None else box.place}"><title>{escape(box.full)}</title>'
        f'<rect class="box {box.kind}" x="{box.x:g}" y="{box.y:g}" width="{WIDTH}" height="{box.height:g}" rx="{radius}"/>'
        f'<text text-anchor="middle">{lines}</text>{count}</g>'
    )


def _bold(number: int) -> str:
    return ' class="title"' if number == 0 else ""


def _line(line: Line) -> str:
    if line.back:
        aside = min(line.x1, line.x2) - 24
        path = f"M{line.x1:g} {line.y1:g} H{aside:g} V{line.y2:g} H{line.x2:g}"
        return f'<path class="line back" d="{path}" marker-end="url(#head)"/>'
    # Down, across just above the box, and down into it: so that no line goes through a box beside it.
    bend = line.y2 - STEP / 2
    path = f"M{line.x1:g} {line.y1:g} V{bend:g} H{line.x2:g} V{line.y2:g}"
    said = ""
    if line.said:
        short = line.said if len(line.said) <= SHORTENED else line.said[: SHORTENED - 1] + "…"
        # Beside a line that goes straight down, else above the bend.
        straight = line.x1 == line.x2
        anchor, x = ("start", line.x2 + 7) if straight else ("middle", line.x2)
        said = f'<text class="way" text-anchor="{anchor}" x="{x:g}" y="{bend - 5:g}"><title>{escape(line.said)}</title>{escape(short)}</text>'
    return f'<path class="line" d="{path}" marker-end="url(#head)"/>{said}'
