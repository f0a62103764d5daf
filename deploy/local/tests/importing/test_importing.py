"""`cuestream import`: what it sends, what it says, and how it ends, also when it is killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from typing_extensions import override

from cuestream.importing import running
from cuestream.importing.sending import Door, Sender
from deploy.local.tests.talking import Script, run, scripted

AT = "2024-05-01T08:30:00Z"
TAKEN = (200, {"success": True, "accepted": 0, "rejected": []})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Script]:
    with scripted() as script:
        for service in ("INGEST", "DISPATCHER"):
            monkeypatch.setenv(f"CUESTREAM_{service}_URL", script.url)
        monkeypatch.setenv("CUESTREAM_WRITE_KEY", "k_server")
        monkeypatch.setenv("CUESTREAM_ADMIN_KEY", "k_admin")
        monkeypatch.setenv("CUESTREAM_DATA", str(tmp_path / "data"))
        script.answers["POST /v1/import"] = TAKEN
        script.answers["POST /v1/suppressions"] = TAKEN
        yield script


@dataclass
class EdgeOf(httpx.AsyncBaseTransport):
    """An edge that answers in this process."""

    answer: Callable[[httpx.Request], httpx.Response]

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self.answer(request)


def event(number: int) -> str:
    return json.dumps({"type": "track", "userId": f"u{number}", "event": "Seen", "timestamp": AT})


def file_of(folder: Path, *lines: str, name: str = "past.jsonl") -> str:
    file = folder / name
    file.write_text("\n".join(lines) + "\n")
    return str(file)


def sent(server: Script) -> list[dict[str, Any]]:
    return [one for body in server.bodies("POST /v1/import") for one in body["batch"]]


def test_a_file_is_sent_with_the_write_key(server: Script, tmp_path: Path, capsys: Any) -> None:
    ran = run(capsys, "import", file_of(tmp_path, event(1), event(2)))

    assert ran.code == 0
    assert "2 lines: 2 messages taken." in ran.out
    assert [message["userId"] for message in sent(server)] == ["u1", "u2"]
    assert len({message["messageId"] for message in sent(server)}) == 2
    assert server.keys == ["Bearer k_server"]


def test_a_file_is_sent_once(server: Script, tmp_path: Path, capsys: Any) -> None:
    file = file_of(tmp_path, event(1))
    run(capsys, "import", file)
    again = run(capsys, "import", file)
    anew = run(capsys, "import", file, "--again")

    assert (again.code, anew.code) == (0, 0)
    assert "imported up to its end, line 1" in again.out
    first, second = sent(server)
    assert first == second


def test_bad_lines_are_told_and_cost_no_other(server: Script, tmp_path: Path, capsys: Any) -> None:
    file = file_of(tmp_path, event(1), "{", event(3), '{"type":"track"}')
    server.answers["POST /v1/import"] = (200, {"rejected": [{"index": 1, "messageId": "m", "reason": "too_deep", "detail": "it is"}]})  # fmt: skip
    ran = run(capsys, "import", file, "--json")

    assert ran.code == 1
    told = ran.json
    assert (told["lines"], told["accepted"], told["left_out"]) == (4, 1, 3)
    assert sorted((bad["line"], bad["reason"]) for bad in told["bad"]) == [
        (2, "not_json"),
        (3, "too_deep"),
        (4, "no_identity"),
    ]
    assert "line 2: not_json" in ran.err


def test_a_dry_run_asks_nobody(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run(capsys, "import", file_of(tmp_path, event(1), "{"), "--dry-run")

    assert ran.code == 1
    assert "2 lines: 1 message would be sent." in ran.out
    assert "Seen" in ran.out
    assert "line 2: not_json" in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["past.jsonl"]


def test_a_table_may_name_its_columns_otherwise(
    server: Script, tmp_path: Path, capsys: Any
) -> None:
    file = file_of(tmp_path, "Kunde;event;timestamp", f"7;Seen;{AT}", name="past.csv")
    ran = run(capsys, "import", file, "--column", "user_id=Kunde")

    assert ran.code == 0
    assert [message["userId"] for message in sent(server)] == ["7"]


def test_consents_go_the_same_way(server: Script, tmp_path: Path, capsys: Any) -> None:
    file = file_of(tmp_path, "email,timestamp", f"ada@example.com,{AT}", name="consents.csv")
    ran = run(capsys, "import", "consents", file)

    assert ran.code == 0
    assert [message["type"] for message in sent(server)] == ["identify", "track"]


def test_suppressions_go_to_who_sends(server: Script, tmp_path: Path, capsys: Any) -> None:
    file = file_of(tmp_path, "email,reason", "ada@example.com,bounced", name="no.csv")
    ran = run(capsys, "import", "suppressions", file, "--workspace", "demo")

    assert ran.code == 0
    assert server.bodies("POST /v1/suppressions") == [
        {
            "workspace": "demo",
            "suppressions": [
                {"channel": "email", "address": "ada@example.com", "reason": "bounced"}
            ],
        }
    ]
    assert server.keys == ["Bearer k_admin"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing.jsonl"], "cannot be read"),
        (["songs", "x.csv"], "is not known"),
        (["past.doc"], "Its name has to end with"),
        (["consents", "x.jsonl"], "Its name has to end with .csv"),
        (["x.csv", "--column", "user_id"], "OURS=THEIRS"),
    ],
)
def test_what_is_wrong_is_said(
    server: Script, capsys: Any, arguments: list[str], words: str
) -> None:
    ran = run(capsys, "import", *arguments)

    assert ran.code == 2
    assert words in ran.err
    assert server.asked == []


def test_a_key_that_is_refused_is_named(server: Script, tmp_path: Path, capsys: Any) -> None:
    server.answers["POST /v1/import"] = (401, {"error": "unknown_key", "detail": "no source has this write key"})  # fmt: skip
    ran = run(capsys, "import", file_of(tmp_path, event(1)))

    assert ran.code == 2
    assert "no source has this write key" in ran.err
    assert "CUESTREAM_WRITE_KEY" in ran.err


async def test_who_is_told_to_come_later_comes_later() -> None:
    answers = [
        httpx.Response(429, headers={"retry-after": "0"}, json={"detail": "too fast"}),
        httpx.Response(503),
        httpx.Response(200, json={"rejected": []}),
    ]
    transport = EdgeOf(lambda _: answers.pop(0))
    async with httpx.AsyncClient(base_url="http://edge", transport=transport) as client:
        door = Door("/v1/import", "batch", {}, "")

        assert await Sender(client, door).send([{"userId": "u"}]) == []
    assert answers == []


async def test_what_is_too_large_at_once_is_sent_in_parts() -> None:
    sizes: list[int] = []

    def edge(request: httpx.Request) -> httpx.Response:
        batch = json.loads(request.content)["batch"]
        if len(batch) > 2 or 4 in batch:
            return httpx.Response(413)
        sizes.append(len(batch))
        return httpx.Response(200, json={"rejected": [{"index": 0, "reason": "odd"}]})

    async with httpx.AsyncClient(base_url="http://edge", transport=EdgeOf(edge)) as client:
        refused = await Sender(client, Door("/", "batch", {}, "")).send([0, 1, 2, 3, 4])  # type: ignore[list-item] # short

    assert sizes == [2, 1, 1]
    assert [(one.index, one.reason) for one in refused] == [(0, "odd"), (2, "odd"), (3, "odd"), (4, "body_too_large")]  # fmt: skip


def test_who_is_killed_goes_on(server: Script, tmp_path: Path, capsys: Any) -> None:
    """`kill -9` with a bundle taken and not yet remembered: it is sent once more, under the same ids."""
    total = 2 * running.BUNDLE + 10
    file = file_of(tmp_path, *map(event, range(total)))
    second, gone = threading.Event(), threading.Event()

    class Slow(tuple[Any, ...]):
        """Answers the second bundle only when its sender is gone."""

        @override
        def __iter__(self) -> Iterator[Any]:
            if len(server.bodies("POST /v1/import")) == 2:
                second.set()
                gone.wait(60)
            return super().__iter__()

    server.answers["POST /v1/import"] = Slow(TAKEN)
    child = subprocess.Popen([sys.executable, "-m", "cuestream", "import", file])  # fmt: skip
    try:
        assert second.wait(120)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        gone.set()
    ran = run(capsys, "import", file)

    assert ran.code == 0
    assert f"Went on after line {running.BUNDLE}." in ran.out
    assert len(sent(server)) == total + running.BUNDLE
    assert len({message["messageId"] for message in sent(server)}) == total
