"""Two leads who are one: scored as if all had been one person's, and no threshold passed twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.consuming import Folded, Record
from common.contracts import encode_event
from common.contracts.merging import ProfileHandedOver
from common.contracts.profiles import LeadScoreCrossed, LeadScored
from common.errors import PermanentError
from common.ids import derive
from scoring.consumer import ReleasedModels
from scoring.domain.lead import unite
from scoring.domain.lead_score import LeadStanding, score_lead, tally, united
from scoring.domain.packing import pack, unpack
from scoring.handlers import DECAY_TIMER, LeadMerger
from services.scoring.tests.unit.test_handlers import ANNA, NOW, activity, configuration, fold
from services.scoring.tests.unit.test_lead_score import HISTORIES, MODEL, Done

LOSER = derive("test", "visitor")
DOWNLOADED = activity("Document Downloaded")


def lead(history: list[Done]) -> LeadStanding:
    standing = LeadStanding()
    for kind, age in history:
        standing = tally(standing, kind, at=NOW - age, model=MODEL)
    return standing


@given(HISTORIES, HISTORIES)
def test_the_union_scores_what_one_person_would_have(mine: list[Done], others: list[Done]) -> None:
    whole = unite(lead(mine), lead(others), model=MODEL, now=NOW).standing

    assert score_lead(whole, MODEL, now=NOW) == score_lead(lead(mine + others), MODEL, now=NOW)
    counts = {kind: one.count for kind, one in whole.tallies.items()}
    assert counts == {kind: one.count for kind, one in lead(mine + others).tallies.items()}


@given(HISTORIES, HISTORIES, HISTORIES, st.permutations(range(3)))
def test_the_order_of_merging_does_not_matter(
    one: list[Done], two: list[Done], three: list[Done], order: list[int]
) -> None:
    leads = [lead(history) for history in (one, two, three)]
    totals = []
    for a, b, c in ((0, 1, 2), order):
        part = LeadStanding(united(leads[a], leads[b], MODEL))
        totals.append(unite(part, leads[c], model=MODEL, now=NOW).standing)

    assert score_lead(totals[0], MODEL, now=NOW) == score_lead(totals[1], MODEL, now=NOW)
    assert united(leads[0], leads[1], MODEL) == united(leads[1], leads[0], MODEL)


def merged(winner: LeadStanding | None, loser: LeadStanding) -> Folded[LeadStanding]:
    merger = LeadMerger(ReleasedModels(configuration()))
    packed = merger.pack(loser)
    payload = ProfileHandedOver(loser=LOSER, winner=ANNA, version=3, state=packed.data)
    event = encode_event(
        payload,
        id=LOSER,
        source="/test",
        subject=str(ANNA),
        time=NOW,
        workspace="shop",
        correlationid=LOSER,
    )
    record = Record("scoring.handover", 0, 1, NOW, NOW, event)
    return merger.unite(winner, packed.data, record, NOW)


def told(folded: Folded[LeadStanding]) -> list[object]:
    return [consequence.payload for consequence in folded.consequences]


DONE = st.lists(
    st.tuples(
        st.sampled_from(["Document Downloaded", "delivery: clicked", "Page Viewed"]),
        st.timedeltas(timedelta(), timedelta(days=9)),
        st.integers(0, 2),
    ),
    max_size=10,
)
Deed = tuple[str, timedelta, int]


def lived(deeds: list[Deed], merges: dict[int, int]) -> LeadStanding | None:
    """One person under three names, of which the second and third become the first before the deed of that number."""
    leads: dict[int, LeadStanding | None] = dict.fromkeys(range(3))
    for place in range(len(deeds) + 1):
        for loser in [name for name, at in merges.items() if at == place]:
            packed = leads.pop(loser)
            if packed is not None:
                leads[0] = merged(leads[0], packed).state
        if place < len(deeds):
            name, ago, who = deeds[place]
            at_whom = who if who in leads else 0
            leads[at_whom] = fold(leads[at_whom], activity(name, at=NOW - ago)).state
    return leads[0]


@given(
    DONE.flatmap(
        lambda done: st.tuples(
            st.just(done),
            st.permutations(done),
            st.tuples(st.integers(0, len(done)), st.integers(0, len(done))),
        )
    )
)
def test_any_order_of_arrival_over_any_names_makes_the_same_lead(
    case: tuple[list[Deed], list[Deed], tuple[int, int]],
) -> None:
    """An event comes once: the runtime drops what it has seen by its sequence, and a handover is such an event, too."""
    done, arriving, merges = case
    one = lived(done, {1: 0, 2: 0}) or LeadStanding()
    several = lived(arriving, dict(zip((1, 2), merges, strict=True))) or LeadStanding()
    model = ReleasedModels(configuration()).of("shop")

    assert score_lead(several, model, now=NOW) == score_lead(one, model, now=NOW)
    assert {k: t.count for k, t in several.tallies.items()} == {
        k: t.count for k, t in one.tallies.items()
    }
    assert several.scored == one.scored


def test_two_halves_make_one_hot_lead() -> None:
    half = fold(None, DOWNLOADED).state
    whole = merged(half, half)

    scored, crossed = told(whole)
    assert isinstance(scored, LeadScored)
    assert (scored.previous_score, scored.score, scored.grade) == (30, 60, "A")
    assert isinstance(crossed, LeadScoreCrossed)
    assert (crossed.name, crossed.direction) == ("hot", "up")
    assert [consequence.subject for consequence in whole.consequences] == [str(ANNA)] * 2
    assert whole.timers == {DECAY_TIMER: whole.state.wakes_at}


def test_what_the_loser_had_reached_is_not_reached_again() -> None:
    hot = fold(fold(None, DOWNLOADED).state, DOWNLOADED).state
    whole = merged(fold(None, DOWNLOADED).state, hot)

    (scored,) = told(whole)
    assert isinstance(scored, LeadScored)
    assert (scored.previous_score, scored.score) == (60, 90)


def test_a_stranger_becomes_what_the_loser_was() -> None:
    hot = fold(fold(None, DOWNLOADED).state, DOWNLOADED).state
    whole = merged(None, hot)

    (scored,) = told(whole)
    assert isinstance(scored, LeadScored)
    assert (scored.score, scored.grade) == (60, "A")
    assert whole.state.tallies == hot.tallies


def test_whoever_did_nothing_changes_nothing() -> None:
    known = fold(None, DOWNLOADED).state

    assert merged(known, LeadStanding()).state == known
    assert told(merged(known, LeadStanding())) == []
    assert told(merged(None, LeadStanding())) == []


def test_the_losers_timer_ends_where_it_was_set() -> None:
    hot = fold(fold(None, DOWNLOADED).state, DOWNLOADED).state
    merger = LeadMerger(ReleasedModels(configuration()))

    assert list(merger.pack(hot).timers) == [DECAY_TIMER]
    assert list(merger.pack(LeadStanding()).timers) == []


def test_a_packed_standing_is_read_back_and_a_newer_one_waits() -> None:
    standing = LeadStanding(
        lead([("survey", timedelta(days=1))]).tallies, wakes_at=NOW + timedelta(days=1)
    )

    assert unpack(pack(standing)) == standing
    newer = type(pack(standing))(bytes(pack(standing)).replace(b'"schema":1', b'"schema":9'))
    with pytest.raises(PermanentError, match="newer_schema"):
        unpack(newer)
