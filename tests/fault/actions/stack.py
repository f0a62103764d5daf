"""A running stack as faults see it: its processes by name, the links between them, and what each can be told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, Literal, TypeVar

from common.clock import monotonic
from cuestream.stack.client import order
from cuestream.stack.control import ProcessStatus, StackStatus
from cuestream.stack.events import Event
from cuestream.stack.layout import Layout, node_name
from cuestream.stack.plan import CUESTREAM
from cuestream.stack.postgres.roles import run_psql
from cuestream.stack.proxy import Links
from cuestream.stack.running import run_beside
from tests.fault.actions.disk import SmallDisk, small_disk_at
from tests.fault.inside.hosting import PROGRAM
from tests.fault.inside.orders import EVERY, Orders, Step, Strike

T = TypeVar("T")

ROOT: Final = Path(__file__).parents[3]
RECOVERY_SECONDS: Final = 90.0
"""After which a stack without a fault must serve again, on a busy machine too."""
_LOOK_EVERY: Final = 0.2
"""Seconds; whoever asks for the status has every process probed."""
_SERVICES: Final = tuple(service.name for service in CUESTREAM.services)
_LOOPS: Final = ("resolve", "consume")
_JOBS: Final = ("send",)


@dataclass
class Stack:
    """Blocking throughout. Whatever is done here to a process is done by its name in `cuestream status`."""

    data: Path
    kafka_nodes: int = 1
    disk: SmallDisk | None = None
    """PostgreSQL's, where it is one that can be filled."""
    events: list[Event] = field(default_factory=list)
    """What the start told."""

    @property
    def layout(self) -> Layout:
        return Layout(self.data)

    @cached_property
    def orders(self) -> Orders:
        return Orders.below(self.data)

    @cached_property
    def endpoints(self) -> Mapping[str, str]:
        """Direct ones: whoever is no process of the stack need not go through the proxy, and never suffers."""
        return self.status().endpoints

    @cached_property
    def links(self) -> Links:
        return Links(self.port("proxy"))

    @property
    def admin_key(self) -> str:
        return self.layout.keys().admin_key

    # What there is.

    def status(self) -> StackStatus:
        return order(self.layout, "status")

    def process(self, name: str) -> ProcessStatus:
        return next(process for process in self.status().processes if process.name == name)

    def pid(self, name: str) -> int:
        """Of a running process; waits until it is there."""
        return self.until(f"{name} runs", lambda: self.process(name).pid)

    def port(self, name: str) -> int:
        port = self.process(name).port
        assert port is not None
        return port

    @property
    def names(self) -> list[str]:
        return [process.name for process in self.status().processes]

    @property
    def services(self) -> list[str]:
        """Every process that is ours."""
        return [name for name in self.names if name.startswith(_SERVICES)]

    @property
    def loops(self) -> list[str]:
        """The processes that fold records."""
        return [name for name in self.services if _kind(name) in _LOOPS]

    @property
    def owners(self) -> list[str]:
        """The processes that own partitions."""
        return [name for name in self.services if _kind(name) in (*_LOOPS, *_JOBS)]

    @property
    def nodes(self) -> list[str]:
        return [node_name(number) for number in range(1, self.kafka_nodes + 1)]

    # What can be done.

    def stop(self, name: str) -> None:
        """Ask it to end; it stays down until started."""
        order(self.layout, "stop", name)

    def start(self, name: str) -> None:
        """Returns when it serves."""
        order(self.layout, "start", name)

    def restart(self, name: str) -> None:
        self.stop(name)
        self.start(name)

    def kill(self, name: str) -> None:
        """As `kill -9`; the supervisor starts it again. Returns when that very process is gone."""
        pid = self.pid(name)
        order(self.layout, "kill", name)
        self.until(f"{name} is killed", lambda: self.process(name).pid != pid)

    def scale(self, name: str, count: int) -> None:
        """Returns when so many serve."""
        order(self.layout, "scale", name, count)

    @contextmanager
    def stopped(self, name: str) -> Iterator[None]:
        """It does nothing during the block, and does not know it (SIGSTOP, SIGCONT)."""
        pid = self.pid(name)
        os.killpg(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            self.wake(pid)

    def wake(self, pid: int) -> None:
        """SIGCONT to a process and its workers; it may have been killed meanwhile."""
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGCONT)

    def arm(
        self, name: str, step: Step, crossing: int = 1, strike: Literal["KILL", "STOP"] = "KILL"
    ) -> None:
        """Behind the n-th crossing of that step from now on, the process kills or stops itself."""
        self.orders.arm(name, Strike(step, crossing, strike))

    def clock(self, name: str, seconds: int) -> None:
        """Start it again with a clock that is off by so much."""
        self.orders.set_clock(name, seconds)
        self.restart(name)

    def psql(self, sql: str) -> str:
        """As the superuser, past the proxy."""
        return run_psql(self.endpoints["postgres"], sql)

    def cuestream(self, *arguments: str, exit_code: int = 0, seconds: float = 60) -> str:
        """Run the command on this stack and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "cuestream", *arguments, "--data", str(self.data)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == exit_code, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done.stdout

    # Waiting.

    def until_ready(self, seconds: float = RECOVERY_SECONDS) -> None:
        """Every process that is not down on purpose serves."""
        self.until("the stack is ready", lambda: self.status().state == "ready", seconds)

    def until(self, what: str, found: Callable[[], T | None], seconds: float = 30.0) -> T:
        """Ask until there is something."""
        end = monotonic() + seconds
        while not (answer := found()):
            assert monotonic() < end, f"{what}: not within {seconds:.0f} s"
            self.pause(_LOOK_EVERY)
        return answer

    def pause(self, seconds: float) -> None:
        """How long a fault lasts is part of it."""
        threading.Event().wait(seconds)


def _kind(name: str) -> str:
    """`resolve` of `ingest-resolve-2`."""
    return name.split("-")[1]


@contextmanager
def running_stack(
    folder: Path,
    *,
    kafka_nodes: int = 1,
    services: Collection[str] = (),
    scale: Mapping[str, int] | None = None,
    smtp: int | None = None,
    environment: Mapping[str, str] | None = None,
    without: Mapping[str, Collection[str]] | None = None,
    workspaces: Path = ROOT,
    small_disk: int | None = None,
) -> Iterator[Stack]:
    """A stack for the body, from the main thread; nothing of it is left afterwards, however this process ends.

    Args:
        folder: a fresh one below which PostgreSQL's user can walk.
        kafka_nodes: 1 or 3.
        services: only these, by the names of `cuestream status`; none: all.
        scale: how many of a service's process there are at first.
        smtp: the port of an SMTP server of the test, instead of the mailbox's.
        environment: more variables for every service.
        without: by process, the topics that its version does not read.
        workspaces: the folder that is published.
        small_disk: bytes of a disk of its own for PostgreSQL, which can then be filled; root only.

    Raises:
        CommandError: it could not be brought up.
    """
    stack = Stack(folder / "stack", kafka_nodes)
    counts = dict(scale or {})
    stack.orders.set_environment(EVERY, environment or {})
    for name, topics in (without or {}).items():
        stack.orders.set_without(name, topics)
    arguments = ["--data", str(stack.data), "--workspaces", str(workspaces)]
    arguments += ["--kafka-nodes", str(kafka_nodes)]
    arguments += [f"--scale={name}={count}" for name, count in counts.items()]
    arguments += [f"--service={name}" for name in services]
    arguments += [f"--smtp={smtp}"] if smtp is not None else []
    with ExitStack() as around:
        if small_disk is not None:
            stack.disk = around.enter_context(small_disk_at(stack.layout.postgres, small_disk))
        around.enter_context(run_beside(arguments, stack.layout, stack.events.append, PROGRAM))
        yield stack
