"""The lead model: how many points what gives, how fast they fade, and where the grades and thresholds lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from common.documents import Report, Value, parse_document

MODEL_FILE: Final = "model.yaml"
MAX_KINDS = 200
"""A profile's state holds one entry a kind."""
MAX_POINTS = 1_000.0
SHORTEST_HALF_LIFE = timedelta(minutes=1)
LONGEST_HALF_LIFE = timedelta(days=365)
HIGHEST = 100

_DELIVERY = "delivery: "

Levels = tuple[tuple[str, int], ...]
"""Names, each with the lowest score that reaches it."""

DELIVERY_KINDS: Final = ("sent", "delivered", "opened", "clicked", "bounced", "complained")
"""Statuses of a delivery that may give points."""


def activity_kind(name: str) -> str:
    """The kind under which an activity gives points; its name cannot pass for a delivery's status."""
    return f"activity: {name}" if name.startswith(_DELIVERY) else name


def delivery_kind(status: str) -> str:
    """The kind under which a delivery's status gives points."""
    return f"{_DELIVERY}{status}"


@dataclass(frozen=True, slots=True)
class LeadModel:
    """Valid by construction through `parse_lead_model`: no points below 0, levels between 1 and 100."""

    points: Mapping[str, float]
    """By `activity_kind(name)` or `delivery_kind(status)`."""
    half_life: timedelta
    """After each, what was done counts half."""
    grades: Levels
    """Name and lowest score, best grade first; the last begins at 0."""
    thresholds: Levels
    """Name and score, lowest first."""
    version: str

    def grade(self, score: int) -> str:
        return next(name for name, lowest in self.grades if score >= lowest)

    def level(self, score: int) -> int:
        """The highest threshold or grade bound that the score reaches; 0 below all of them."""
        return max((bound for bound in self._bounds() if bound <= score), default=0)

    def _bounds(self) -> list[int]:
        return [bound for _, bound in (*self.grades, *self.thresholds)]


DEFAULT_LEAD_MODEL: Final = LeadModel(
    points={
        "Page Viewed": 1.0,
        "Product Viewed": 2.0,
        "Products Searched": 2.0,
        "Product Added": 8.0,
        "Product Added to Wishlist": 6.0,
        "Checkout Started": 15.0,
        "Order Completed": 30.0,
        "Document Downloaded": 10.0,
        "Survey Answered": 20.0,
        "Event Registered": 20.0,
        delivery_kind("opened"): 5.0,
        delivery_kind("clicked"): 15.0,
    },
    half_life=timedelta(days=14),
    grades=(("A", 75), ("B", 50), ("C", 25), ("D", 0)),
    thresholds=(("marketing_qualified", 25), ("sales_qualified", 50)),
    version="default",
)
"""In force in a workspace that publishes no model of its own."""


def parse_lead_model(files: Mapping[str, str], version: str) -> LeadModel:
    """Read a published `lead_model`.

    Raises:
        DocumentError: with all that is wrong, by line and column.
    """
    root = parse_document(MODEL_FILE, files.get(MODEL_FILE, "")).fields(
        required=["half_life", "points", "grades"], optional=["deliveries", "thresholds"]
    )
    report = Report()
    nothing: dict[str, float] = {}
    no_levels: Levels = ()
    points = report.read(lambda: _points(root["points"]), nothing)
    half_life = report.read(lambda: _half_life(root["half_life"]), SHORTEST_HALF_LIFE)
    grades = report.read(lambda: _grades(root["grades"]), no_levels)
    deliveries, named = root.get("deliveries"), root.get("thresholds")
    if deliveries is not None:
        points |= report.read(lambda: _deliveries(deliveries), nothing)
    thresholds = (
        report.read(lambda: _thresholds(named), no_levels) if named is not None else no_levels
    )
    report.close()
    return LeadModel(points, half_life, grades, thresholds, version)


def _points(value: Value) -> dict[str, float]:
    entries = value.entries()
    if len(entries) > MAX_KINDS:
        value.fail(f"more than {MAX_KINDS} kinds")
    return {activity_kind(name): _number_of_points(points) for name, points in entries.items()}


def _deliveries(value: Value) -> dict[str, float]:
    fields = value.fields(optional=DELIVERY_KINDS)
    return {delivery_kind(status): _number_of_points(fields[status]) for status in fields}


def _number_of_points(value: Value) -> float:
    points = value.number()
    if not 0 <= points <= MAX_POINTS:
        # With points below 0 a score would rise by mere silence.
        value.fail(f"points lie between 0 and {MAX_POINTS:.0f}, not {points:g}")
    return points


def _half_life(value: Value) -> timedelta:
    half_life = value.duration()
    if not SHORTEST_HALF_LIFE <= half_life <= LONGEST_HALF_LIFE:
        value.fail("a half-life lies between 1m and 365d")
    return half_life


def _levels(value: Value, lowest: int) -> list[tuple[str, int]]:
    levels = []
    for name, entry in value.entries().items():
        level = entry.integer()
        if not lowest <= level <= HIGHEST:
            entry.fail(f"`{name}` lies between {lowest} and {HIGHEST}, not {level}")
        levels.append((name, level))
    return sorted(levels, key=lambda named: named[1])


def _grades(value: Value) -> Levels:
    grades = _levels(value, lowest=0)
    if len({lowest for _, lowest in grades}) < len(grades):
        value.fail("two grades begin at the same score")
    if not grades or grades[0][1] != 0:
        value.fail("one grade must begin at 0, so that every score has one")
    return tuple(reversed(grades))


def _thresholds(value: Value) -> Levels:
    return tuple(_levels(value, lowest=1))
