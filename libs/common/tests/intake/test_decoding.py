"""What may enter a batch: sequence, type, workspace and shape are judged before anything is folded."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from common.consuming import Record
from common.contracts import load_topics
from common.contracts.ingestion import IngestTicked
from common.intake.decoding import MOST_UNSAVED
from common.intake.reading import TOMBSTONE
from common.streaming.ports import Outgoing, Position
from libs.common.tests.consuming.making import (
    NOW,
    Odd,
    outgoing,
)
from libs.common.tests.intake.taking import ANNA, PLACE, good, reasons, take


def test_a_good_record_moves_the_position_and_is_kept() -> None:
    intake, _ = take(good())

    assert len(intake.signals) == 1
    assert intake.positions[PLACE][1].next_offset == 1


def test_garbage_is_poison_and_the_rest_goes_on() -> None:
    intake, _ = take(Outgoing(b"k", b"\xff{"), good())

    assert reasons(intake) == ["undecodable"]
    assert len(intake.signals) == 1
    assert intake.positions[PLACE][1].next_offset == 2


def test_an_unknown_type_is_poison() -> None:
    assert reasons(take(outgoing(ANNA, Odd()))[0]) == ["unknown_type"]


@pytest.mark.parametrize(
    ("type_", "told"),
    [
        ("order.packed.v1", "order.packed.v1"),
        ("ada@example.com", "no name of a type"),
        ("ada.v1.example", "no name of a type"),
    ],
)
def test_why_it_is_poison_quotes_only_what_could_be_a_name_of_ours(type_: str, told: str) -> None:
    sent = good()
    value = msgspec.json.decode(sent.value or b"") | {"type": type_}
    intake, _ = take(msgspec.structs.replace(sent, value=msgspec.json.encode(value)))

    assert [(poison.reason, poison.detail) for poison in intake.poison] == [("unknown_type", told)]


def test_headers_that_are_no_numbers_are_poison() -> None:
    assert reasons(take(good(origin=b"x", sequence=b"-1"))[0]) == ["undecodable"]
    assert reasons(take(good(accepted=b"soon"))[0]) == ["undecodable"]


@pytest.mark.parametrize("origin", [b"\xff", b"a\0b", b"@begin", b"", b"o" * 201], ids=ascii)
def test_an_origin_that_is_none_of_ours_is_poison(origin: bytes) -> None:
    intake, _ = take(good(origin=origin, sequence=b"1"), good())

    assert reasons(intake) == ["undecodable"]
    assert len(intake.signals) == 1


def test_a_time_that_no_calendar_has_is_poison() -> None:
    intake, _ = take(good(accepted=b"9" * 18), good())

    assert reasons(intake) == ["undecodable"]
    assert len(intake.signals) == 1


def test_an_envelope_too_deep_to_read_is_poison() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    value = good().value or b""
    intake, _ = take(Outgoing(b"k", value.replace(b'"data":{', b'"data":{"x":' + deep + b",")))

    assert reasons(intake) == ["undecodable"]


@pytest.mark.parametrize("said", [b"a\0b", b"\xff", b"00-" + b"f" * 9_000])
def test_a_trace_that_is_none_is_not_carried_on(said: bytes) -> None:
    intake, _ = take(good(traceparent=said))

    assert [record.traceparent for record in intake.signals] == [None]


def test_a_trace_is_carried_on() -> None:
    trace = b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01"
    intake, _ = take(good(traceparent=trace))

    assert [record.traceparent for record in intake.signals] == [trace.decode()]


def test_a_tombstone_is_a_record_of_its_own_type() -> None:
    intake, _ = take(Outgoing(str(ANNA).encode(), None))

    assert [(r.event.type, r.event.subject) for r in intake.signals if isinstance(r, Record)] == [
        (TOMBSTONE, str(ANNA))
    ]


def test_a_duplicate_moves_the_position_and_nothing_else() -> None:
    intake, _ = take(good(origin=b"o", sequence=b"1"), good(origin=b"o", sequence=b"1"))

    assert len(intake.signals) == 1
    assert not intake.only_ticks
    assert intake.positions[PLACE][1].next_offset == 2


def test_a_gap_ends_the_intake_before_it() -> None:
    intake, _ = take(good(origin=b"o", sequence=b"1"), good(origin=b"o", sequence=b"3"), good())

    assert intake.gap is not None
    assert len(intake.signals) == 1
    assert intake.positions[PLACE][1].next_offset == 1


def test_a_batch_of_ticks_alone_says_so() -> None:
    intake, _ = take(outgoing(ANNA, IngestTicked(partition=0), workspace="*"))

    assert intake.only_ticks
    assert intake.newest is not None


def test_a_few_ticks_are_not_worth_a_commit_and_many_are() -> None:
    saved = {PLACE: Position(5, NOW)}
    tick = outgoing(ANNA, IngestTicked(partition=0), workspace="*")

    few, _ = take(*[tick] * 10, begin=5, positions=saved)
    many, _ = take(*[tick] * 10, begin=MOST_UNSAVED, positions=saved)
    first, _ = take(tick)

    assert not few.worth_a_commit
    assert many.worth_a_commit
    assert first.worth_a_commit


def test_the_first_records_of_a_trimmed_log_give_the_base() -> None:
    intake, _ = take(
        good(origin=b"o", sequence=b"31"), good(origin=b"o", sequence=b"32"), begin=4000
    )

    assert intake.gap is None
    assert len(intake.signals) == 2


def test_a_strangers_headers_on_the_raw_topic_are_no_sequence_of_ours() -> None:
    """A connector's `origin: shop-1, sequence: 1000` looked like a gap, and stopped everybody's timers."""
    assert not load_topics(6)["ingest.events"].sequenced


def test_what_was_appended_before_this_life_is_history() -> None:
    intake, _ = take(good(), good(), live_since=NOW + timedelta(milliseconds=1))

    assert [signal.history for signal in intake.signals] == [True, False]


def test_what_history_led_to_is_history() -> None:
    intake, _ = take(good(history=b"1"))

    assert [signal.history for signal in intake.signals] == [True]


@pytest.mark.parametrize(("value", "past"), [(b"1", True), (b"0", False), (b"yes", False)])
def test_what_is_imported_says_itself_that_it_is_the_past(value: bytes, past: bool) -> None:
    raw = "ingest.events"
    intake, _ = take(
        good(history=value), good(), topic=raw, anchor=raw, unsequenced=frozenset({raw})
    )

    assert [signal.history for signal in intake.signals] == [past, False]


def test_on_other_topics_without_our_sequence_nobody_says_so() -> None:
    topic = "profile.contacts"
    intake, _ = take(good(history=b"1"), topic=topic, unsequenced=frozenset({topic}))

    assert [signal.history for signal in intake.signals] == [False]
