"""What is published of a lead: changes when something is done, levels when nothing is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.payload import Payload
from common.contracts.profiles import LeadScoreCrossed, LeadScored
from scoring.domain.lead import observe, settle, wake
from scoring.domain.lead_model import LeadModel
from scoring.domain.lead_score import LeadStanding, score_lead

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MODEL = LeadModel(
    points={"download": 10.0, "survey": 20.0, "webinar": 30.0, "glance": 0.2, "nothing": 0.0},
    half_life=7 * DAY,
    grades=(("A", 75), ("B", 40), ("C", 0)),
    thresholds=(("sales_qualified", 50),),
    version="v1",
)


class Life:
    """A profile to which things happen, with its timer, as the runtime would run it."""

    def __init__(self, *, timers: bool = True) -> None:
        self.standing = LeadStanding()
        self.now = START
        self.timers = timers
        self.published: list[Payload] = []
        self.looked = 0

    def does(self, kind: str, *, after: timedelta = timedelta()) -> None:
        self.waits(after)
        ruled = observe(self.standing, kind, at=self.now, model=MODEL, now=self.now)
        self._take(ruled.standing, ruled.published)

    def waits(self, duration: timedelta) -> None:
        until = self.now + duration
        while self.timers and self.standing.wakes_at and self.standing.wakes_at < until:
            self.now = self.standing.wakes_at
            self.looked += 1
            woken = msgspec.structs.replace(self.standing, wakes_at=None)
            ruled = settle(woken, MODEL, now=self.now)
            self._take(ruled.standing, ruled.published)
        self.now = until

    def _take(self, standing: LeadStanding, published: tuple[Payload, ...]) -> None:
        self.standing = wake(standing, MODEL, now=self.now)
        self.published.extend(published)

    @property
    def scores(self) -> list[tuple[int | None, int, str]]:
        scored = [p for p in self.published if isinstance(p, LeadScored)]
        return [(p.previous_score, p.score, p.grade) for p in scored]

    @property
    def crossed(self) -> list[str]:
        return [p.direction for p in self.published if isinstance(p, LeadScoreCrossed)]


def test_each_change_names_the_score_before() -> None:
    life = Life()
    life.does("survey")
    life.does("webinar")

    assert life.scores == [(None, 20, "C"), (20, 50, "B")]


def test_a_jump_over_the_threshold_fires_once() -> None:
    life = Life()
    for _ in range(4):
        life.does("webinar")

    assert life.crossed == ["up"]


def test_what_does_not_move_the_rounded_score_is_not_published() -> None:
    life = Life()
    life.does("survey")
    life.does("glance")

    assert len(life.published) == 1


def test_what_the_model_does_not_know_is_not_published() -> None:
    life = Life()
    life.does("walk")

    assert life.published == []
    assert life.standing == LeadStanding()


def test_the_first_thing_that_counts_gives_a_grade_even_without_points() -> None:
    life = Life()
    life.does("nothing")

    assert life.scores == [(None, 0, "C")]


def test_silence_crosses_downward_once_and_loses_grades() -> None:
    life = Life()
    life.does("survey")
    life.does("webinar")
    life.waits(60 * DAY)

    assert life.crossed == ["up", "down"]
    assert life.scores[-2:] == [(50, 49, "B"), (49, 39, "C")]
    assert life.standing.wakes_at is None


def test_a_fall_and_a_new_rise_are_two_crossings_even_if_the_timer_is_late() -> None:
    life = Life(timers=False)
    life.does("survey")
    life.does("webinar")
    life.does("webinar", after=2 * DAY)

    assert life.crossed == ["up", "down", "up"]


def test_an_earlier_timer_stays_and_looks_again() -> None:
    life = Life()
    life.does("survey")
    life.does("webinar")
    first = life.standing.wakes_at
    life.does("webinar")

    assert life.standing.wakes_at == first
    life.waits(DAY / 2)
    assert life.looked == 1
    assert life.crossed == ["up"]
    assert life.standing.wakes_at is not None


def test_a_clock_that_runs_ahead_gives_no_more_than_the_points() -> None:
    ruled = observe(LeadStanding(), "survey", at=START + 7 * DAY, model=MODEL, now=START)

    assert score_lead(ruled.standing, MODEL, now=START) == 20
    assert score_lead(ruled.standing, MODEL, now=START + 7 * DAY) == 10


DEEDS = st.lists(
    st.tuples(
        st.sampled_from(sorted(MODEL.points)),
        st.timedeltas(min_value=timedelta(), max_value=10 * DAY),
    ),
    max_size=25,
)


@given(DEEDS, st.booleans())
def test_crossings_alternate_and_end_where_the_score_stands(
    deeds: list[tuple[str, timedelta]], timers: bool
) -> None:
    life = Life(timers=timers)
    for kind, after in deeds:
        life.does(kind, after=after)

    assert life.crossed == [("up", "down")[i % 2] for i in range(len(life.crossed))]
    above = bool(life.scores) and life.scores[-1][1] >= 50
    assert (len(life.crossed) % 2 == 1) == above


@given(DEEDS)
def test_every_publication_begins_where_the_last_ended(
    deeds: list[tuple[str, timedelta]],
) -> None:
    life = Life()
    for kind, after in deeds:
        life.does(kind, after=after)
    life.waits(365 * DAY)

    assert [before for before, _, _ in life.scores] == [
        None,
        *(score for _, score, _ in life.scores[:-1]),
    ][: len(life.scores)]
    assert MODEL.level(life.scores[-1][1] if life.scores else 0) == 0
    assert life.standing.wakes_at is None


@given(DEEDS)
def test_with_or_without_timers_the_last_score_is_the_same(
    deeds: list[tuple[str, timedelta]],
) -> None:
    with_timers, without = Life(), Life(timers=False)
    for kind, after in deeds:
        with_timers.does(kind, after=after)
        without.does(kind, after=after)

    assert with_timers.standing.scored == without.standing.scored
    assert with_timers.crossed == without.crossed
