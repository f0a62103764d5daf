"""Merged profiles: the winner is the union, whatever the order in which records, timers and handovers come."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from common.consuming import Consequence
from common.contracts.merging import ProfileHandedOver, RecordForwarded
from common.contracts.profiles import LeadScored
from common.ids import derive
from libs.common.tests.consuming.making import NOW
from libs.common.tests.town import (
    HANDOVER_TOPIC,
    SILENCE,
    A,
    B,
    C,
    Partition,
    delivered,
    did,
    events,
    merged,
    record,
    seen,
    settle,
    town,
)


def test_the_winner_has_what_both_did_and_the_loser_nothing() -> None:
    first, second = did(A, "one", 1), did(B, "two", 2)
    a_town = town([first, merged(A, A, B, 5, 3)], [second, merged(B, A, B, 5, 3)])

    settle(a_town)

    assert seen(a_town, B) == events(first, second)
    assert seen(a_town, A) == set()
    assert a_town.people[A].timers == {}


def test_what_comes_for_the_loser_before_its_state_left_is_in_the_state() -> None:
    late = did(A, "late", 2)
    a_town = town([merged(A, A, B, 5, 3), late], [merged(B, A, B, 5, 3)])

    settle(a_town)

    assert seen(a_town, B) == events(late)


def test_what_comes_after_its_state_left_follows() -> None:
    a_town = town([merged(A, A, B, 5, 3)], [merged(B, A, B, 5, 3)])
    settle(a_town)
    late = did(A, "late", 9)
    a_town.people[A].inbox.append(late)

    settle(a_town)

    assert seen(a_town, B) == events(late)


def test_how_the_loser_stood_does_not_follow() -> None:
    a_town = town([merged(A, A, B, 5, 3)], [merged(B, A, B, 5, 3)])
    settle(a_town)
    score = LeadScored(score=9, previous_score=None, grade="A", reasons=(), model_version="1")
    a_town.people[A].take(record(A, score, 9))

    assert a_town.people[A].out == []


def test_the_winners_timers_wait_for_the_handover() -> None:
    a_town = town([], [did(B, "two", 1), merged(B, A, B, 5, 3)])
    winner = a_town.people[B]
    for _ in range(2):
        a_town.step(B, last=False)

    winner.fire(NOW + timedelta(hours=1))
    held = winner.kept
    winner.take(
        delivered(
            Consequence(
                HANDOVER_TOPIC,
                ProfileHandedOver(loser=A, winner=B, version=5, state=msgspec.Raw(b"null")),
                str(B),
                id=derive("handover"),
            ),
            NOW,
        )
    )

    assert held is not None
    assert held.state is not None
    assert held.state.silences == 0
    assert winner.timers == {"silence": NOW + timedelta(seconds=1) + SILENCE}


def test_a_handover_that_comes_first_holds_nothing_up() -> None:
    winner = Partition(B)
    empty = ProfileHandedOver(loser=A, winner=B, version=5, state=msgspec.Raw(b"[]"))
    winner.take(delivered(Consequence(HANDOVER_TOPIC, empty, str(B), id=derive("h")), NOW))
    winner.take(merged(B, A, B, 5, 3))

    assert winner.kept is not None
    assert winner.kept.awaits == {}
    assert winner.kept.had == {}


def test_a_record_is_forwarded_whole_along_a_chain() -> None:
    a_town = town(
        [merged(A, A, B, 5, 3)],
        [merged(B, A, B, 5, 3), merged(B, B, C, 7, 4)],
        [merged(C, B, C, 7, 4)],
    )
    settle(a_town)
    late = did(A, "late", 9)
    a_town.people[A].take(late)
    (told,) = a_town.people[A].out

    assert isinstance(told.payload, RecordForwarded)
    a_town.people[A].out.clear()
    a_town.people[B].inbox.append(delivered(told, NOW))
    settle(a_town)
    assert seen(a_town, C) == events(late)


@given(st.lists(st.sampled_from([A, B, C]), max_size=40), st.data())
def test_a_chain_of_merges_loses_and_doubles_nothing(
    steps: list[UUID], data: st.DataObject
) -> None:
    """A into B, B into C; each topic's order holds per sender, everything else may come in any order."""
    of_a = [did(A, f"a{n}", n) for n in range(3)]
    of_b = [did(B, f"b{n}", n) for n in range(3)]
    of_c = [did(C, f"c{n}", n) for n in range(3)]
    merge_ab, merge_bc = 3, 4
    a_town = town(
        data.draw(st.permutations([*of_a, merged(A, A, B, 5, merge_ab)])),
        data.draw(
            st.permutations([*of_b, merged(B, A, B, 5, merge_ab), merged(B, B, C, 7, merge_bc)])
        ),
        data.draw(st.permutations([*of_c, merged(C, B, C, 7, merge_bc)])),
    )

    for who in steps:
        a_town.step(who, last=False)
    settle(a_town)

    assert seen(a_town, C) == events(*of_a, *of_b, *of_c)
    assert all(not p.kept.awaits and not p.kept.held for p in a_town.people.values() if p.kept)
