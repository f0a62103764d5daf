"""Virtual time moves only to where everything before it was folded, and never back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from common.contracts.ingestion import IngestProgressed
from common.progress.virtual_time import VirtualTime
from common.streaming.ports import Bounds, Place, Position, Standing
from common.streaming.sequences import BEGIN
from libs.common.tests.consuming.making import NOW

PLACE = Place("profile.activity", 0)


def statement(raw: int, seconds: int, sequence: int, origin: str = "o") -> IngestProgressed:
    return IngestProgressed(
        partition=raw,
        until=NOW + timedelta(seconds=seconds),
        origin=f"{origin}/{raw}",
        sequences=(sequence, 0),
    )


def folded(
    origins: Mapping[str, int] | None = None, *, began: int = 0, position: int | None = None
) -> Standing:
    """What was folded of each origin, reading from that offset to this one."""
    standing = Standing(partition=0, epoch=1, batch=1)
    standing.seen = {(PLACE, origin): last for origin, last in (origins or {}).items()}
    standing.seen[PLACE, BEGIN] = began
    if position is not None:
        standing.positions[PLACE] = Position(position, NOW)
    return standing


def test_there_is_no_time_until_every_raw_partition_spoke() -> None:
    time = VirtualTime(PLACE, 2)
    time.state(statement(0, 5, 0))
    assert time.advance(folded()) is None

    time.state(statement(1, 3, 0))
    assert time.advance(folded()) == NOW + timedelta(seconds=3)


def test_a_statement_counts_only_when_its_sequences_were_folded() -> None:
    time = VirtualTime(PLACE, 1)
    time.state(statement(0, 5, 2))

    assert time.advance(folded({"o/0": 1})) is None
    assert time.advance(folded({"o/0": 2})) == NOW + timedelta(seconds=5)


def test_newer_statements_do_not_starve_the_one_that_waits() -> None:
    time = VirtualTime(PLACE, 1)
    for second in range(1, 50):
        time.state(statement(0, second, second))
        time.advance(folded({"o/0": second - 1}))

    assert time.advance(folded({"o/0": 49})) == NOW + timedelta(seconds=49)


def test_a_new_life_of_the_database_is_not_waited_for_in_vain() -> None:
    time = VirtualTime(PLACE, 1)
    time.state(statement(0, 5, 99, "old"))
    time.state(statement(0, 6, 0, "new"))

    assert time.advance(folded()) == NOW + timedelta(seconds=6)


@given(st.permutations([(raw, second) for raw in (0, 1) for second in range(6)]))
def test_late_and_repeated_statements_never_turn_time_back(order: list[tuple[int, int]]) -> None:
    time, last = VirtualTime(PLACE, 2), None
    for raw, second in order:
        time.state(statement(raw, second, 0))
        now = time.advance(folded())
        assert last is None or (now is not None and now >= last)
        last = now
    assert last == NOW + timedelta(seconds=5)


def test_what_was_trimmed_before_reading_began_is_not_waited_for() -> None:
    time = VirtualTime(PLACE, 1)
    time.state(statement(0, 5, 7))
    midway, through = folded(began=3, position=5), folded(began=3, position=6)

    doubts = time.doubts(midway)
    time.settle(doubts, Bounds(3, 6))

    assert time.advance(midway) is None  # an untrimmed one may still come
    assert time.advance(through) == NOW + timedelta(seconds=5)


def test_what_was_written_after_the_bounds_were_asked_is_waited_for() -> None:
    time = VirtualTime(PLACE, 1)
    time.state(statement(0, 5, 7))
    standing = folded(began=3, position=6)
    doubts = time.doubts(standing)
    time.state(statement(0, 6, 8))

    time.settle(doubts, Bounds(3, 6))

    assert time.advance(standing) == NOW + timedelta(seconds=5)
    assert time.doubts(standing) == [statement(0, 6, 8)]


def test_a_record_that_is_missing_from_a_whole_log_is_waited_for() -> None:
    time = VirtualTime(PLACE, 1)
    time.state(statement(0, 5, 7))

    assert time.doubts(folded(position=6)) == []
    assert time.advance(folded(position=6)) is None
