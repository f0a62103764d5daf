"""The lead score: points that halve with each half-life, and the instants at which silence costs a level."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from common.contracts.profiles import Contribution
from scoring.domain.lead_model import HIGHEST, LeadModel

_DIGITS = 9
"""Sums added in another order differ in the 15th digit; rounded here they give the same score."""
_TICK = timedelta(microseconds=1)


class Tally(msgspec.Struct, frozen=True):
    """How often one kind of thing was done, each time halved once per half-life of its age at `at`."""

    weight: float
    at: datetime
    count: int


class Scored(msgspec.Struct, frozen=True):
    """What was last published of a profile."""

    score: int
    grade: str
    model_version: str


class LeadStanding(msgspec.Struct, frozen=True):
    """All that a profile's lead score needs; its size does not grow with the number of activities."""

    tallies: dict[str, Tally] = {}
    scored: Scored | None = None
    wakes_at: datetime | None = None
    """When the timer that is set will look again; None: no timer is set."""


class Crossing(msgspec.Struct, frozen=True):
    """A threshold that a change of score passed."""

    name: str
    threshold: int
    direction: str


def tally(standing: LeadStanding, kind: str, *, at: datetime, model: LeadModel) -> LeadStanding:
    """Count one more of a kind; the order of counting does not matter.

    The sum is kept as it stood at the newest of its instants: decay is exponential, so a sum decays as its parts do.
    """
    if kind not in model.points:
        return standing
    before = standing.tallies.get(kind, Tally(0.0, at, 0))
    newest = max(before.at, at)
    weight = before.weight * _decay(newest - before.at, model) + _decay(newest - at, model)
    # Kinds that the model no longer knows are let go here, so that the state stays bounded.
    kept = {name: old for name, old in standing.tallies.items() if name in model.points}
    return msgspec.structs.replace(
        standing, tallies={**kept, kind: Tally(weight, newest, before.count + 1)}
    )


def united(ours: LeadStanding, theirs: LeadStanding, model: LeadModel) -> dict[str, Tally]:
    """The tallies of two profiles that are one: nothing was done by both, so they are added, as of one instant."""
    kinds = sorted({*ours.tallies, *theirs.tallies} & model.points.keys())
    return {
        kind: _sum([s.tallies[kind] for s in (ours, theirs) if kind in s.tallies], model)
        for kind in kinds
    }


def _sum(tallies: Sequence[Tally], model: LeadModel) -> Tally:
    newest = max(one.at for one in tallies)
    weight = sum(one.weight * _decay(newest - one.at, model) for one in tallies)
    return Tally(weight, newest, sum(one.count for one in tallies))


def contributions(
    standing: LeadStanding, model: LeadModel, *, now: datetime
) -> tuple[Contribution, ...]:
    """What each kind gives to the score now, the greatest first."""
    given = [
        Contribution(kind, round(_points(kind, one, model, now), 2), one.count)
        for kind, one in standing.tallies.items()
        if model.points.get(kind)
    ]
    return tuple(sorted(given, key=lambda one: (-one.points, one.kind)))


def score_lead(standing: LeadStanding, model: LeadModel, *, now: datetime) -> int:
    """The points of all that was done, each halved once per half-life of its age, 0–100, halves rounded up."""
    return min(HIGHEST, math.floor(round(_total(standing, model, now), _DIGITS) + 0.5))


def loses_level_at(standing: LeadStanding, model: LeadModel, *, now: datetime) -> datetime | None:
    """The instant from which, if nothing is done, the score is below the level it has now.

    Solves total × 2^(−t / half-life) = level − ½ for t. None: the score is on no level, silence changes nothing.
    """
    level = model.level(score_lead(standing, model, now=now))
    if level == 0:
        return None
    # One unit of the rounding further down, so that at that instant the rounded score has changed.
    target = level - 0.5 - 10**-_DIGITS
    return now + model.half_life * math.log2(_total(standing, model, now) / target) + _TICK


def crossings(previous: int | None, score: int, model: LeadModel) -> tuple[Crossing, ...]:
    """Every threshold between the two scores, however far it jumped, in the order in which they were passed."""
    before = -1 if previous is None else previous
    up = [Crossing(n, at, "up") for n, at in model.thresholds if before < at <= score]
    down = [Crossing(n, at, "down") for n, at in model.thresholds if score < at <= before]
    return (*up, *reversed(down))


def _total(standing: LeadStanding, model: LeadModel, now: datetime) -> float:
    return math.fsum(_points(kind, one, model, now) for kind, one in standing.tallies.items())


def _points(kind: str, one: Tally, model: LeadModel, now: datetime) -> float:
    # What lies in the future of `now` (a client's wrong clock) counts whole and does not grow.
    age = max(now - one.at, timedelta())
    return model.points.get(kind, 0.0) * one.weight * _decay(age, model)


def _decay(age: timedelta, model: LeadModel) -> float:
    return float(0.5 ** (age / model.half_life))
