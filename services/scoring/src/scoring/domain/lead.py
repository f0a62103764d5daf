"""What an activity, or its absence, does to a lead: the standing afterwards and what the world is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from common.contracts.payload import Payload
from common.contracts.profiles import LeadScoreCrossed, LeadScored
from scoring.domain.lead_model import LeadModel
from scoring.domain.lead_score import (
    LeadStanding,
    Scored,
    contributions,
    crossings,
    loses_level_at,
    score_lead,
    tally,
    united,
)


@dataclass(frozen=True, slots=True)
class Ruled:
    """A standing, and what was published on the way to it."""

    standing: LeadStanding
    published: tuple[Payload, ...] = ()


def observe(
    standing: LeadStanding, kind: str, *, at: datetime, model: LeadModel, now: datetime
) -> Ruled:
    """Count what was done; publish when the score or the grade is another one.

    Decay that is due is published first, so that a fall and a new rise are two crossings even if the timer is late.
    """
    settled = settle(standing, model, now=now)
    counted = tally(settled.standing, kind, at=min(at, now), model=model)
    if counted is settled.standing:
        return settled
    score = score_lead(counted, model, now=now)
    if (score, model.grade(score)) == _shown(counted):
        return Ruled(counted, settled.published)
    told = _publish(counted, score, model, now)
    return Ruled(told.standing, (*settled.published, *told.published))


def unite(ours: LeadStanding, theirs: LeadStanding, *, model: LeadModel, now: datetime) -> Ruled:
    """Our standing with theirs in it; published when the score or the grade is not the one that was shown of us.

    What either of them had reached, the person had: so no threshold is passed a second time.
    """
    whole = msgspec.structs.replace(ours, tallies=united(ours, theirs, model))
    score = score_lead(whole, model, now=now)
    if (score, model.grade(score)) == _shown(ours) or (not whole.tallies and ours.scored is None):
        return Ruled(whole)
    shown = [standing.scored for standing in (ours, theirs) if standing.scored is not None]
    highest = max(shown, key=lambda one: one.score, default=None)
    return _publish(msgspec.structs.replace(whole, scored=highest), score, model, now)


def settle(standing: LeadStanding, model: LeadModel, *, now: datetime) -> Ruled:
    """Publish what silence has done, if it cost a level (a threshold or a grade)."""
    score = score_lead(standing, model, now=now)
    if standing.scored is None or model.level(score) >= model.level(standing.scored.score):
        return Ruled(standing)
    return _publish(standing, score, model, now)


def wake(standing: LeadStanding, model: LeadModel, *, now: datetime) -> LeadStanding:
    """Note when to look again: at or before the instant at which silence will cost a level.

    A timer that is set already and comes earlier stays, and sets the next one when it finds nothing;
    moving it with each activity would cost a write each.
    """
    due = loses_level_at(standing, model, now=now)
    if due is None or (standing.wakes_at is not None and standing.wakes_at <= due):
        return standing
    return msgspec.structs.replace(standing, wakes_at=due)


def _publish(standing: LeadStanding, score: int, model: LeadModel, now: datetime) -> Ruled:
    previous = standing.scored.score if standing.scored else None
    scored = LeadScored(
        score=score,
        previous_score=previous,
        grade=model.grade(score),
        reasons=contributions(standing, model, now=now),
        model_version=model.version,
    )
    passed = (
        LeadScoreCrossed(
            threshold=crossing.threshold,
            name=crossing.name,
            direction=crossing.direction,
            score=score,
            previous_score=previous,
            model_version=model.version,
        )
        for crossing in crossings(previous, score, model)
    )
    shown = Scored(score, scored.grade, model.version)
    return Ruled(msgspec.structs.replace(standing, scored=shown), (scored, *passed))


def _shown(standing: LeadStanding) -> tuple[int, str] | None:
    return (standing.scored.score, standing.scored.grade) if standing.scored else None
