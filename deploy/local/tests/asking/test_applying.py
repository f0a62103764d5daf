"""`cuestream apply`: what it asks, what it says, and how it ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deploy.local.tests.talking import Script, run

ROOT = Path(__file__).parents[4]
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
        assert body["workspaces"].keys() == {"default", "demo", "showcase"}
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
        assert "cart_abandonment" in [one["name"] for one in body["playbooks"]]

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
        change = {"sentence": "playbook cart is changed: journey.yaml", "diff": "-a\n+b\n"}
        conflict = {
            "error": "release_moved",
            "detail": "demo is at release 3, not 1",
            "changes": [change],
        }
        server.answers["POST /v1/configuration/apply"] = (409, conflict)

        ran = run(capsys, "apply", str(ROOT), "--yes")

        assert ran.code == 2
        assert "demo is at release 3" in ran.err
        assert "playbook cart is changed: journey.yaml" in ran.err
        assert "+b" in ran.err
