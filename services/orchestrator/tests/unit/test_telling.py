"""What a reader is told about records."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec import Raw, structs
from msgspec.structs import replace

from common.contracts.decisions import EnrollmentAdvanced, EnrollmentMigrated
from common.contracts.profiles import LeadScored
from common.ids import derive
from orchestrator.api.story.standing import standing_of
from orchestrator.api.story.telling import about, entries_of
from orchestrator.api.story.why import why
from services.orchestrator.tests.reading import ANNA, NO, START, YES, Diary


def scored(score: int) -> LeadScored:
    return LeadScored(score=score, previous_score=None, grade="D", reasons=(), model_version="1")


def texts(diary: Diary) -> list[str]:
    return [entry.text for entry in entries_of(diary.records, workspace="demo")]


def test_an_order_before_the_reminder_is_told_with_the_time_that_was_left() -> None:
    diary = Diary()
    added = diary.does("Product Added", 0, name="Mug", quantity=2)
    passage = diary.enters(added, 0, waits=10)
    diary.does("Order Completed", 7, total=25, currency="EUR")
    diary.decides("cancelled", "exit_when: Order Completed", 7, due=10, enrollment=passage)
    diary.leaves(passage, "exit_when: Order Completed", 7)

    assert texts(diary) == [
        "Put 2 × “Mug” into the cart",
        "Entered the playbook “cart abandonment”",
        "“cart abandonment” waits 10 s",
        "Ordered for 25.00 EUR",
        "No message: they ordered, 3 s before it was due",
        "Left “cart abandonment”: they ordered",
    ]


def test_a_mail_is_told_with_its_lateness() -> None:
    diary = Diary()
    decision = diary.decides("chosen", "eligible", 10.1, due=10, candidates=(YES,))
    diary.gets_mail(decision, 10.4)

    assert texts(diary)[0] == "Decided to send the mail “reminder”"
    assert texts(diary)[-1] == "Sent the mail “reminder” through smtp, 400 ms after it was due"


def test_a_no_names_the_gate_that_said_it() -> None:
    diary = Diary()
    diary.decides("rejected", "no_consent", 10, due=10, candidates=(NO,))

    assert texts(diary) == ["No mail: they have not agreed to marketing by e-mail"]


def test_a_migration_and_a_pause_are_told_and_where_they_stand_after_them() -> None:
    diary = Diary()
    added = diary.does("Product Added", 0, name="Mug", quantity=2)
    passage = diary.enters(added, 0, waits=10)
    on: dict[str, Any] = {"enrollment_id": passage, "playbook": "cart_abandonment"}
    migrated = EnrollmentMigrated(
        from_version="1" * 64,
        from_step="0:wait",
        version="2" * 64,
        step="calm:wait",
        due_at=START + timedelta(seconds=10),
        **on,
    )
    diary.note("journey.steps", migrated, 4)
    held = EnrollmentAdvanced(version="2" * 64, step="calm:wait", reason="held", **on)
    diary.note("journey.steps", held, 10)

    assert texts(diary)[-2:] == [
        "A publication moved “cart abandonment” from step 1 (wait) of 11111111"
        " to step calm (wait) of 22222222, where it waits 6 s",
        "“cart abandonment” reached step calm (wait): the playbook is paused",
    ]
    [waiting] = standing_of(entries_of(diary.records, workspace="demo")).waiting
    assert (waiting.step, waiting.due_at) == ("calm:wait", None)


def test_a_record_that_was_published_twice_is_told_once() -> None:
    diary = Diary()
    diary.does("Cart Viewed", 0)
    diary.records.append(diary.records[0])

    assert texts(diary) == ["Looked at the cart"]


def test_causes_come_before_effects_of_the_same_instant() -> None:
    diary = Diary()
    passage = diary.enters(diary.does("Product Added", 5), 5, waits=1)
    diary.leaves(passage, "completed", 5)
    diary.decides("chosen", "eligible", 5, candidates=(YES,))

    told = [entry.topic for entry in entries_of(diary.records, workspace=None)]

    assert told == [
        "profile.activity",
        "journey.steps",
        "journey.steps",
        "decisions",
        "journey.steps",
    ]


def test_activities_of_the_same_instant_are_told_each_with_its_effects() -> None:
    diary = Diary()
    viewed = diary.does("Product Viewed", 0)
    added = diary.does("Product Added", 0)
    diary.note("profile.scores", scored(2), 0, viewed.correlation)
    diary.note("profile.scores", scored(10), 0, added.correlation)

    told = [entry.text.split()[0] for entry in entries_of(diary.records, workspace=None)]

    assert told == ["Looked", "Lead", "Put", "Lead"]


def test_an_unknown_type_and_an_unreadable_payload_are_told_as_what_they_are() -> None:
    diary = Diary()
    strange, broken = diary.does("Cart Viewed", 0), diary.scores(5, 1)
    records = [
        replace(strange, event=structs.replace(strange.event, type="profile.erased.v1")),
        replace(broken, event=structs.replace(broken.event, data=Raw(b'{"score": "high"}'))),
    ]

    told = entries_of(records, workspace=None)

    assert [entry.text for entry in told] == ["Profile erased", "Profile lead scored, unreadable"]
    assert standing_of(told).lead_score is None


def test_another_workspaces_records_are_not_told() -> None:
    diary = Diary(workspace="other")
    diary.does("Cart Viewed", 0)

    assert texts(diary) == []


def test_a_late_activity_says_how_late_it_is() -> None:
    diary = Diary()
    diary.records = [replace(diary.does("Cart Viewed", 0), accepted_at=START + timedelta(hours=2))]

    assert texts(diary) == ["Looked at the cart (reached us 2 h after the fact)"]


def test_a_standing_says_where_they_stand() -> None:
    diary = Diary()
    passage = diary.enters(diary.does("Product Added", 0), 0, waits=600)
    diary.scores(4, 1)
    diary.scores(24, 2, before=4)
    diary.decides("rejected", "no_consent", 3, candidates=(NO,))

    standing = standing_of(entries_of(diary.records, workspace=None))

    assert (standing.lead_score, standing.lead_grade) == (24, "warm")
    assert standing.activities == {"Product Added": 1}
    assert standing.outcomes == {"rejected": 1}
    [waiting] = standing.waiting
    assert waiting.enrollment_id == passage
    assert waiting.due_at == START + timedelta(seconds=600)


def test_a_passage_that_ended_waits_for_nothing() -> None:
    diary = Diary()
    passage = diary.enters(diary.does("Product Added", 0), 0, waits=600)
    diary.leaves(passage, "completed", 600)

    assert standing_of(entries_of(diary.records, workspace=None)).waiting == []


def test_why_tells_the_way_from_the_trigger_to_the_gates() -> None:
    diary = Diary()
    passage = diary.enters(diary.does("Product Added", 0, name="Mug"), 0, waits=10)
    diary.decides("rejected", "no_consent", 10, due=10, candidates=(NO,), enrollment=passage)

    told = why(ANNA, entries_of(diary.records, workspace=None), playbook=None, complete=True)

    assert told.verdict == "No mail: they have not agreed to marketing by e-mail"
    assert [(because.text, because.ok) for because in told.because] == [
        ("Entered the playbook “cart abandonment”, because: Put “Mug” into the cart", None),
        ("“cart abandonment” waits 10 s", None),
        ("No mail: they have not agreed to marketing by e-mail", None),
        ("they have not agreed to marketing by e-mail", False),
        ("an address for e-mail is known", True),
    ]


def test_the_verdict_is_what_became_of_the_message() -> None:
    diary = Diary()
    passage = diary.enters(diary.does("Product Added", 0), 0, waits=10)
    decision = diary.decides(
        "chosen", "eligible", 10, due=10, candidates=(YES,), enrollment=passage
    )
    diary.gets_mail(decision, 10.4)

    told = why(ANNA, entries_of(diary.records, workspace=None), playbook=None, complete=True)

    assert told.verdict == "Sent the mail “reminder” through smtp, 400 ms after it was due"


def test_why_before_the_ruling_is_that_they_wait() -> None:
    diary = Diary()
    diary.enters(diary.does("Product Added", 0), 0, waits=10)

    told = why(ANNA, entries_of(diary.records, workspace=None), playbook=None, complete=True)

    assert told.verdict == "“cart abandonment” waits 10 s"
    assert told.decision is None


def test_why_without_any_playbook_says_what_they_did() -> None:
    diary = Diary()
    diary.does("Cart Viewed", 0)

    told = why(ANNA, entries_of(diary.records, workspace=None), playbook="win_back", complete=True)

    assert told.verdict == "“win back” has not taken up this profile"
    assert [because.text for because in told.because] == ["What they did: 1 × Cart Viewed"]


def test_why_of_a_stranger_is_that_nothing_is_known() -> None:
    assert why(ANNA, [], playbook=None, complete=True).verdict.startswith("Nothing is known")


def test_a_trace_holds_what_one_event_led_to_and_no_other() -> None:
    diary = Diary()
    diary.does("Cart Viewed", 0)
    added = diary.does("Product Added", 1)
    passage = diary.enters(added, 1, waits=10)
    diary.does("Product Viewed", 2)
    diary.decides("chosen", "eligible", 11, enrollment=passage, candidates=(YES,))

    traced = about(entries_of(diary.records, workspace=None), added.correlation)

    assert [entry.topic for entry in traced] == [
        "profile.activity",
        "journey.steps",
        "journey.steps",
        "decisions",
    ]


def test_a_trace_of_an_unknown_event_is_empty() -> None:
    diary = Diary()
    diary.does("Cart Viewed", 0)

    assert about(entries_of(diary.records, workspace=None), derive("nobody")) == []
