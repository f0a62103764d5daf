"""The commands of docs/connect/troubleshooting.md are run as they stand there."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from deploy.local.tests.talking import run, scripted

PAGE = Path(__file__).parents[3] / "docs/connect/troubleshooting.md"
REJECTED = {
    "outcome": "rejected",
    "message_id": "m-1001",
    "event_id": "8837beb7-8d0d-549e-9844-0b7c040f3abb",
    "workspace": "default",
    "source": "shop",
    "reason": "no_identity",
    "detail": "neither userId nor anonymousId is given",
    "received_at": "2026-05-01T12:00:00.250000Z",
    "noted": [],
}


def commands() -> list[str]:
    return re.findall(r"^```sh\n(.*?)\n```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def test_the_trace_of_the_page_says_why_the_message_was_rejected(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program, *arguments = shlex.split(commands()[0])
    with scripted() as script:
        for service in ("ORCHESTRATOR", "DISPATCHER", "RESOLVE"):
            monkeypatch.setenv(f"CUESTREAM_{service}_URL", script.url + "/")
        monkeypatch.setenv("CUESTREAM_ADMIN_KEY", "the key")
        monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
        script.answers["GET /v1/messages/m-1001"] = (200, {"messages": [REJECTED]})
        told = run(capsys, *arguments)

    assert (program, told.code) == ("cuestream", 1)
    assert "by ingest, no_identity: neither userId nor anonymousId is given." in told.out


def test_the_request_of_the_page_asks_for_the_sources_with_the_admin_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with scripted() as script:
        script.answers["GET /v1/sources"] = (200, {"sources": []})
        monkeypatch.setenv("RESOLVE", script.url)
        monkeypatch.setenv("CUESTREAM_ADMIN_KEY", "the key")
        answer = subprocess.run(
            ["/bin/sh", "-c", commands()[1]], capture_output=True, text=True, check=True
        )

    assert answer.stdout == '{"sources": []}'
    assert script.queries("GET /v1/sources") == [{"workspace": "default"}]
    assert script.keys == ["Bearer the key"]
