"""What counts as open in the quarantines, and what a retry or a word that nothing is to be done says."""

from __future__ import annotations

from typing import Any

import pytest

from common.contracts import decode_event
from common.contracts.runtime import RecordRetried
from common.streaming.ports import Fetched, Place
from cuestream.commands.quarantine.items import Item, Spot, Wish, find, gather, group
from cuestream.commands.quarantine.reasons import advice
from cuestream.commands.quarantine.retrying import Command, Refused, discard, is_original, retry
from deploy.local.tests.quarantine.aside import (
    ANNA,
    NOON,
    SCORES,
    activity,
    appended,
    discarded,
    lying,
    only,
    original,
    refused,
    retried,
    timer,
)


def said(item: Item, found: Fetched | None = None) -> Command:
    command = retry(item, found, by="ops", now=NOON)
    assert isinstance(command, Command)
    return command


def refusal(item: Item, found: Fetched | None = None) -> str:
    answer = retry(item, found, by="ops", now=NOON)
    assert isinstance(answer, Refused)
    return answer.why


def test_a_physical_copy_counts_once_and_answers_to_both_places() -> None:
    items = gather([lying(3, activity(), sequence=9), lying(2, activity(), sequence=9)], ())

    assert [(item.spot.offset, item.copies) for item in items] == [(2, (3,))]
    assert find(items, Spot(*SCORES, 3)) is items[0]
    assert retried(said(items[0]).record).offset == 2


def test_causes_are_counted_the_most_frequent_first() -> None:
    found = [lying(n, activity(number=n)) for n in range(3)]
    groups = group(gather([refused(), *found], ()))

    counts = [(one.service, one.topic, one.reason, len(one.items)) for one in groups]
    assert counts == [
        ("scoring", "profile.activity", "fold_failed", 3),
        ("ingest", "ingest.events", "event_too_large", 1),
    ]


def test_what_was_retried_or_discarded_is_open_no_more() -> None:
    aside = [lying(0, activity()), lying(1, activity(number=1)), lying(2, activity(number=2))]
    first, second, _ = gather(aside, ())
    words = [
        appended(discard(first, by="ops", now=NOON).record, Place("scoring.commands", 1), 0),
        appended(said(second).record, Place("scoring.commands", 1), 1),
        appended(said(first).record, Place("scoring.commands", 1), 2),
    ]

    items = gather(aside, words)

    assert [item.state for item in items] == ["retried", "retried", "open"]
    assert [item for item in items if Wish().takes(item)] == items[2:]
    assert [item for item in items if Wish(settled=True).takes(item)] == items
    assert items[1].settled is not None
    assert items[1].settled.by == "ops"


@pytest.mark.parametrize(
    ("wish", "taken"),
    [
        (Wish(service="ingest"), ["event_too_large"]),
        (Wish(reason="fold_failed"), ["fold_failed"]),
        (Wish(topic="profile.activity", service="dispatcher"), []),
    ],
)
def test_filters_leave_what_they_name(wish: Wish, taken: list[str]) -> None:
    items = gather([refused(), lying(0, activity())], ())

    assert [item.reason for item in items if wish.takes(item)] == taken


class TestRetry:
    def test_the_original_goes_where_its_partition_has_the_same_number(self) -> None:
        whole = activity("x" * 40_000)
        item = only(lying(5, whole[: 32 * 1024]))

        command = said(item, original(whole, traceparent=b"00-trace"))

        event = decode_event(command.record.value or b"")
        assert command.place == Place("scoring.commands", 1)
        assert command.record.key == str(ANNA).encode()
        assert (event.subject, event.workspace) == (str(ANNA), "shop")
        assert event.correlationid == decode_event(whole).correlationid
        assert bytes(retried(command.record).event) == whole
        assert command.record.headers["traceparent"] == b"00-trace"

    def test_a_copy_that_was_cut_is_of_no_use_without_its_original(self) -> None:
        item = only(lying(5, activity("x" * 40_000)[: 32 * 1024]))

        assert refusal(item) == (
            "the copy is cut at 32 KiB, and its original is gone from profile.activity/1@40"
        )

    def test_a_whole_copy_is_enough(self) -> None:
        assert bytes(retried(said(only(lying(5, activity()))).record).event) == activity()

    def test_what_was_history_stays_it(self) -> None:
        by_copy = said(only(lying(0, activity(), more={"history": b"1"})))
        by_original = said(only(lying(0, activity())), original(activity(), history=b"1"))

        assert by_copy.record.headers["history"] == by_original.record.headers["history"] == b"1"

    def test_a_timer_fires_again_as_the_timer_it_was(self) -> None:
        item = only(lying(0, timer(), origin_offset=-1))

        command = said(item)

        word = retried(command.record)
        assert item.kind == "timer"
        assert word.timer is not None
        assert (word.timer.name, word.timer.profile_id, word.timer.due_at) == (
            "silence",
            ANNA,
            NOON,
        )
        assert decode_event(command.record.value or b"").workspace == "shop"
        assert bytes(word.event) == b"null"

    def test_what_failed_again_is_unwrapped(self) -> None:
        first = said(only(lying(0, activity())))
        commands = Place("scoring.commands.quarantine", 1)
        again = only(lying(4, first.record.value, place=commands, origin_offset=7))

        word = retried(said(again).record)

        assert (word.topic, word.offset) == ("scoring.commands.quarantine", 4)
        assert bytes(word.event) == activity()
        assert decode_event(bytes(word.event)).type != RecordRetried.TYPE

    def test_what_the_edge_refused_was_told_to_its_client(self) -> None:
        item = only(refused())

        assert item.kind == "message"
        assert "whoever sent it was told" in refusal(item)
        assert "told the client" in advice(item).means

    @pytest.mark.parametrize(
        ("value", "why"),
        [
            (b"no json", "cannot read it either"),
            (activity().replace(b"profile.activity_recorded.v1", b"odd.happened.v1"), "odd.happen"),
            (activity().replace(b'"name":', b'"gnome":'), "cannot read it either"),
            (None, "tombstone"),
        ],
    )
    def test_what_would_be_set_aside_again_is_refused(self, value: bytes | None, why: str) -> None:
        assert why in refusal(only(lying(0, value, reason="undecodable")))

    def test_a_copy_with_marks_instead_of_bytes_is_not_taken_for_the_original(self) -> None:
        damaged = activity("caf\ufffd")

        assert "no text" in refusal(only(lying(0, damaged, reason="undecodable")))
        assert said(only(lying(0, damaged)))

    def test_a_topic_that_was_made_anew_does_not_hold_the_original(self) -> None:
        item = only(lying(0, activity()))

        assert is_original(item, original(activity()))
        assert not is_original(item, original(activity(number=3)))
        assert not is_original(item, None)
        assert is_original(only(lying(0, None)), original(None))


def test_a_word_that_nothing_is_to_be_done_belongs_to_no_workspace() -> None:
    command = discard(only(refused(4)), by="ops", now=NOON)

    event = decode_event(command.record.value or b"")
    word = discarded(command.record)
    assert command.place == Place("ingest.commands", 0)
    assert event.workspace == "*"
    assert (word.topic, word.partition, word.offset) == ("ingest.events.quarantine", 0, 4)


@pytest.mark.parametrize("reason", ["undecodable", "unknown_workspace", "fold_failed", "its_own"])
def test_every_cause_has_words(reason: str) -> None:
    told: Any = advice(only(lying(0, activity(), reason=reason)))

    assert told.means.endswith(".")
    assert told.then.endswith(".")
