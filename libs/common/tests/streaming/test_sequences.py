"""Dense sequences: what was seen is dropped, a gap stops, a trimmed log gives its own base."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from common.streaming.ports import Fetched, Place, Standing
from common.streaming.sequences import (
    ACCEPTED,
    BEGIN,
    LONGEST_REPETITION,
    Arrival,
    SequenceCheck,
    SequenceDraw,
)
from libs.common.tests.consuming.making import NOW

PLACE = Place("profile.activity", 3)


def record(sequence: int, origin: str = "ingest.resolve/0/x") -> Fetched:
    headers = {"origin": origin.encode(), "sequence": str(sequence).encode()}
    return Fetched(PLACE, 0, NOW, b"k", b"v", headers)


def check(seen: dict[tuple[Place, str], int] | None = None) -> SequenceCheck:
    return SequenceCheck.of(Standing(partition=3, epoch=1, batch=0, seen=seen or {}))


def test_a_record_without_an_origin_is_new() -> None:
    assert check().arrival(Fetched(PLACE, 0, NOW, b"k", b"v")) is Arrival.NEW


def test_a_repeated_sequence_is_seen() -> None:
    checked = check({(PLACE, "ingest.resolve/0/x"): 7})

    assert checked.arrival(record(7)) is Arrival.SEEN
    assert checked.arrival(record(8)) is Arrival.NEW
    assert checked.arrival(record(8)) is Arrival.SEEN


def test_a_missing_sequence_is_a_gap_and_moves_nothing() -> None:
    checked = check({(PLACE, "ingest.resolve/0/x"): 7})

    assert checked.arrival(record(9)) is Arrival.GAP
    assert checked.moved == {}


def test_an_unknown_origin_must_begin_at_one_when_the_log_was_read_from_its_beginning() -> None:
    assert check({(PLACE, BEGIN): 0}).arrival(record(2)) is Arrival.GAP
    assert check({(PLACE, BEGIN): 0}).arrival(record(1)) is Arrival.NEW


def test_on_a_trimmed_log_the_first_sequence_is_the_base() -> None:
    checked = check({(PLACE, BEGIN): 4000})

    assert checked.arrival(record(31)) is Arrival.NEW
    assert checked.arrival(record(31)) is Arrival.SEEN
    assert checked.arrival(record(32)) is Arrival.NEW


def test_a_trimmed_log_may_begin_with_a_late_repetition_and_go_on_where_it_really_was() -> None:
    checked = check({(PLACE, BEGIN): 4000})

    arrivals = [checked.arrival(record(number)) for number in (5, 6, 21, 22)]

    assert arrivals == [Arrival.NEW] * 4
    assert checked.arrival(record(24)) is Arrival.GAP


def test_what_may_have_been_a_repetition_is_known_to_the_next_batch() -> None:
    before = check({(PLACE, BEGIN): 4000})
    before.arrival(record(5))

    after = check({(PLACE, BEGIN): 4000, **before.moved})

    assert after.arrival(record(21)) is Arrival.NEW
    assert after.arrival(record(23)) is Arrival.GAP


def test_no_repetition_is_longer_than_what_a_writer_keeps() -> None:
    checked = check({(PLACE, BEGIN): 4000})
    checked.arrival(record(5))
    checked.moved[PLACE, "ingest.resolve/0/x"] = 5 + LONGEST_REPETITION

    assert checked.arrival(record(7 + LONGEST_REPETITION)) is Arrival.GAP


def test_what_an_operator_accepted_is_gone_past_once() -> None:
    origin = "ingest.resolve/0/x"
    checked = check({(PLACE, origin): 7, (PLACE, ACCEPTED + origin): 7})

    assert checked.arrival(record(7)) is Arrival.SEEN
    assert checked.arrival(record(12)) is Arrival.NEW
    assert checked.arrival(record(14)) is Arrival.GAP


def test_origins_do_not_disturb_each_other() -> None:
    checked = check({(PLACE, "a"): 1, (PLACE, "b"): 5})

    assert checked.arrival(record(2, "a")) is Arrival.NEW
    assert checked.arrival(record(6, "b")) is Arrival.NEW


@given(st.lists(st.integers(min_value=0, max_value=30), max_size=60))
def test_whatever_is_republished_each_number_is_new_exactly_once(jumps_back: list[int]) -> None:
    checked, published, new = check(), 0, []
    for back in jumps_back:
        for sequence in range(max(1, published - back), published + 2):
            new += [sequence] * (checked.arrival(record(sequence)) is Arrival.NEW)
        published += 1
    assert new == list(range(1, published + 1))


def test_numbers_are_dense_per_topic_and_target_and_leave_the_standing_alone() -> None:
    standing = Standing(partition=0, epoch=1, batch=0, drawn={"decisions": [4, 0]})
    draw = SequenceDraw.of(standing, partitions=2)

    assert [draw.next(Place("decisions", p)) for p in (0, 0, 1)] == [5, 6, 1]
    assert draw.next(Place("journey.steps", 1)) == 1
    assert standing.drawn == {"decisions": [4, 0]}
