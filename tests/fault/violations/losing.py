"""I1, I2 and I7: things lost, counted twice, or neither processed nor put aside."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from common.contracts.ingestion import EventAccepted
from common.contracts.profiles import ActivityRecorded
from common.ids import derive
from common.streaming.ports import Fetched, Place
from tests.fault.history.memory import MemoryHistory
from tests.fault.recording import Recording
from tests.fault.violations import forging
from tests.fault.workload.answers import UNSENT

RAW, ACTIVITY = "ingest.events", "profile.activity"


def an_accepted_event_vanishes_from_the_log(recording: Recording) -> None:
    item, _ = next(forging.events(recording.history, RAW, EventAccepted.TYPE))
    forging.drop(recording.history, item)


def an_accepted_event_is_not_taken_in(recording: Recording) -> None:
    forging.drop_row(recording.history, "ingest.seen_messages", lambda _: True)


def a_consequence_is_never_published(recording: Recording) -> None:
    forging.drop(recording.history, _activity(recording.history))


def a_consequence_is_lost_and_the_sequence_hides_it(recording: Recording) -> None:
    forging.drop_unseen(recording.history, _activity(recording.history))


def a_batch_leaves_out_a_record(recording: Recording) -> None:
    item, entry = next(
        (item, entry)
        for item, entry in forging.journal(recording.history, "orchestrator")
        if entry.runs and entry.batch > 1
    )
    run = msgspec.structs.replace(entry.runs[0], first=entry.runs[0].first + 1)
    forging.rewrite(recording.history, item, runs=(run, *entry.runs[1:]))


def a_batch_takes_a_record_again(recording: Recording) -> None:
    item, entry = next(
        (item, entry)
        for item, entry in forging.journal(recording.history, "scoring")
        if entry.runs and entry.runs[0].first > 0
    )
    run = msgspec.structs.replace(entry.runs[0], first=entry.runs[0].first - 1)
    forging.rewrite(recording.history, item, runs=(run, *entry.runs[1:]))


def a_request_leads_to_no_delivery(recording: Recording) -> None:
    forging.drop_row(recording.history, "dispatcher.deliveries", lambda _: True)


def an_event_becomes_two_activities(recording: Recording) -> None:
    history = recording.history
    item = _activity(history)
    last = max(
        int(other.headers["sequence"])
        for other in history.logs[item.place]
        if other.headers.get("origin") == item.headers["origin"]
    )
    forging.append(history, forging.with_header(item, "sequence", b"%d" % (last + 1)))


def an_event_is_taken_in_that_nobody_sent(recording: Recording) -> None:
    rows = recording.history.tables["ingest.seen_messages"]
    rows.append(msgspec.structs.replace(rows[0], event_id=derive("an event of nobody")))


def an_activity_counts_that_nobody_did(recording: Recording) -> None:
    """Consistent in all that the services keep: only the clients know that it never happened."""
    told = recording.told
    number = next(step.number for step in told.plan.steps if step.verb == "viewed")
    told.answers.messages[number] = UNSENT


def poison_is_put_aside_by_one_of_two_readers(recording: Recording) -> None:
    history = recording.history
    item = next(
        item
        for place, items in sorted(history.logs.items())
        if place.topic.endswith(".quarantine")
        for item in items
        if item.headers["service"] == b"orchestrator"
    )
    forging.drop(history, item)


def a_record_is_put_aside_without_a_reason(recording: Recording) -> None:
    history = recording.history
    item = _aside(history)
    forging.put(history, item, forging.with_header(item, "reason", b""))


def a_good_record_is_put_aside(recording: Recording) -> None:
    history = recording.history
    good, aside = _activity(history), _aside(history)
    headers = {
        **aside.headers,
        "service": b"orchestrator",
        "reason": b"undecodable",
        "origin_topic": good.place.topic.encode(),
        "origin_partition": b"%d" % good.place.partition,
        "origin_offset": b"%d" % good.offset,
    }
    forging.append(history, replace(aside, headers=headers))


def what_the_edge_rejected_is_nowhere(recording: Recording) -> None:
    history = recording.history
    for partition in range(history.partitions):
        place = Place(RAW + ".quarantine", partition)
        rejected = [item for item in history.logs[place] if "event_id" in item.headers]
        for item in rejected:
            forging.drop(history, item)


def _activity(history: MemoryHistory) -> Fetched:
    return next(
        item
        for item, _ in forging.events(history, ACTIVITY, ActivityRecorded.TYPE)
        if "sequence" in item.headers
    )


def _aside(history: MemoryHistory) -> Fetched:
    return next(
        item
        for place, items in sorted(history.logs.items())
        if place.topic.endswith(".quarantine")
        for item in items
        if "event_id" not in item.headers
    )
