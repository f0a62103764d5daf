"""What the score of a lead promises, whatever was done in whatever order."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from scoring.domain.lead_model import LeadModel
from scoring.domain.lead_score import (
    Crossing,
    LeadStanding,
    contributions,
    crossings,
    loses_level_at,
    score_lead,
    tally,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WEEK = timedelta(days=7)
MODEL = LeadModel(
    points={"download": 10.0, "survey": 20.0, "webinar": 30.0, "view": 0.5},
    half_life=WEEK,
    grades=(("A", 75), ("B", 50), ("C", 25), ("D", 0)),
    thresholds=(("marketing_qualified", 20), ("sales_qualified", 50)),
    version="v1",
)

Done = tuple[str, timedelta]
"""A kind and how long ago it was done."""

KINDS = st.sampled_from(["download", "survey", "webinar", "view", "not in the model"])
AGES = st.timedeltas(min_value=timedelta(), max_value=timedelta(days=90))
HISTORIES = st.lists(st.tuples(KINDS, AGES), max_size=30)
WAITS = st.timedeltas(min_value=timedelta(), max_value=timedelta(days=400))


def standing_of(history: list[Done]) -> LeadStanding:
    standing = LeadStanding()
    for kind, age in history:
        standing = tally(standing, kind, at=NOW - age, model=MODEL)
    return standing


def score_of(history: list[Done]) -> int:
    return score_lead(standing_of(history), MODEL, now=NOW)


def test_points_halve_with_each_half_life() -> None:
    assert score_of([("survey", timedelta())]) == 20
    assert score_of([("survey", WEEK)]) == 10
    assert score_of([("survey", 2 * WEEK)]) == 5


def test_the_agreed_example_makes_a_lead_of_fifty() -> None:
    assert score_of([(kind, timedelta()) for kind in ("download", "download", "webinar")]) == 50


def test_a_score_ends_at_a_hundred() -> None:
    assert score_of([("webinar", timedelta())] * 9) == 100


def test_what_the_model_does_not_know_gives_nothing() -> None:
    assert standing_of([("not in the model", timedelta())]) == LeadStanding()


@given(HISTORIES)
def test_keeping_sums_gives_the_same_as_adding_up_every_activity(history: list[Done]) -> None:
    total = math.fsum(MODEL.points.get(kind, 0.0) * 0.5 ** (age / WEEK) for kind, age in history)

    assert score_of(history) == min(100, math.floor(round(total, 9) + 0.5))


@given(HISTORIES, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(history: list[Done], random: object) -> None:
    shuffled = list(history)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert score_of(shuffled) == score_of(history)


@given(HISTORIES, WAITS)
def test_silence_never_raises_a_score(history: list[Done], wait: timedelta) -> None:
    standing = standing_of(history)
    later = score_lead(standing, MODEL, now=NOW + wait)

    assert later <= score_lead(standing, MODEL, now=NOW)


@given(HISTORIES, KINDS)
def test_doing_something_never_lowers_a_score(history: list[Done], kind: str) -> None:
    assert score_of([*history, (kind, timedelta())]) >= score_of(history)


@given(HISTORIES)
def test_the_state_does_not_grow_with_the_number_of_activities(history: list[Done]) -> None:
    assert len(standing_of(history * 3).tallies) <= len(MODEL.points)


@given(HISTORIES)
def test_a_level_is_lost_at_the_computed_instant_and_not_before(history: list[Done]) -> None:
    standing = standing_of(history)
    level = MODEL.level(score_lead(standing, MODEL, now=NOW))
    at = loses_level_at(standing, MODEL, now=NOW)

    assert (at is None) == (level == 0)
    if at is not None:
        assert at > NOW
        assert score_lead(standing, MODEL, now=at) < level
        # The rounding of the sum is worth far less than a second of the shortest decay here.
        assert score_lead(standing, MODEL, now=at - timedelta(seconds=1)) >= level


def test_the_reasons_are_the_greatest_first_and_count_each_kind() -> None:
    standing = standing_of([("view", timedelta())] * 3 + [("survey", WEEK)])

    assert [(r.kind, r.points, r.count) for r in contributions(standing, MODEL, now=NOW)] == [
        ("survey", 10.0, 1),
        ("view", 1.5, 3),
    ]


def test_a_jump_over_both_thresholds_crosses_both() -> None:
    assert crossings(None, 60, MODEL) == (
        Crossing("marketing_qualified", 20, "up"),
        Crossing("sales_qualified", 50, "up"),
    )
    assert [c.name for c in crossings(60, 3, MODEL)] == ["sales_qualified", "marketing_qualified"]
    assert crossings(50, 99, MODEL) == ()
    assert crossings(50, 50, MODEL) == ()


@given(st.lists(st.integers(min_value=0, max_value=100), max_size=20))
def test_ups_and_downs_alternate_on_every_way(scores: list[int]) -> None:
    previous = None
    directions: dict[str, list[str]] = {}
    for score in scores:
        for crossing in crossings(previous, score, MODEL):
            directions.setdefault(crossing.name, []).append(crossing.direction)
        previous = score

    for passed in directions.values():
        assert passed == ["up", "down"] * (len(passed) // 2) + ["up"] * (len(passed) % 2)
