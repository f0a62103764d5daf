"""I3, I6, I11 and I13: states that are no sequential fold, timers out of time, decisions missing, things left to do."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec
from msgspec.structs import replace

from common.contracts import decode_event, event_bytes
from common.contracts.actions import ActionRequested
from common.contracts.decisions import DecisionMade, EnrollmentExited, EnrollmentMigrated
from common.contracts.profiles import ActivityRecorded
from common.contracts.runtime import BatchJournaled
from common.ids import derive
from common.streaming.ports import Fetched, Place
from tests.fault.history.memory import MemoryHistory
from tests.fault.history.model import TimerRow, WaitingRow
from tests.fault.recording import Recording
from tests.fault.violations import forging

SECOND = timedelta(seconds=1)


def two_activities_of_one_person_change_places(recording: Recording) -> None:
    history = recording.history
    of_person: dict[str, Fetched] = {}
    for item, event in forging.events(history, "profile.activity", ActivityRecorded.TYPE):
        earlier = of_person.get(event.subject)
        if earlier is not None and earlier.value != item.value:
            forging.swap_contents(history, earlier, item)
            return
        of_person[event.subject] = item


def two_batches_change_places_in_the_journal(recording: Recording) -> None:
    history = recording.history
    items = history.logs[Place("scoring.journal", 0)]
    items[1], items[2] = items[2], items[1]


def two_draws_are_exchanged(recording: Recording) -> None:
    history = recording.history
    drawn = [pair for pair in forging.journal(history, "ingest") if pair[1].draw is not None]
    (one, first), (other, second) = drawn[0], drawn[-1]
    forging.rewrite(history, one, draw=second.draw)
    forging.rewrite(history, other, draw=first.draw)


def a_batch_is_missing_in_the_journal(recording: Recording) -> None:
    items = recording.history.logs[Place("orchestrator.journal", 1)]
    del items[len(items) // 2]


def a_state_differs_by_one_byte(recording: Recording) -> None:
    row = recording.history.tables["orchestrator.profiles"][0]
    forging.change_row(
        recording.history,
        "orchestrator.profiles",
        lambda each: each is row,
        state=row.state.replace(b'"Product Viewed":', b'"Product Viewef":', 1) + b" ",
    )


def a_state_is_missing(recording: Recording) -> None:
    forging.drop_row(recording.history, "scoring.profiles", lambda _: True)


def a_person_has_another_version(recording: Recording) -> None:
    forging.change_row(recording.history, "ingest.profiles", lambda _: True, version=99)


def a_recipient_is_an_older_one(recording: Recording) -> None:
    forging.change_row(recording.history, "dispatcher.recipients", lambda _: True, version=0)


def a_consequence_says_something_else(recording: Recording) -> None:
    item, _ = next(forging.events(recording.history, "decisions", DecisionMade.TYPE))
    forging.rewrite(recording.history, item, reason="because")


def a_timer_fires_early(recording: Recording) -> None:
    item, entry = _fired(recording.history)
    forging.rewrite(recording.history, item, virtual_time=entry.timers[0].due_at - SECOND)


def a_timer_fires_twice(recording: Recording) -> None:
    item, entry = _fired(recording.history)
    forging.rewrite(recording.history, item, timers=(*entry.timers, entry.timers[0]))


def a_timer_never_fires(recording: Recording) -> None:
    """One of somebody who did nothing afterwards that would have cancelled it."""
    history = recording.history
    item, entry, fired = next(
        (item, entry, fired)
        for item, entry in forging.journal(history, "orchestrator")
        for fired in entry.timers
        if _after(history, entry, fired.profile_id) is None
    )
    others = tuple(timer for timer in entry.timers if timer != fired)
    forging.rewrite(history, item, timers=others)


def a_timer_overtakes_an_event(recording: Recording) -> None:
    """An event of somebody whose timer had fired turns out to have been accepted before that was due."""
    history = recording.history
    for _, entry in forging.journal(history, "orchestrator"):
        for fired in entry.timers:
            later = _after(history, entry, fired.profile_id)
            if later is not None:
                accepted = (fired.due_at - SECOND).timestamp() * 1_000_000
                changed = forging.with_header(later, "accepted", b"%d" % round(accepted))
                forging.put(history, later, changed)
                return
    raise LookupError("nobody came back after a timer")


def an_enrollment_is_never_decided(recording: Recording) -> None:
    item, _ = next(forging.events(recording.history, "decisions", DecisionMade.TYPE))
    forging.drop_unseen(recording.history, item)


def a_proposal_is_decided_twice(recording: Recording) -> None:
    history = recording.history
    item, _ = next(forging.events(history, "decisions", DecisionMade.TYPE))
    added = forging.append(history, item)
    forging.rewrite(history, added, outcome="expired")


def an_enrollment_ends_on_another_version(recording: Recording) -> None:
    history = recording.history
    item, _ = next(forging.events(history, "journey.steps", EnrollmentExited.TYPE))
    forging.rewrite(history, item, version="another")


def an_enrollment_is_moved_twice(recording: Recording) -> None:
    history = recording.history
    item, event = next(forging.events(history, "journey.steps", EnrollmentExited.TYPE))
    exited = event.payload(EnrollmentExited)
    migrated = EnrollmentMigrated(
        enrollment_id=exited.enrollment_id,
        playbook=exited.playbook,
        version="another",
        step="0:wait",
        from_version=exited.version,
        from_step="0:wait",
    )
    for number in range(2):
        told = replace(
            event,
            id=derive("migration", number),
            type=EnrollmentMigrated.TYPE,
            data=msgspec.Raw(msgspec.json.encode(migrated)),
        )
        added = forging.append(history, item)
        forging.put(history, added, replace(added, value=event_bytes(told)))


def what_was_chosen_is_never_requested(recording: Recording) -> None:
    item, _ = next(forging.events(recording.history, "action.requests", ActionRequested.TYPE))
    forging.drop_unseen(recording.history, item)


def a_record_is_never_read(recording: Recording) -> None:
    rows = recording.history.tables["scoring.positions"]
    row = next(row for row in rows if row.topic == "profile.activity" and row.next_offset > 1)
    forging.change_row(
        recording.history,
        "scoring.positions",
        lambda each: each is row,
        next_offset=row.next_offset - 1,
    )


def a_row_stays_in_an_outbox(recording: Recording) -> None:
    rows = recording.history.tables["ingest.outbox"]
    rows.append(WaitingRow("ingest.resolve", 0, 1, 0))


def a_timer_stays_in_its_table(recording: Recording) -> None:
    history = recording.history
    _, entry = _fired(history)
    overdue = TimerRow("orchestrator.consume", 0, derive("x"), "late", entry.timers[0].due_at)
    history.tables["orchestrator.timers"].append(overdue)


def _fired(history: MemoryHistory) -> tuple[Fetched, BatchJournaled]:
    return next(pair for pair in forging.journal(history, "orchestrator") if pair[1].timers)


def _after(history: MemoryHistory, entry: BatchJournaled, profile: UUID) -> Fetched | None:
    """An activity of the person that a later batch took."""
    for _, other in forging.journal(history, "orchestrator"):
        if other.partition != entry.partition or other.batch <= entry.batch:
            continue
        for run in other.runs:
            if run.topic != "profile.activity":
                continue
            for item in history.logs[Place(run.topic, run.partition)]:
                if run.first <= item.offset <= run.last and _is_of(item, profile):
                    return item
    return None


def _is_of(item: Fetched, profile: UUID) -> bool:
    event = decode_event(item.value or b"") if "origin" in item.headers else None
    return (
        event is not None and event.type == ActivityRecorded.TYPE and event.subject == str(profile)
    )
