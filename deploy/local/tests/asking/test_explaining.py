"""`cuestream why` and `trace`: what they ask, what they say, and how they end."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.local.tests.asking.answers import ANNA, AT, EVENT, entry
from deploy.local.tests.talking import Script, run


class TestWhy:
    def test_the_verdict_comes_first_and_then_what_led_to_it(
        self, known: Script, capsys: Any
    ) -> None:
        known.answers[f"GET /v1/profiles/{ANNA}/why"] = (
            200,
            {
                "profile_id": ANNA,
                "playbook": "cart_abandonment",
                "verdict": "No mail: they have not agreed to marketing by e-mail",
                "tone": "no",
                "because": [
                    {"at": AT, "text": "Entered the playbook", "ok": None},
                    {"at": None, "text": "an address for e-mail is known", "ok": True},
                ],
                "complete": True,
            },
        )

        ran = run(capsys, "why", "user:anna", "--playbook", "cart_abandonment", "--at", AT)

        lines = ran.out.splitlines()
        assert lines[0] == f"Profile {ANNA}, playbook cart_abandonment"
        assert lines[1] == "No mail: they have not agreed to marketing by e-mail"
        assert lines[2].endswith("Entered the playbook")
        assert lines[3].strip() == "✓ an address for e-mail is known"
        [query] = known.queries(f"GET /v1/profiles/{ANNA}/why")
        assert query == {
            "workspace": "demo",
            "playbook": "cart_abandonment",
            "at": query["at"],
        }

    def test_who_was_one_with_somebody_is_told_so(self, known: Script, capsys: Any) -> None:
        known.answers[f"GET /v1/profiles/{ANNA}/why"] = (
            200,
            {
                "profile_id": ANNA,
                "merged": [EVENT],
                "playbook": None,
                "verdict": "No playbook has taken up this profile",
                "tone": "plain",
                "because": [],
                "complete": True,
            },
        )

        assert f"Was one with {EVENT}." in run(capsys, "why", "user:anna").out

    def test_somebody_is_sought_in_every_workspace(self, server: Script, capsys: Any) -> None:
        ran = run(capsys, "why", "email:nobody@example.com")

        assert ran.code == 1
        assert "Nobody is known as email:nobody@example.com in any workspace" in ran.err
        assert [q["workspace"] for q in server.queries("GET /v1/profiles")] == ["default", "demo"]

    def test_a_reference_of_no_known_form_is_a_wrong_usage(
        self, server: Script, capsys: Any
    ) -> None:
        ran = run(capsys, "why", "anna")

        assert ran.code == 2
        assert "user:ID" in ran.err

    def test_an_instant_that_is_none_is_a_wrong_usage(self, server: Script, capsys: Any) -> None:
        assert run(capsys, "why", ANNA, "--at", "yesterday").code == 2


class TestTrace:
    def test_an_accepted_message_is_told_with_what_followed(
        self, server: Script, capsys: Any
    ) -> None:
        message = {
            "message_id": "m/1",
            "event_id": EVENT,
            "profile_id": ANNA,
            "workspace": "demo",
            "source": "shop",
            "seen_at": AT,
        }
        server.answers["GET /v1/messages/m%2F1"] = (200, {"messages": [message]})
        entries = [
            entry("Put “Lamp” into the cart", "profile.activity_recorded.v1"),
            entry("“cart” waits 10 s", "enrollment.advanced.v1", "wait", "2026-05-01T12:00:10Z"),
        ]
        story = {"entries": entries, "complete": True}
        server.answers[f"GET /v1/profiles/{ANNA}/story"] = (200, story)

        words = run(capsys, "trace", "m/1")
        told = run(capsys, "trace", "m/1", "--json").json

        assert "m/1 was accepted at" in words.out
        assert "from the source shop of the workspace demo" in words.out
        assert "+0.000 s  · Put “Lamp” into the cart  profile.activity_recorded" in words.out
        assert ", until " in words.out
        assert told["messages"][0]["event_id"] == EVENT
        [query, _] = server.queries(f"GET /v1/profiles/{ANNA}/story")
        assert query["correlation_id"] == EVENT

    def test_a_message_of_a_profile_that_became_another_is_followed_there(
        self, server: Script, capsys: Any
    ) -> None:
        message = {
            "message_id": "m1",
            "event_id": EVENT,
            "profile_id": EVENT,
            "merged_into": ANNA,
            "workspace": "demo",
            "source": "shop",
            "seen_at": AT,
        }
        server.answers["GET /v1/messages/m1"] = (200, {"messages": [message]})
        story = {"entries": [entry("Looked", "profile.activity_recorded.v1")], "complete": True}
        server.answers[f"GET /v1/profiles/{ANNA}/story"] = (200, story)

        assert f"which was one with {ANNA}" in run(capsys, "trace", "m1").out

    def test_a_message_that_came_twice_and_breaks_the_plan_says_so(
        self, server: Script, capsys: Any
    ) -> None:
        noted = [
            {"outcome": outcome, "reason": reason, "detail": detail, "received_at": AT}
            for outcome, reason, detail in (
                ("flagged", "schema_violation", "breaks required of the plan's schema"),
                ("duplicate", "seen_before", ""),
            )
        ]
        message = {
            "outcome": "accepted",
            "message_id": "m1",
            "event_id": EVENT,
            "profile_id": ANNA,
            "merged_into": None,
            "workspace": "demo",
            "source": "shop",
            "seen_at": AT,
            "noted": noted,
        }
        server.answers["GET /v1/messages/m1"] = (200, {"messages": [message]})
        story = {"entries": [], "complete": True}
        server.answers[f"GET /v1/profiles/{ANNA}/story"] = (200, story)
        words = run(capsys, "trace", "m1").out

        assert "flagged, schema_violation: breaks required of the plan's schema." in words
        assert "It came again, and counts once." in words

    @pytest.mark.parametrize(
        ("outcome", "reason"), [("rejected", "no_identity"), ("ignored", "bot")]
    )
    def test_a_message_that_was_set_aside_says_why_and_is_a_finding(
        self, server: Script, capsys: Any, outcome: str, reason: str
    ) -> None:
        message = {
            "outcome": outcome,
            "message_id": "m1",
            "event_id": EVENT,
            "workspace": "demo",
            "source": "shop",
            "reason": reason,
            "detail": "",
            "received_at": AT,
            "noted": [],
        }
        server.answers["GET /v1/messages/m1"] = (200, {"messages": [message]})
        told = run(capsys, "trace", "m1")

        assert told.code == 1
        assert f"m1 from the source shop was {outcome} at" in told.out
        assert f"by ingest, {reason}." in told.out
