"""Every command of docs/connect/csv.md and catalog.md does what its page says, and a real edge takes what it sends."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cuestream.settings import inherited_environment
from deploy.local.tests.talking import Script, scripted
from ingest.domain.reading import read
from services.ingest.tests.edge import Edge
from services.ingest.tests.unit.test_connect_pages import examples

TAKEN: tuple[int, object] = (200, {"rejected": []})
BLOCKS = [*examples("csv.md", "sh"), *examples("catalog.md", "sh")]


@pytest.fixture
def server() -> Iterator[Script]:
    with scripted() as script:
        script.answers["POST /v1/import"] = TAKEN
        script.answers["POST /v1/suppressions"] = TAKEN
        yield script


def types(server: Script, folder: Path, block: int) -> subprocess.CompletedProcess[str]:
    """Type the commands of a block into a shell in which `cuestream` is this one."""
    command = folder / "bin" / "cuestream"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m cuestream "$@"\n')
    command.chmod(0o755)
    known = inherited_environment()
    more = {
        "PATH": f"{command.parent}:{known['PATH']}",
        "CUESTREAM_INGEST_URL": server.url,
        "CUESTREAM_DISPATCHER_URL": server.url,
        "CUESTREAM_WRITE_KEY": "k_server",
        "CUESTREAM_ADMIN_KEY": "k_admin",
    }
    return subprocess.run(
        ["bash", "-ec", BLOCKS[block]],
        cwd=folder,
        env={**known, **more},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )


async def understood(server: Script) -> list[tuple[str, str]]:
    """What a real edge takes of it, and resolve reads."""
    edge = Edge()
    for body in server.bodies("POST /v1/import"):
        reply = await edge.post("/v1/import", body)
        assert reply.json["rejected"] == []
    assert {record.headers["history"] for record in edge.events.records} == {b"1"}
    return [(call.kind, call.event) for _, payload in edge.stored for call in read(payload)]


async def test_a_table_of_events(server: Script, tmp_path: Path) -> None:
    typed = types(server, tmp_path, 0)

    assert typed.stdout.count("exit code 1") == 2
    assert "3 lines: 2 messages would be sent." in typed.stdout
    assert "3 lines: 2 messages taken." in typed.stdout
    assert typed.stderr.count("line 4: no_time") == 2
    assert await understood(server) == [("track", "Order Completed"), ("track", "Product Viewed")]


async def test_lines_of_json_once(server: Script, tmp_path: Path) -> None:
    first, *rest = types(server, tmp_path, 1).stdout.splitlines()

    assert json.loads(first)["accepted"] == 2
    assert rest[0].startswith("Nothing to do")
    assert await understood(server) == [("track", "Product Added"), ("identify", "")]


async def test_consents_with_their_proof(server: Script, tmp_path: Path) -> None:
    typed = types(server, tmp_path, 2)

    assert "line 4: no_proof" in typed.stderr
    assert await understood(server) == [
        ("identify", ""),
        ("track", "Consent Granted"),
        ("identify", ""),
        ("track", "Consent Withdrawn"),
    ]


def test_suppressions(server: Script, tmp_path: Path) -> None:
    types(server, tmp_path, 3)
    ((body),) = server.bodies("POST /v1/suppressions")

    assert body["workspace"] == "demo"
    assert [(one["channel"], one["reason"]) for one in body["suppressions"]] == [
        ("email", "bounced"),
        ("sms", "complained"),
        ("phone", "complained"),
        ("email", "unsubscribed"),
    ]


async def test_products_from_every_kind_of_file(server: Script, tmp_path: Path) -> None:
    typed = types(server, tmp_path, 4)

    assert "line 3: no_amount" in typed.stderr
    assert await understood(server) == [("track", "Product Updated")] * 3
    said = [body["batch"][0]["properties"] for body in server.bodies("POST /v1/import")]
    assert [(one["product_id"], one["price"], one["currency"]) for one in said] == [
        ("p1", 12.5, "EUR"),
        ("p3", 30.0, "EUR"),
        ("p4", 15.0, "EUR"),
    ]


def test_no_block_is_left_out() -> None:
    assert len(BLOCKS) == 5
