"""A record waits for its workspace, for so long; what was set aside is taken again, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from common.configuration import Configuration
from common.consuming import Record, TimerDue
from common.contracts.profiles import ActivityRecorded
from common.contracts.runtime import FiredTimer, RecordRetried
from common.intake.holding import Holds
from common.streaming.ports import Outgoing, Place
from libs.common.tests.consuming.making import (
    NOW,
    RELEASES,
    activity,
    outgoing,
)
from libs.common.tests.intake.taking import ANNA, PLACE, Seconds, good, reasons, take


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
