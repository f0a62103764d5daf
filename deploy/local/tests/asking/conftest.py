"""Apis that answer as told, for commands that ask them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.local.tests.asking.answers import ANNA, said
from deploy.local.tests.talking import Script, scripted


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
        "traits": {
            "email": {
                **said("anna@example.com", "crm"),
                "rule": "never_emptied",
                "lost": [said("anna@old.example", "shop")],
            },
            "phone": {**said(None, None), "rule": "newest", "lost": []},
        },
        "accounts": {
            "acme": {"representative_name": {**said("Rita", "crm"), "rule": "newest", "lost": []}}
        },
    }
    server.answers["GET /v1/profiles"] = (200, {"profiles": [profile]})
    return server
