"""Stacks for tests: the real supervisor and brokers, with small stand-ins for the services."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from cuestream.stack.client import order
from cuestream.stack.control import Order, ProcessStatus, StackStatus
from cuestream.stack.events import Event, Failed, Up, decode
from cuestream.stack.layout import Layout
from cuestream.stack.ports import free_port

# What a service of the plan is here: it serves /readyz and says on /env what it was told.
SERVICE = """
import http.server, json, os, subprocess, sys

subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])  # a worker

class Edge(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(dict(os.environ)).encode())

http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["CUESTREAM_PORT"])), Edge).serve_forever()
"""
ONE_SHOT = "import sys; print('doing', sys.argv[1:]); sys.exit(1 if 'fail' in sys.argv else 0)"
STACK = """
import json, pathlib, sys
from cuestream.failures import CommandError
from cuestream.settings import LocalSettings
from cuestream.stack.child import Pace
from cuestream.stack.events import Failed, encode
from cuestream.stack.layout import Layout
from cuestream.stack.plan import OneShot, Plan, Service
from cuestream.stack.running import run_here
from cuestream.stack.wish import Wish

asked = json.loads(sys.argv[1])

def report(event):
    sys.stdout.buffer.write(encode(event))
    sys.stdout.flush()

plan = Plan(
    one_shots=(
        OneShot("topics", ("one_shot", "topics"), "kafka", ("stand_ins",)),
        OneShot("ingest-migrate", ("one_shot", asked["migrate"]), "postgres", ("stand_ins",), "ingest"),
    ),
    services=(
        Service("ingest-api", ("service",), "ingest", asked["port"]),
        Service("ingest-resolve", ("service",), "ingest"),
    ),
    smtp_port=asked["smtp"],
    mailbox_port=asked["mailbox"],
)
wish = Wish(plan, Layout(pathlib.Path(asked["data"])), LocalSettings(), asked["scale"],
            Pace(first_delay=0.1, stop_patience=5.0),
            kafka_nodes=asked["nodes"], proxied=asked["proxied"])
try:
    run_here(wish, report)
except CommandError as error:
    report(Failed(error.message, error.remedies, error.exit_code))
    sys.exit(error.exit_code)
"""


@dataclass
class Stack:
    """A supervisor in a process of its own."""

    process: subprocess.Popen[bytes]
    layout: Layout
    wished: int
    mailbox_port: int
    events: list[Event] = field(default_factory=list)

    def until_up(self) -> dict[str, str]:
        last = self._last_event()
        assert isinstance(last, Up)
        return last.endpoints

    def until_failed(self) -> Failed:
        last = self._last_event()
        assert isinstance(last, Failed)
        return last

    def _last_event(self) -> Event:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.events.append(decode(line))
            if isinstance(self.events[-1], Up | Failed):
                break
        return self.events[-1]

    def came_back(self, name: str) -> bool:
        process = self.of(name)
        return process.restarts == 1 and process.state == "ready"

    def order(self, what: Order, name: str = "", count: int = 0) -> StackStatus:
        return order(self.layout, what, name, count)

    def of(self, name: str) -> ProcessStatus:
        return next(each for each in self.order("status").processes if each.name == name)


@dataclass
class Starter:
    """Starts stacks in one folder, on ports of its own."""

    folder: Path
    environment: dict[str, str]
    port: int = field(default_factory=free_port)

    @contextmanager
    def stack(
        self,
        *,
        migrate: str = "well",
        scale: dict[str, int] | None = None,
        nodes: int = 1,
        proxied: bool = False,
    ) -> Iterator[Stack]:
        mailbox_port = free_port()
        asked = {
            "data": str(self.folder / "data"),
            "migrate": migrate,
            "scale": scale or {},
            "port": self.port,
            "smtp": free_port(),
            "mailbox": mailbox_port,
            "nodes": nodes,
            "proxied": proxied,
        }
        with subprocess.Popen(
            [sys.executable, str(self.folder / "stack.py"), json.dumps(asked)],
            stdout=subprocess.PIPE,
            env={**self.environment, "PYTHONPATH": str(self.folder)},
        ) as process:
            try:
                yield Stack(process, Layout(self.folder / "data"), self.port, mailbox_port)
            finally:
                process.terminate()
                process.communicate(timeout=30)


@contextmanager
def programs() -> Iterator[Path]:
    """A folder with the stand-ins."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o711)
        (path / "service.py").write_text(SERVICE)
        (path / "one_shot.py").write_text(ONE_SHOT)
        (path / "stack.py").write_text(STACK)
        yield path


def until(condition: Callable[[], bool], *, seconds: float = 30.0) -> None:
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        pause.wait(0.05)


def processes_of(folder: Path) -> list[psutil.Process]:
    """Whatever was started from the folder: it is in the command line or is the working directory."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd", "environ", "status"]):
        words = [*(process.info["cmdline"] or []), process.info["cwd"] or ""]
        words.append((process.info["environ"] or {}).get("PYTHONPATH", ""))
        if process.info["status"] != psutil.STATUS_ZOMBIE and any(str(folder) in w for w in words):
            found.append(process)
    return found


def told(endpoint: str) -> dict[str, str]:
    answer: dict[str, str] = httpx.get(f"{endpoint}/env", trust_env=False).json()
    return answer
