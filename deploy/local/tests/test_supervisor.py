"""The whole stack, with small stand-ins for the services: order, control, and nothing left running."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import pytest

from cuestream.failures import UnreachableError, UsageError
from cuestream.settings import inherited_environment
from cuestream.stack.client import find_stack, order
from cuestream.stack.control import Order, ProcessStatus, StackStatus
from cuestream.stack.events import Event, Failed, Ready, Up, decode
from cuestream.stack.layout import Layout
from cuestream.stack.plan import CUESTREAM
from cuestream.stack.ports import LOOPBACK, free_port, is_free

pytestmark = pytest.mark.integration

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
from cuestream.stack.supervisor import Wish

asked = json.loads(sys.argv[1])

def report(event):
    sys.stdout.buffer.write(encode(event))
    sys.stdout.flush()

plan = Plan(
    one_shots=(
        OneShot("topics", ("one_shot", "topics"), "kafka"),
        OneShot("ingest-migrate", ("one_shot", asked["migrate"]), "postgres", "ingest"),
    ),
    services=(
        Service("ingest-api", ("service",), "ingest", asked["port"]),
        Service("ingest-resolve", ("service",), "ingest"),
    ),
    smtp_port=asked["smtp"],
    mailbox_port=asked["mailbox"],
)
wish = Wish(plan, Layout(pathlib.Path(asked["data"])), LocalSettings(), asked["scale"],
            Pace(first_delay=0.1, stop_patience=5.0))
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
    events: list[Event] = field(default_factory=list)

    def until_up(self) -> dict[str, str]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.events.append(decode(line))
            if isinstance(self.events[-1], Up):
                return self.events[-1].endpoints
        raise AssertionError(self.events)

    def order(self, what: Order, name: str = "") -> StackStatus:
        return order(self.layout, what, name)

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
        self, *, migrate: str = "well", scale: dict[str, int] | None = None
    ) -> Iterator[Stack]:
        asked = {
            "data": str(self.folder / "data"),
            "migrate": migrate,
            "scale": scale or {},
            "port": self.port,
            "smtp": free_port(),
            "mailbox": free_port(),
        }
        with subprocess.Popen(
            [sys.executable, str(self.folder / "stack.py"), json.dumps(asked)],
            stdout=subprocess.PIPE,
            env={**self.environment, "PYTHONPATH": str(self.folder)},
        ) as process:
            try:
                yield Stack(process, Layout(self.folder / "data"))
            finally:
                process.terminate()
                process.communicate(timeout=30)


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o711)
        (path / "service.py").write_text(SERVICE)
        (path / "one_shot.py").write_text(ONE_SHOT)
        (path / "stack.py").write_text(STACK)
        yield path


@pytest.fixture
def embedded(folder: Path) -> Starter:
    environment = inherited_environment()
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL"):
        environment.pop(name, None)
    return Starter(folder, environment)


@pytest.fixture
def given(folder: Path, kafka_bootstrap: str, postgres_url: str) -> Starter:
    """With brokers that are already there, so that it starts in a second."""
    addresses = {"KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap, "DATABASE_URL": postgres_url}
    return Starter(folder, {**inherited_environment(), **addresses})


def until(condition: Callable[[], bool], *, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


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


def test_the_real_brokers_come_up_and_go_down_with_everything(embedded: Starter) -> None:
    with embedded.stack() as stack:
        endpoints = stack.until_up()
        status = stack.order("status")

        assert status.state == "ready"
        assert {p.name: p.state for p in status.processes} == dict.fromkeys(
            ("kafka", "postgres", "mailbox", "ingest-api", "ingest-resolve"), "ready"
        )
        assert status.endpoints == endpoints
        assert endpoints["postgres"].startswith("postgresql://")
        env = told(endpoints["ingest"])
        assert env["DATABASE_URL"].startswith("postgresql://ingest@127.0.0.1:")
        assert env["KAFKA_BOOTSTRAP_SERVERS"] == endpoints["kafka"]
        assert env["CUESTREAM_PUBLIC_URL"] == endpoints["ingest"]
        ports = [process.port for process in status.processes if process.port is not None]

        assert stack.order("down").state == "stopped"
        assert stack.process.wait(timeout=10) == 0

    until(lambda: not processes_of(embedded.folder), seconds=5)
    assert all(is_free(port) for port in ports)


def test_kill_9_of_the_supervisor_leaves_nothing(embedded: Starter) -> None:
    with embedded.stack() as stack:
        stack.until_up()
        assert len(processes_of(embedded.folder)) > 8

        os.kill(stack.process.pid, signal.SIGKILL)

        until(lambda: not processes_of(embedded.folder), seconds=10)
        assert stack.layout.running() is None

    with embedded.stack() as stack:  # on what the killed one left
        stack.until_up()


def test_a_killed_broker_is_started_again(embedded: Starter) -> None:
    with embedded.stack() as stack:
        stack.until_up()
        for name in ("postgres", "kafka", "mailbox"):
            before = stack.of(name)
            assert before.pid is not None
            os.kill(before.pid, signal.SIGKILL)

            until(lambda: stack.of(name).restarts == 1 and stack.of(name).state == "ready")  # noqa: B023  called at once

        assert stack.order("status").state == "ready"


def test_a_process_stays_down_until_it_is_started(given: Starter) -> None:
    with given.stack() as stack:
        stack.until_up()

        stack.order("stop", "ingest-resolve")
        assert stack.of("ingest-resolve").state == "stopped"
        assert stack.order("status").state == "ready"

        stack.order("start", "ingest-resolve")
        assert stack.of("ingest-resolve").state == "ready"


def test_an_unknown_name_is_refused_with_the_known_ones(given: Starter) -> None:
    with given.stack() as stack:
        stack.until_up()

        with pytest.raises(UsageError, match="no process nonsense") as caught:
            stack.order("stop", "nonsense")
        assert "ingest-resolve" in caught.value.remedies[0]


def test_scaled_processes_have_names_slots_and_ports_of_their_own(given: Starter) -> None:
    with given.stack(scale={"ingest-resolve": 3}) as stack:
        stack.until_up()
        ports = find_stack(stack.layout).ports
        names = ["ingest-resolve", "ingest-resolve-2", "ingest-resolve-3"]

        slots = [told(f"http://127.0.0.1:{ports[name]}")["CUESTREAM_INSTANCE"] for name in names]

        assert slots == ["1", "2", "3"]
        assert len({ports[name] for name in names}) == 3


def test_a_taken_port_moves_aside_and_status_says_so(given: Starter) -> None:
    with socket.create_server((LOOPBACK, given.port)), given.stack() as stack:
        endpoint = stack.until_up()["ingest"]

        assert endpoint != f"http://127.0.0.1:{given.port}"
        assert stack.of("ingest-api").port == int(endpoint.rpartition(":")[2])


def test_the_stack_is_found_with_its_administrators_key(given: Starter) -> None:
    with given.stack() as stack:
        endpoints = stack.until_up()

        found = find_stack(stack.layout)

        assert found.endpoints == endpoints
        env = told(endpoints["ingest"])
        assert env["CUESTREAM_ADMIN_KEY_SHA256"] == stack.layout.keys().admin_key_sha256
        assert found.admin_key not in env.values()
        assert (stack.layout.root / "keys.json").stat().st_mode & 0o077 == 0


def test_a_second_stack_in_the_same_folder_is_refused(given: Starter) -> None:
    with given.stack() as stack:
        stack.until_up()
        with given.stack() as second:
            assert second.process.wait(timeout=20) == 2

        assert stack.order("status").state == "ready"


def test_a_failed_migration_ends_the_start_with_its_last_words(given: Starter) -> None:
    with given.stack(migrate="fail") as stack:
        with pytest.raises(AssertionError):
            stack.until_up()

        last = stack.events[-1]
        assert isinstance(last, Failed)
        assert "ingest-migrate failed (exit code 1)" in last.message
        assert "doing ['fail']" in last.message

    until(lambda: not processes_of(given.folder), seconds=5)


def test_one_shots_are_done_before_the_services_start(given: Starter) -> None:
    with given.stack() as stack:
        stack.until_up()

        ready = [event.name for event in stack.events if isinstance(event, Ready)]
        first_service = min(ready.index("ingest-api"), ready.index("ingest-resolve"))
        assert {"topics", "ingest-migrate"} <= set(ready[:first_service])


def test_without_a_stack_the_error_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="No stack is running"):
        find_stack(Layout(tmp_path))


def test_a_kafka_that_does_not_answer_is_said_so(folder: Path, postgres_url: str) -> None:
    addresses = {
        "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{free_port()}",
        "DATABASE_URL": postgres_url,
    }
    with Starter(folder, {**inherited_environment(), **addresses}).stack() as stack:
        with pytest.raises(AssertionError):
            stack.until_up()

        last = stack.events[-1]
        assert isinstance(last, Failed)
        assert last.exit_code == 3
        assert "KAFKA_BOOTSTRAP_SERVERS" in last.remedies[0]


def test_a_name_that_cannot_be_scaled_is_refused() -> None:
    with pytest.raises(UsageError, match="kafka=2"):
        CUESTREAM.instances({"kafka": 2})
