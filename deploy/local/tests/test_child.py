"""One supervised process: back-off, stop and start, and what happens to its own children."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import psutil
import pytest

from cuestream.failures import FindingError, UnreachableError
from cuestream.settings import inherited_environment
from cuestream.stack.child import Child, Pace, Program
from cuestream.stack.events import Ended, Event
from cuestream.stack.launch import Command
from cuestream.stack.ports import LOOPBACK, accepts
from cuestream.stack.watching import Watch

QUICK = Pace(first_delay=0.05, longest_delay=0.2, stop_patience=1.0, probe_every=0.02)

SERVES = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(600)"
IGNORES_TERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + SERVES
MEETS_ANOTHER = (
    "import json, sys, time; time.sleep(0.3);"
    "print(json.dumps({'event': 'process_failed', 'detail': 'port_taken'})); sys.exit(2)"
)
DIES = "import sys; print('out of luck'); sys.exit(7)"
HAS_A_WORKER = (
    "import pathlib, subprocess, sys, time;"
    "worker = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
    "pathlib.Path(sys.argv[1]).write_text(str(worker.pid)); time.sleep(600)"
)


def program(folder: Path, script: str) -> Program:
    """Ready when the script has made its mark."""
    mark = folder / "mark"

    def prepare() -> Command:
        mark.unlink(missing_ok=True)
        argv = (sys.executable, "-S", "-c", script, str(mark))
        return Command(argv, folder / "child.log", inherited_environment())

    async def is_ready() -> bool:
        return mark.exists() and (script is not HAS_A_WORKER or mark.read_text() != "")

    return Program("child", prepare, is_ready)


@asynccontextmanager
async def living(
    what: Program, told: list[Event] | None = None, pace: Pace = QUICK
) -> AsyncIterator[Child]:
    watch = Watch()
    child = Child(what, watch, (told if told is not None else []).append, pace)
    life = asyncio.create_task(child.supervise())
    try:
        await child.start()
        yield child
        await child.stop()
    finally:
        life.cancel()
        await asyncio.gather(life, return_exceptions=True)
        watch.close()


async def until(child: Child, condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        await child.until(condition)


def restarted(child: Child, times: int) -> bool:
    return child.restarts == times


def pid_of(child: Child) -> int:
    assert child.pid is not None
    return child.pid


def test_the_pause_doubles_up_to_the_longest() -> None:
    pace = Pace(first_delay=0.5, longest_delay=10.0)

    assert [pace.delay(deaths) for deaths in (1, 2, 3, 5, 6, 60)] == [0.5, 1, 2, 8, 10, 10]


async def test_a_killed_process_is_started_again(tmp_path: Path) -> None:
    told: list[Event] = []
    async with living(program(tmp_path, SERVES), told) as child:
        await child.until_ready()
        first = pid_of(child)

        os.kill(first, signal.SIGKILL)
        await until(child, lambda: child.restarts == 1 and child.state == "ready")

        assert child.pid != first
        assert Ended("child", -signal.SIGKILL, 0.05) in told


async def test_a_process_that_lived_long_enough_starts_with_the_first_pause_again(
    tmp_path: Path,
) -> None:
    told: list[Event] = []
    pace = Pace(first_delay=0.01, longest_delay=5.0, stable_after=0.0, probe_every=0.02)
    async with living(program(tmp_path, SERVES), told, pace) as child:
        for deaths in range(1, 4):
            await until(child, lambda: child.state == "ready")
            child.kill()
            await until(child, partial(restarted, child, deaths))

    assert [event.delay for event in told if isinstance(event, Ended)] == [0.01] * 3


async def test_a_stopped_process_stays_down_until_it_is_started(tmp_path: Path) -> None:
    async with living(program(tmp_path, SERVES)) as child:
        await child.until_ready()
        pid = pid_of(child)

        await child.stop()
        assert (child.state, child.pid, child.restarts) == ("stopped", None, 0)
        assert not psutil.pid_exists(pid)

        await child.start()
        await child.until_ready()
        assert child.restarts == 0


async def test_a_process_that_ignores_the_signal_is_killed(tmp_path: Path) -> None:
    async with living(program(tmp_path, IGNORES_TERM)) as child:
        await child.until_ready()
        pid = pid_of(child)

        await child.stop()

        assert not psutil.pid_exists(pid)


async def test_a_process_that_never_serves_fails_with_its_last_words(tmp_path: Path) -> None:
    async with living(program(tmp_path, DIES)) as child:
        with pytest.raises(FindingError, match="out of luck"):
            await child.until_ready()


async def test_another_one_who_answers_on_its_port_does_not_count(tmp_path: Path) -> None:
    told: list[Event] = []
    with socket.create_server((LOOPBACK, 0)) as another:
        port = int(another.getsockname()[1])

        def prepare() -> Command:
            argv = (sys.executable, "-S", "-c", MEETS_ANOTHER)
            return Command(argv, tmp_path / "child.log", inherited_environment())

        async def answers() -> bool:
            return accepts(port)

        async with living(Program("child", prepare, answers, port), told) as child:
            with pytest.raises(FindingError, match="child does not start: port_taken"):
                await child.until_ready()

    assert [event.why for event in told if isinstance(event, Ended)][:3] == ["port_taken"] * 3


async def test_a_process_that_waits_to_be_started_again_can_be_stopped(tmp_path: Path) -> None:
    pace = Pace(first_delay=60.0, longest_delay=60.0, probe_every=0.02)
    async with living(program(tmp_path, DIES), pace=pace) as child:
        await until(child, lambda: child.restarts == 1)

        await child.stop()

        assert child.state == "stopped"


async def test_the_workers_of_a_killed_server_are_gone_before_the_next_one(tmp_path: Path) -> None:
    async with living(program(tmp_path, HAS_A_WORKER)) as child:
        await child.until_ready()
        worker = int((tmp_path / "mark").read_text())

        os.kill(pid_of(child), signal.SIGKILL)
        await until(child, lambda: child.restarts == 1 and child.state == "ready")

        assert not psutil.pid_exists(worker) or psutil.Process(worker).status() == "zombie"


async def test_what_cannot_be_prepared_is_said_at_once_with_its_remedies(tmp_path: Path) -> None:
    def prepare() -> Command:
        raise UnreachableError("no jars", "connect once")

    async def never() -> bool:
        return False

    pace = Pace(first_delay=60.0, longest_delay=60.0)
    async with living(Program("child", prepare, never), pace=pace) as child:
        with pytest.raises(UnreachableError) as caught:
            await child.until_ready()

    assert caught.value.remedies == ("connect once",)
