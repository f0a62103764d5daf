"""A server with scripted answers, for commands that ask apis, and a way to run a command."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from typing_extensions import override

from cuestream.__main__ import main

Answer = tuple[int, Any]


@dataclass
class Script:
    """What is answered to `METHOD path` (bytes as they are, else as JSON), and what was asked.

    Status 0 hangs up without an answer; instead of an answer there may be a function that gives it when it is asked.
    """

    answers: dict[str, Answer | Callable[[], Answer]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    url: str = ""

    def queries(self, call: str) -> list[dict[str, str]]:
        return [query for asked, query, _ in self.asked if asked == call]

    def bodies(self, call: str) -> list[Any]:
        return [body for asked, _, body in self.asked if asked == call]


@contextmanager
def scripted() -> Iterator[Script]:
    """Serve a script on a free port while the block lasts."""
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["content-length"]))))

        def _answer(self, body: Any) -> None:
            parts = urlsplit(self.path)
            call = f"{self.command} {parts.path}"
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            script.asked.append((call, query, body))
            script.keys.append(self.headers.get("authorization"))
            found = script.answers.get(
                call, (404, {"error": "not_found", "detail": "no such thing"})
            )
            status, answer = found() if callable(found) else found
            if status == 0:
                return
            self.send_response(status)
            self.end_headers()
            raw = isinstance(answer, bytes)
            self.wfile.write(answer if raw else json.dumps(answer).encode())

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    # Its end waits for the next look: half a second without this, in every test.
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Ran:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> Ran:
    """Run a command in this process."""
    try:
        main(arguments)
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    printed = capsys.readouterr()
    return Ran(code, printed.out, printed.err)
