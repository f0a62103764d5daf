"""Commands that ask the apis: what they ask, what they say, and how they end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from deploy.local.tests.talking import Ran, Script, run, scripted

ROOT = Path(__file__).parents[3]
ANNA = "dbb91cdf-ad91-5f12-8d71-5c389e11cb50"
EVENT = "8837beb7-8d0d-549e-9844-0b7c040f3abb"
AT = "2026-05-01T12:00:00.250000Z"
PLANNED: dict[str, Any] = {
    "sentences": [],
    "expected": {"demo": 1},
    "releases": [
        {
            "workspace": "demo",
            "number": 2,
            "live": False,
            "notes": ["delivers to the sink: no customer is written to"],
            "changes": [
                {
                    "action": "changed",
                    "kind": "playbook",
                    "name": "cart",
                    "sentence": "playbook cart is changed: journey.yaml",
                    "diff": "@@ -1 +1 @@\n-silence: 30m\n+silence: 45m\n",
                }
            ],
        }
    ],
}


def entry(text: str, type_: str, tone: str = "plain", due_at: str | None = None) -> dict[str, Any]:
    return {"at": AT, "text": text, "type": type_, "tone": tone, "due_at": due_at}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    with scripted() as script:
        for service in ("ORCHESTRATOR", "DISPATCHER", "RESOLVE"):
            monkeypatch.setenv(f"CUESTREAM_{service}_URL", script.url + "/")
        monkeypatch.setenv("CUESTREAM_ADMIN_KEY", "the key")
        monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
        script.answers["GET /v1/configuration"] = (
            200,
            [{"workspace": "default"}, {"workspace": "demo"}],
        )
        script.answers["POST /v1/templates/check"] = (200, {"problems": []})
        yield script


@pytest.fixture
def known(server: Script) -> Script:
    profile = {
        "workspace": "demo",
        "profile_id": ANNA,
        "identifiers": [{"kind": "user", "value": "anna"}],
        "contact": {"email": "anna@example.com", "first_name": "Änne", "locale": "de"},
    }
    server.answers["GET /v1/profiles"] = (200, {"profiles": [profile]})
    return server


class TestApply:
    def test_a_plan_is_shown_and_nothing_is_applied(self, server: Script, capsys: Any) -> None:
        server.answers["POST /v1/configuration/plan"] = (200, PLANNED)

        ran = run(capsys, "apply", str(ROOT), "--plan", "--diff")

        assert ran.code == 0
        assert "demo  will be at release 2" in ran.out
        assert "~ playbook cart is changed: journey.yaml" in ran.out
        assert "+silence: 45m" in ran.out
        assert "no customer is written to" in ran.out
        assert not server.bodies("POST /v1/configuration/apply")
        assert set(server.keys) == {"Bearer the key"}
        [body] = server.bodies("POST /v1/configuration/plan")
        assert body["workspaces"].keys() == {"default", "demo"}
        assert body["live"] is False

    def test_what_was_looked_at_is_applied(self, server: Script, capsys: Any) -> None:
        server.answers["POST /v1/configuration/plan"] = (200, PLANNED)
        server.answers["POST /v1/configuration/apply"] = (200, PLANNED | {"published": True})

        ran = run(capsys, "apply", str(ROOT), "--yes", "--live")

        assert "demo is at release 2." in ran.out
        [body] = server.bodies("POST /v1/configuration/apply")
        assert body["expected"] == {"demo": 1}
        assert body["live"] is True

    def test_templates_are_checked_by_who_will_send_them(self, server: Script, capsys: Any) -> None:
        file = "playbooks/cart_abandonment/templates/reminder.email.en.liquid"
        problem = {"file": file, "line": 5, "column": 1, "message": "there is no filter `price`"}
        answer = {"error": "wrong_templates", "problems": [problem]}
        server.answers["POST /v1/templates/check"] = (422, answer)

        ran = run(capsys, "apply", str(ROOT), "--plan")

        assert ran.code == 2
        assert f"{file}:5:1: there is no filter `price`" in ran.err
        assert not server.bodies("POST /v1/configuration/plan")
        [body] = server.bodies("POST /v1/templates/check")
        assert [one["name"] for one in body["playbooks"]] == ["cart_abandonment"]

    def test_nothing_to_change_is_not_applied(self, server: Script, capsys: Any) -> None:
        server.answers["POST /v1/configuration/plan"] = (200, PLANNED | {"releases": []})

        ran = run(capsys, "apply", str(ROOT))

        assert "Nothing changes" in ran.out
        assert not server.bodies("POST /v1/configuration/apply")

    def test_without_a_person_it_wants_yes(self, server: Script, capsys: Any) -> None:
        server.answers["POST /v1/configuration/plan"] = (200, PLANNED)

        ran = run(capsys, "apply", str(ROOT))

        assert ran.code == 2
        assert "--yes" in ran.err

    def test_problems_that_the_api_finds_are_listed_with_their_places(
        self, server: Script, capsys: Any
    ) -> None:
        problem = {
            "file": "playbooks/cart/journey.yaml",
            "line": 10,
            "column": 27,
            "message": "unknown key `restart_at`",
            "suggestion": "restart_on",
        }
        answer = {"error": "configuration_invalid", "detail": "1 problem", "problems": [problem]}
        server.answers["POST /v1/configuration/plan"] = (422, answer)

        words = run(capsys, "apply", str(ROOT), "--yes")
        json = run(capsys, "apply", str(ROOT), "--yes", "--json")

        told = "playbooks/cart/journey.yaml:10:27: unknown key `restart_at` (did you mean `restart_on`?)"
        assert (words.code, json.code) == (2, 2)
        assert told in words.err
        assert json.json == {"problems": [problem]}

    def test_problems_that_show_without_asking_are_listed_too(
        self, server: Script, capsys: Any, tmp_path: Path
    ) -> None:
        (tmp_path / "workspaces").mkdir()
        (tmp_path / "workspaces/shop.yaml").write_text("sources: 7\n")

        ran = run(capsys, "apply", str(tmp_path), "--yes")

        assert ran.code == 2
        assert "workspaces/shop.yaml:1:1: " in ran.err
        assert not server.asked

    def test_a_folder_that_is_not_there_is_said(self, server: Script, capsys: Any) -> None:
        assert run(capsys, "apply", "/no/such/folder").code == 2

    def test_a_conflict_is_said(self, server: Script, capsys: Any) -> None:
        server.answers["POST /v1/configuration/plan"] = (200, PLANNED)
        conflict = {"error": "release_moved", "detail": "demo is at release 3, not 1"}
        server.answers["POST /v1/configuration/apply"] = (409, conflict)

        ran = run(capsys, "apply", str(ROOT), "--yes")

        assert ran.code == 2
        assert "demo is at release 3" in ran.err


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


class TestProfileShow:
    def test_it_says_who_it_is_where_they_stand_and_what_happened(
        self, known: Script, capsys: Any
    ) -> None:
        standing = {
            "lead_score": 10,
            "lead_grade": "D",
            "last_seen_at": AT,
            "consents": {"email.marketing": True},
            "waiting": [{"playbook": "cart_abandonment", "due_at": AT}],
            "outcomes": {"chosen": 1},
            "deliveries": {},
        }
        story = {
            "standing": standing,
            "entries": [entry("Looked at the cart", "profile.activity_recorded.v1")],
            "complete": False,
        }
        known.answers[f"GET /v1/profiles/{ANNA}/story"] = (200, story)

        words = run(capsys, "profile", "show", "user:anna").out
        told = run(capsys, "profile", "show", "user:anna", "--json").json

        for expected in (
            f"Profile {ANNA} in the workspace demo",
            "user:anna",
            "anna@example.com",
            "10, grade D",
            "email.marketing yes",
            "cart_abandonment until",
            "Looked at the cart",
            "only a part",
        ):
            assert expected in words
        assert told["who"]["identifiers"] == [{"kind": "user", "value": "anna"}]


class TestHaltAndResume:
    @pytest.mark.parametrize("what", ["halt", "resume"])
    def test_the_dispatcher_is_told(self, what: str, server: Script, capsys: Any) -> None:
        server.answers[f"POST /v1/{what}"] = (200, {"workspace": "demo", "halted": what == "halt"})

        words = run(capsys, what, "--workspace", "demo")
        told = run(capsys, what, "--json").json

        assert "for the workspace demo" in words.out
        assert told["halted"] == (what == "halt")
        assert server.bodies(f"POST /v1/{what}") == [{"workspace": "demo"}, {"workspace": "*"}]


class TestWhatCannotBeDone:
    def ran(self, capsys: Any, *more: str) -> Ran:
        return run(capsys, "halt", *more)

    def test_a_service_that_is_away_is_exit_code_3(
        self, capsys: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CUESTREAM_ORCHESTRATOR_URL", "http://127.0.0.1:9")
        monkeypatch.setenv("CUESTREAM_DISPATCHER_URL", "http://127.0.0.1:9")

        ran = self.ran(capsys)

        assert ran.code == 3
        assert "cannot be reached" in ran.err

    def test_a_service_that_cannot_reach_its_own_is_exit_code_3(
        self, server: Script, capsys: Any
    ) -> None:
        detail = {"error": "kafka_unavailable", "detail": "no broker"}
        server.answers["POST /v1/halt"] = (503, detail)

        ran = self.ran(capsys)

        assert ran.code == 3
        assert "no broker" in ran.err

    def test_a_wrong_key_is_exit_code_2(self, server: Script, capsys: Any) -> None:
        server.answers["POST /v1/halt"] = (401, {"error": "unauthorized"})

        ran = self.ran(capsys)

        assert ran.code == 2
        assert "CUESTREAM_ADMIN_KEY" in ran.err

    def test_an_address_that_is_not_known_is_exit_code_2(
        self, server: Script, capsys: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("CUESTREAM_DISPATCHER_URL")

        ran = self.ran(capsys)

        assert ran.code == 2
        assert "CUESTREAM_DISPATCHER_URL" in ran.err

    def test_no_stack_is_exit_code_3(self, capsys: Any, tmp_path: Path) -> None:
        ran = self.ran(capsys, "--data", str(tmp_path))

        assert ran.code == 3
        assert "cuestream up" in ran.err

    def test_an_unknown_topic_is_exit_code_2(self, server: Script, capsys: Any) -> None:
        ran = run(capsys, "tail", "decison")

        assert ran.code == 2
        assert "Did you mean decisions?" in ran.err

    @pytest.mark.parametrize("topic", ["ingest.events", "configuration", "scoring.journal"])
    def test_a_topic_that_knows_no_profiles_is_not_followed_by_one(
        self, topic: str, server: Script, capsys: Any
    ) -> None:
        assert run(capsys, "tail", topic, "--profile", str(UUID(ANNA))).code == 2
