"""What may enter a batch: sequence, type, workspace and shape are judged before anything is folded."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from common.clock import EPOCH
from common.configuration import Configuration
from common.consuming import Record, TimerDue
from common.contracts import load_topics, payload_types
from common.contracts.ingestion import IngestTicked
from common.contracts.profiles import ActivityRecorded
from common.contracts.runtime import FiredTimer, RecordRetried
from common.intake.decoding import MOST_UNSAVED, Decoder, Intake
from common.intake.holding import Holds
from common.intake.reading import TOMBSTONE
from common.streaming.ports import Fetched, Outgoing, Place, Position, Standing
from libs.common.tests.consuming.making import (
    NOW,
    RELEASES,
    Odd,
    activity,
    fetched,
    outgoing,
    profile,
)

ANNA = profile(1)
PLACE = Place("profile.activity", 0)


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def take(
    *records: Outgoing,
    configuration: Configuration = RELEASES,
    holds: Holds | None = None,
    begin: int = 0,
    positions: dict[Place, Position] | None = None,
    live_since: datetime = EPOCH,
    topic: str = "profile.activity",
) -> tuple[Intake, list[Fetched]]:
    """Take the records as they were read; read ahead or not, they come to the same."""
    items = [fetched(record, at, topic=topic) for at, record in enumerate(records, begin)]
    standings = {0: Standing(partition=0, epoch=1, batch=0, positions=positions or {})}

    def taken(decoder: Decoder) -> tuple[Intake, list[Fetched]]:
        waits = deepcopy(holds) or Holds(Seconds())
        intakes, held = decoder.take(items, standings, configuration, waits)
        return intakes[0], held

    ahead = _decoder(topic, live_since)
    ahead.prepare(items)
    assert taken(ahead) == taken(_decoder(topic, live_since))
    intakes, held = _decoder(topic, live_since).take(
        items, standings, configuration, holds or Holds(Seconds())
    )
    return intakes[0], held


def _decoder(topic: str, live_since: datetime) -> Decoder:
    return Decoder(
        loop="test.consume",
        anchor="profile.activity",
        types=frozenset(payload_types()),
        inputs=(topic,),
        unsequenced=frozenset(),
        live_since=live_since,
    )


def good(**headers: bytes) -> Outgoing:
    return outgoing(ANNA, activity(ANNA), headers=headers)


def reasons(intake: Intake) -> list[str]:
    return [poison.reason for poison in intake.poison]


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


def test_a_record_of_an_unknown_workspace_waits_and_then_is_poison() -> None:
    seconds = Seconds()
    holds = Holds(seconds)
    stranger = outgoing(ANNA, activity(ANNA), workspace="elsewhere")

    intake, held = take(good(), stranger, good(), holds=holds)
    assert [item.offset for item in held] == [1]
    assert intake.positions[PLACE][1].next_offset == 1
    assert holds.over(RELEASES) == []

    seconds.now = 10.0
    assert holds.over(RELEASES) == [PLACE]
    intake, held = take(good(), stranger, good(), holds=holds)
    assert held == []
    assert reasons(intake) == ["unknown_workspace"]


def test_a_workspace_is_waited_for_once_however_many_records_it_has() -> None:
    seconds = Seconds()
    holds = Holds(seconds)
    stranger = outgoing(ANNA, activity(ANNA), workspace="elsewhere")
    take(stranger, holds=holds)

    seconds.now = 10.0
    intake, held = take(stranger, stranger, good(), stranger, holds=holds)
    assert held == []
    assert reasons(intake) == ["unknown_workspace"] * 3

    seconds.now = 11.0
    _, held = take(stranger, begin=4, holds=holds)
    assert held == []


def test_a_workspace_that_was_silent_for_long_is_waited_for_anew() -> None:
    seconds = Seconds()
    holds = Holds(seconds)
    stranger = outgoing(ANNA, activity(ANNA), workspace="elsewhere")
    take(stranger, holds=holds)
    seconds.now = 10.0
    take(stranger, holds=holds)

    seconds.now = 200.0
    _, held = take(stranger, begin=1, holds=holds)
    assert len(held) == 1


def test_the_wait_ends_with_the_first_release() -> None:
    holds = Holds(Seconds())
    _, held = take(good(), configuration=Configuration(), holds=holds)

    assert len(held) == 1
    assert holds.over(Configuration()) == []
    assert holds.over(RELEASES) == [PLACE]


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


def retry(message: str = "r", **changes: Any) -> Outgoing:
    retried = RecordRetried(
        topic="profile.activity.quarantine",
        partition=0,
        offset=7,
        event=msgspec.Raw(good().value or b""),
    )
    return outgoing(ANNA, msgspec.structs.replace(retried, **changes), message=message)


def test_a_retry_gives_the_record_that_was_set_aside() -> None:
    intake, _ = take(retry())

    (signal,) = intake.signals
    assert isinstance(signal, Record)
    assert signal.event.type == ActivityRecorded.TYPE
    assert signal.accepted_at == NOW


def test_one_quarantined_record_is_retried_once_however_often_it_is_asked() -> None:
    intake, _ = take(retry("first"), retry("second"), retry("another", offset=8))

    assert len(intake.signals) == 2


def test_a_retried_timer_fires_as_it_would_have() -> None:
    timer = FiredTimer(ANNA, "silence", NOW)
    intake, _ = take(retry(event=msgspec.Raw(b"null"), timer=timer))

    (signal,) = intake.signals
    assert isinstance(signal, TimerDue)
    assert (signal.name, signal.due_at, signal.retried_at) == ("silence", NOW, NOW)


def test_a_retry_of_nothing_is_poison() -> None:
    intake, _ = take(retry(event=msgspec.Raw(b"null")))

    assert reasons(intake) == ["undecodable"]


def test_what_an_earlier_life_handed_over_to_itself_is_passed_over() -> None:
    old, _ = take(good(), topic="test.handover", live_since=NOW + timedelta(seconds=1))
    new, _ = take(good(), topic="test.handover")

    assert (len(old.signals), len(new.signals)) == (0, 1)
    assert old.positions.keys() == {Place("test.handover", 0)}
    assert not old.only_ticks
