"""`cuestream profile`: what it asks, what it says, and how it ends."""

from __future__ import annotations

from typing import Any

from deploy.local.tests.asking.answers import ANNA, AT, EVENT, entry
from deploy.local.tests.talking import Script, run


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

        for expected in (
            "said by crm",
            "never emptied",
            "anna@old.example",
            "said by shop",
            "(taken back)",
            "said by somebody",
            "Buys for acme",
            "representative name",
            "Rita",
        ):
            assert expected in words

    def test_the_ledger_is_listed_as_far_as_it_was_known_then(
        self, known: Script, capsys: Any
    ) -> None:
        about = {"channel": "email", "purpose": "marketing", "basis": "double_opt_in"}
        proof = {
            "stated_at": AT,
            "source": "shop",
            "via": "track",
            "text_version": "v7",
            "ip": None,
        }
        statements = [
            {**about, **proof, "granted": False, "step": "requested"},
            {**about, **proof, "granted": True, "step": None},
        ]
        stood = [{**about, "granted": True}]
        ledger = {"profile_id": ANNA, "stood": stood, "statements": statements}
        known.answers["GET /v1/consents"] = (200, {"profiles": [ledger]})

        words = run(capsys, "profile", "consents", "user:anna", "--at", "2026-05-01T14:30").out
        told = run(capsys, "profile", "consents", "user:anna", "--json").json

        assert "email.marketing yes (double opt in)" in words
        assert "requested" in words
        assert "shop, text v7" in words
        assert told == ledger
        [then, now] = known.queries("GET /v1/consents")
        assert then["at"].startswith("2026-05-01T")
        assert "at" not in now

    def test_the_ids_that_several_share_are_listed(self, server: Script, capsys: Any) -> None:
        info = {"kind": "email", "value": "info@example.com", "at_most": 1, "links": False}
        answer = {"identifiers": [{**info, "profiles": [ANNA, EVENT]}]}
        server.answers["GET /v1/identifiers/shared"] = (200, answer)

        words = run(capsys, "profile", "shared", "--workspace", "demo").out
        told = run(capsys, "profile", "shared", "--json").json

        assert "email:info@example.com" in words
        assert "2 profiles of at most 1" in words
        assert "links no more" in words
        assert told == answer["identifiers"]
        asked = server.queries("GET /v1/identifiers/shared")
        assert [query["workspace"] for query in asked] == ["demo", "default"]
