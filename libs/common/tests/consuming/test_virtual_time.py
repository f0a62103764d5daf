"""Virtual time moves only to where everything before it was folded, and never back."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from common.consuming.ports import Place
from common.consuming.virtual_time import VirtualTime
from common.contracts.ingestion import IngestProgressed
from libs.common.tests.consuming.making import NOW

PLACE = Place("profile.activity", 0)


def statement(raw: int, seconds: int, sequence: int, origin: str = "o") -> IngestProgressed:
    return IngestProgressed(
        partition=raw,
        until=NOW + timedelta(seconds=seconds),
        origin=f"{origin}/{raw}",
        sequences=(sequence, 0),
    )


def test_there_is_no_time_until_every_raw_partition_spoke() -> None:
    time = VirtualTime(PLACE, 2)
    time.state(statement(0, 5, 0))
    assert time.advance({}) is None

    time.state(statement(1, 3, 0))
    assert time.advance({}) == NOW + timedelta(seconds=3)


def test_a_statement_counts_only_when_its_sequences_were_folded() -> None:
    time = VirtualTime(PLACE, 1)
    time.state(statement(0, 5, 2))

    assert time.advance({(PLACE, "o/0"): 1}) is None
    assert time.advance({(PLACE, "o/0"): 2}) == NOW + timedelta(seconds=5)


def test_newer_statements_do_not_starve_the_one_that_waits() -> None:
    time = VirtualTime(PLACE, 1)
    for second in range(1, 50):
        time.state(statement(0, second, second))
        time.advance({(PLACE, "o/0"): second - 1})

    assert time.advance({(PLACE, "o/0"): 49}) == NOW + timedelta(seconds=49)


def test_a_new_life_of_the_database_is_not_waited_for_in_vain() -> None:
    time = VirtualTime(PLACE, 1)
    time.state(statement(0, 5, 99, "old"))
    time.state(statement(0, 6, 0, "new"))

    assert time.advance({}) == NOW + timedelta(seconds=6)


@given(st.permutations([(raw, second) for raw in (0, 1) for second in range(6)]))
def test_late_and_repeated_statements_never_turn_time_back(order: list[tuple[int, int]]) -> None:
    time, last = VirtualTime(PLACE, 2), None
    for raw, second in order:
        time.state(statement(raw, second, 0))
        now = time.advance({})
        assert last is None or (now is not None and now >= last)
        last = now
    assert last == NOW + timedelta(seconds=5)
