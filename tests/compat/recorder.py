"""A proxy before the collector that notes what was asked and answered, and changes nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from typing_extensions import override

_HOP = frozenset({"connection", "keep-alive", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its status."""

    method: str
    path: str
    key: str
    """As the `Authorization` header has it."""
    packed: bool
    """Its body was gzip."""
    status: int


@dataclass
class Recorder:
    """Where the proxy listens, and what went through."""

    url: str
    exchanges: list[Exchange] = field(default_factory=list)

    def of(self, authorization: str) -> list[Exchange]:
        return [one for one in self.exchanges if one.key == authorization]


@contextmanager
def recording(target: str) -> Iterator[Recorder]:
    """Stand before `target`, an address without a path."""
    host = urlsplit(target).netloc
    recorder = Recorder("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            connection = HTTPConnection(host, timeout=30)
            try:
                connection.request("POST", self.path, body, dict(self.headers.items()))
                reply = connection.getresponse()
                answer = reply.read()
            finally:
                connection.close()
            key = self.headers.get("authorization", "")
            packed = body.startswith(b"\x1f\x8b")
            recorder.exchanges.append(Exchange("POST", self.path, key, packed, reply.status))
            self.send_response(reply.status)
            for name, value in reply.getheaders():
                if name.lower() not in _HOP:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        @override
        def log_message(self, format: str, *arguments: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    recorder.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield recorder
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
