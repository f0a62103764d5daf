"""The checker finds nothing in a true history, and every seeded violation in a falsified one."""

from __future__ import annotations

from collections import Counter
from io import StringIO

import msgspec
import pytest
from rich.console import Console

from common.consuming.ports import Place
from tests.fault.checker import Report, check, check_same_rows, check_silent, table_of
from tests.fault.checker.report import COLUMNS, PROMISED
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
