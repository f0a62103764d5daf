"""The checker finds nothing in a true history, and every seeded violation in a falsified one."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from common.clock import to_millis
from common.ids import derive
from common.streaming.ports import Place
from tests.fault.checker import Report, check, check_same_rows, check_silent, table_of
from tests.fault.checker.report import COLUMNS, PROMISED
from tests.fault.history.files import FileHistory, Writer
from tests.fault.history.mails import new_mails
from tests.fault.history.memory import MemoryHistory
from tests.fault.recording import Recording, record
from tests.fault.violations import VIOLATIONS, Violation, copied
from tests.fault.violations.forging import append
from tests.fault.workload.expected import outcome_of, steps_by_person
from tests.fault.workload.script import Size, draw

pytestmark = pytest.mark.unit
SIZE = Size(events=2_000, people=100, rate=100)


@pytest.fixture(scope="module")
def truth() -> Recording:
    """The services' own consumers on the fakes have made it."""
    return record(seed=61)


@pytest.fixture
def recording(truth: Recording) -> Recording:
    return copied(truth)


def test_a_true_history_is_good(truth: Recording) -> None:
    report = check(truth.history, truth.told, "true")

    assert report.is_good, str(report)
    assert report.counts["accepted"] == truth.told.plan.messages == report.counts["processed"]
    for something in ("client_duplicates", "quarantined", "timers_fired", "decisions", "sent"):
        assert report.counts[something] > 0, something
    assert truth.told.answers.noes


@pytest.mark.parametrize("violation", VIOLATIONS, ids=lambda violation: violation.name)
def test_every_violation_is_found(violation: Violation, recording: Recording) -> None:
    violation.commit(recording)

    report = check(recording.history, recording.told)

    assert violation.invariant in report.broken, str(report)


def test_what_the_log_merely_repeats_is_counted_and_no_violation(recording: Recording) -> None:
    history = recording.history
    topics = ("journey.steps", "decisions", "scoring.journal")
    for topic in topics:
        append(history, history.logs[Place(topic, 0)][0])

    report = check(history, recording.told)

    assert report.is_good, str(report)
    assert report.counts["physical_duplicates"] == len(topics)


def test_a_message_that_was_never_answered_may_be_in_or_not(recording: Recording) -> None:
    answers = recording.told.answers
    answers.messages[0] = 1

    assert check(recording.history, recording.told).is_good


def test_a_history_on_disk_is_the_one_in_memory(truth: Recording, tmp_path: Path) -> None:
    stored = written_to_disk(truth.history, tmp_path)

    report = check(stored, truth.told)

    assert report.as_json() == check(truth.history, truth.told).as_json()
    assert list(stored.rows("ingest.profiles")) == truth.history.tables["ingest.profiles"]


def test_the_mailbox_tells_which_delivery_went_where(tmp_path: Path) -> None:
    delivery, known = derive("delivery"), set[str]()
    name = f"{to_millis(datetime(2026, 11, 22, tzinfo=UTC)):012x}0001"
    (tmp_path / f"{name}.eml").write_text(
        f"Return-Path: <shop@x>\nDelivered-To: a@example.com\nMessage-ID: <{delivery}@x>\n"
        "List-Unsubscribe: <http://127.0.0.1/u/token>\n\nHello"
    )
    (tmp_path / f"{name}.part").touch()

    [mail] = new_mails(tmp_path, known)

    assert (mail.delivery_id, mail.to) == (delivery, "a@example.com")
    assert mail.arrived_at == datetime(2026, 11, 22, tzinfo=UTC)
    assert mail.unsubscribe == "http://127.0.0.1/u/token"
    assert list(new_mails(tmp_path, known)) == []


def test_a_silent_replay_is_good(recording: Recording) -> None:
    report, history = Report(), recording.history
    check_silent(history, copied(recording).history, report)
    for service in ("ingest", "scoring", "orchestrator", "dispatcher"):
        check_same_rows(history, copied(recording).history, service, report)

    assert report.is_good, str(report)


def test_a_replay_that_sends_is_found(recording: Recording) -> None:
    report, after = Report(), copied(recording).history
    after.mailbox.append(after.mailbox[0])

    check_silent(recording.history, after, report)

    assert report.broken == {"I9"}
    assert report.counts["doubled_sends"] == 1


def test_a_replay_that_writes_is_found(recording: Recording) -> None:
    report, after = Report(), copied(recording).history
    append(after, after.logs[Place("decisions", 0)][0])

    check_silent(recording.history, after, report)

    assert report.broken == {"I9"}


@pytest.mark.parametrize("service", ["ingest", "scoring", "orchestrator", "dispatcher"])
def test_a_replay_to_other_rows_is_found(service: str, recording: Recording) -> None:
    report, replayed = Report(), copied(recording).history
    table = "recipients" if service == "dispatcher" else "profiles"
    del replayed.tables[f"{service}.{table}"][0]

    check_same_rows(recording.history, replayed, service, report)

    assert report.broken == {"I9"}


def test_the_table_adds_up_the_runs(truth: Recording) -> None:
    report = check(truth.history, truth.told, "first")
    printed = StringIO()

    Console(file=printed, width=300).print(table_of([report, report]))

    lines = printed.getvalue()
    assert f"{2 * report.counts['accepted']:,}" in lines.splitlines()[-2]
    assert "first" in lines


def test_a_report_is_json_too(truth: Recording) -> None:
    report = check(truth.history, truth.told, "true")

    told = msgspec.json.decode(msgspec.json.encode(report.as_json()))

    assert set(told["counts"]) == set(COLUMNS)
    assert {told["counts"][name] for name in PROMISED} == {0}
    assert told["findings"] == []


def written_to_disk(history: MemoryHistory, folder: Path) -> FileHistory:
    stored = FileHistory(folder, history.partitions)
    for place, items in history.logs.items():
        writer = Writer(stored.log(place))
        for item in items:
            writer.record(item)
        writer.close()
        stored.note(place, history.bounds(place))
    for table, rows in history.tables.items():
        writer = Writer(stored.table(table))
        for row in rows:
            writer.write(row)
        writer.close()
    writer = Writer(folder / "mails")
    for mail in history.mailbox:
        writer.write(mail)
    writer.close()
    return stored


def test_a_seed_gives_the_same_plan_again() -> None:
    assert draw("run", 7, SIZE) == draw("run", 7, SIZE)
    assert draw("run", 7, SIZE).steps != draw("run", 8, SIZE).steps


def test_a_plan_is_as_large_as_was_asked() -> None:
    plan = draw("run", 7, SIZE)

    assert len(plan.people) == SIZE.people
    assert 0.9 < len(plan.steps) / SIZE.events < 1.1
    kinds = Counter(person.kind for person in plan.people)
    assert kinds["turns_up_again"] > 0
    assert any(step.again for step in plan.steps)
    assert any(step.again and step.as_user for step in plan.steps)


def test_a_message_that_is_sent_again_counts_once() -> None:
    plan = draw("run", 7, SIZE)
    steps = steps_by_person(plan)
    again = next(step for step in plan.steps if step.again and step.verb == "viewed")
    mine = steps[again.person]
    once = [step for step in mine if not step.again]

    everything = outcome_of(plan.people[again.person], mine, lambda _: True, clicked=False)

    assert everything.counts.total() == len([s for s in once if s.verb != "identify"])
