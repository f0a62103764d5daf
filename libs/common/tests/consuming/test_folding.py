"""Folding a batch: in order, pure, poison set apart, moved timers not fired."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from common.consuming import Consequence, Entry, Folded, FuseBlownError, Handlers, Record, Sheet
from common.consuming.folding import Folder, Fuse
from common.contracts import decode_event
from common.contracts.profiles import ActivityRecorded, LeadScored
from common.intake.reading import record_of
from common.kafka import MAX_BATCH_BYTES
from common.streaming.model import Signal, TimerDue
from libs.common.tests.consuming.making import (
    NOW,
    RELEASES,
    Tally,
    activity,
    fetched,
    handlers,
    outgoing,
    profile,
)

ANNA = profile(1)


def record(name: str = "Product Viewed", offset: int = 0, who: UUID = ANNA) -> Record:
    item = fetched(outgoing(who, activity(who, name), message=str(offset)), offset)
    return record_of(item)


def timer(name: str = "silence") -> TimerDue:
    return TimerDue(0, "shop", ANNA, name, NOW, ANNA)


def key_of(signal: Signal) -> Hashable:
    return signal.profile_id if isinstance(signal, TimerDue) else UUID(signal.event.subject)


def sheet() -> Sheet[Tally]:
    return Sheet({ANNA: Entry(None, None)}, key_of)


def folder(fuse: Fuse | None = None) -> Folder[Tally]:
    return Folder("test.consume", handlers(RELEASES), fuse or Fuse())


def test_records_of_one_profile_fold_one_after_another() -> None:
    page = sheet()
    folder().fold(page, [record(offset=n) for n in range(3)], (), lambda _: NOW)

    assert page.entries[ANNA].state == Tally(count=3)
    assert page.entries[ANNA].now == NOW + timedelta(milliseconds=2)


def test_a_fold_that_raises_changes_nothing_and_the_others_go_on() -> None:
    page = sheet()
    outcome = folder().fold(
        page, [record(), record("Poison", 1), record(offset=2)], (), lambda _: NOW
    )

    assert page.entries[ANNA].state == Tally(count=2)
    assert [(f.reason, f.detail.split()[0]) for f in outcome.failures] == [
        ("fold_failed", "ZeroDivisionError")
    ]


def test_a_timer_that_a_record_of_the_batch_moved_does_not_fire() -> None:
    page = sheet()
    outcome = folder().fold(page, [record()], [timer()], lambda _: NOW)

    assert outcome.fired == []
    assert page.entries[ANNA].state == Tally(count=1)


def test_a_timer_fires_at_virtual_time_but_never_before_what_the_profile_saw() -> None:
    page = sheet()
    page.entries[ANNA].now = NOW + timedelta(minutes=5)
    outcome = folder().fold(page, (), [timer()], lambda _: NOW)

    assert outcome.fired == [timer()]
    assert page.entries[ANNA].now == NOW + timedelta(minutes=5)


def test_the_same_signal_leads_to_the_same_bytes() -> None:
    first = folder().fold(sheet(), [record()], (), lambda _: NOW).effects
    second = folder().fold(sheet(), [record()], (), lambda _: NOW).effects

    assert first == second
    assert first[0].value is not None
    event = decode_event(first[0].value)
    assert event.causationid == record().cause
    assert event.payload(LeadScored).score == 1


def test_too_many_bugs_in_a_row_blow_the_fuse() -> None:
    broken = folder(Fuse(limit=3))
    broken.fold(sheet(), [record("Poison", n) for n in (0, 1)], (), lambda _: NOW)

    with pytest.raises(FuseBlownError):
        broken.fold(sheet(), [record("Poison", 2)], (), lambda _: NOW)


def test_one_good_fold_mends_the_fuse() -> None:
    mended = folder(Fuse(limit=3))
    names = ["Poison", "Poison", "Product Viewed", "Poison", "Poison"]
    mended.fold(sheet(), [record(n, i) for i, n in enumerate(names)], (), lambda _: NOW)

    assert mended.fuse.failures == 2


@pytest.mark.parametrize("size", [1_000_000, MAX_BATCH_BYTES - 500])
def test_a_consequence_that_the_broker_would_never_take_quarantines_its_cause(size: int) -> None:
    def swell(state: Tally | None, signal: Signal, now: datetime) -> Folded[Tally]:
        large = LeadScored(
            score=1, previous_score=None, grade="x" * size, reasons=(), model_version="1"
        )
        return Folded(state or Tally(), {}, (Consequence("profile.scores", large, str(ANNA)),))

    page = sheet()
    outcome = Folder("test.consume", Handlers({ActivityRecorded.TYPE: swell}), Fuse()).fold(
        page, [record()], (), lambda _: NOW
    )

    assert [f.reason for f in outcome.failures] == ["consequence_too_large"]
    assert not page.entries[ANNA].changed
