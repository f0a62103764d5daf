"""Where everything stands: boxes below each other, the ways of a step beside each other, nothing over anything else."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from orchestrator.domain.journey import Journey
from orchestrator.domain.picture.saying import begins, says, ways
from orchestrator.domain.program import Placed
from orchestrator.domain.steps import Exit, GoTo

WIDTH: Final = 250
GAP: Final = 36
"""Between two columns."""
STEP: Final = 44
"""Between two boxes, room for what stands at the way."""
LINE: Final = 18
PADDING: Final = 12
LETTERS: Final = 31
"""Of a line."""
MOST_LINES: Final = 4


@dataclass(frozen=True, slots=True)
class Box:
    """One box with its lines; the place is None for the beginning and the end."""

    place: int | None
    kind: str
    x: float
    y: float
    height: float
    lines: tuple[str, ...]
    full: str
    """All that could be said, for whoever points at it."""

    @property
    def middle(self) -> float:
        return self.x + WIDTH / 2

    @property
    def bottom(self) -> float:
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Line:
    """A way from one point to another, with what stands at it."""

    x1: float
    y1: float
    x2: float
    y2: float
    said: str = ""
    back: bool = False


@dataclass(slots=True)
class Drawn:
    """The whole picture."""

    width: float = 0
    height: float = 0
    boxes: list[Box] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)


Ends = list[tuple[float, float, str]]
"""Loose ends that lead on: from where, and what stands at them."""


def laid_out(journey: Journey) -> Drawn:
    """Boxes and lines of a journey, in pixels from the upper left corner."""
    layout = _Layout(journey)
    whole = layout.width(0, len(journey.steps))
    first = _box(None, "begin", 0, 0, "begins with", "; ".join(begins(journey)), whole)
    layout.drawn.boxes.append(first)
    ends: Ends = [(first.middle, first.bottom, "")]
    ends, y = layout.column(0, len(journey.steps), 0, whole, first.bottom, ends)
    if ends:
        last = _box(None, "end", 0, y + STEP, "end", "", whole)
        layout.drawn.boxes.append(last)
        layout.join(ends, last)
        y = last.bottom
    layout.go_back()
    layout.drawn.width, layout.drawn.height = whole, y
    return layout.drawn


@dataclass(slots=True)
class _Layout:
    journey: Journey
    drawn: Drawn = field(default_factory=Drawn)
    at: dict[int, Box] = field(default_factory=dict)

    def width(self, place: int, end: int) -> float:
        """How much room the steps from there to the end of their block take."""
        widest = float(WIDTH)
        while place < end:
            placed = self.journey.steps[place]
            if _parts(placed):
                widest = max(widest, sum(self._widths(placed)) + GAP * (len(placed.blocks) - 1))
            place = placed.following
        return widest

    def column(
        self, place: int, end: int, x: float, width: float, y: float, ends: Ends
    ) -> tuple[Ends, float]:
        """Steps below each other; returns what leads on below them, and how far down they reach."""
        while place < end:
            placed = self.journey.steps[place]
            box = _box(place, placed.step.KIND, x, y + STEP, *says(placed), width)
            self.drawn.boxes.append(box)
            self.at[place] = box
            self.join(ends, box)
            y = box.bottom
            if _parts(placed):
                ends, y = self._beside(placed, x, width, box)
            else:
                leaves = isinstance(placed.step, Exit)
                ends = [] if leaves else [(box.middle, box.bottom, "")]
            place = placed.following
        return ends, y

    def _beside(self, placed: Placed, x: float, width: float, above: Box) -> tuple[Ends, float]:
        widths = self._widths(placed)
        left = x + (width - sum(widths) - GAP * (len(widths) - 1)) / 2
        ends: Ends = []
        deepest = above.bottom
        for begin, room, said in zip(placed.blocks, widths, ways(placed), strict=True):
            if begin == placed.following:
                ends.append((above.middle, above.bottom, said))
            else:
                entering: Ends = [(above.middle, above.bottom, said)]
                found, y = self.column(
                    begin, placed.following, left, room, above.bottom + STEP / 2, entering
                )
                ends += found
                deepest = max(deepest, y)
            left += room + GAP
        return ends, deepest + STEP / 2

    def _widths(self, placed: Placed) -> Sequence[float]:
        return [
            self.width(begin, placed.following) if begin != placed.following else WIDTH
            for begin in placed.blocks
        ]

    def join(self, ends: Ends, box: Box) -> None:
        self.drawn.lines += [Line(x, y, box.middle, box.y, said) for x, y, said in ends]

    def go_back(self) -> None:
        """The ways back, beside everything else."""
        for place, placed in enumerate(self.journey.steps):
            if isinstance(placed.step, GoTo):
                here, there = self.at[place], self.at[self.journey.place_of(placed.step.to)]
                middle, target = here.y + here.height / 2, there.y + there.height / 2
                self.drawn.lines.append(Line(here.x, middle, there.x, target, back=True))


def _parts(placed: Placed) -> bool:
    """Whether its ways lead through different steps; where all are empty, one line says it."""
    return any(begin != placed.following for begin in placed.blocks)


def _box(
    place: int | None, kind: str, x: float, y: float, title: str, more: str, width: float
) -> Box:
    wrapped = [*textwrap.wrap(title, LETTERS - 3), *textwrap.wrap(more, LETTERS)]
    shown = wrapped[:MOST_LINES]
    if len(wrapped) > MOST_LINES:
        shown[-1] = shown[-1][: LETTERS - 1] + "…"
    height = 2 * PADDING + LINE * max(1, len(shown))
    return Box(
        place, kind, x + (width - WIDTH) / 2, y, height, tuple(shown), f"{title} {more}".strip()
    )
