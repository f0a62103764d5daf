"""Several workers on one port: started again when they die, ended with their parent however it ends."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import structlog
from prometheus_client import multiprocess

from common.clock import monotonic
from common.errors import PermanentError
from common.settings import WRONG_SETTINGS
from ingest.settings import environment_with

log = structlog.get_logger(__name__)

FIRST_DELAY, LONGEST_DELAY, STABLE = 0.5, 10.0, 30.0
PATIENCE = 8.0
"""Seconds that workers have to end when told so."""
WORKER = "--worker"


@dataclass(frozen=True, slots=True)
class Lifeline:
    """A pipe that only the parent can keep open: when it ends, by whatever death, the worker's end of it closes."""

    descriptor: int
    directory: Path | None

    @contextmanager
    def held(self) -> Iterator[None]:
        """End this process at once when the parent is gone."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self.descriptor, self._cut)
        try:
            yield
        finally:
            loop.remove_reader(self.descriptor)

    def _cut(self) -> None:
        if self.directory is not None:
            shutil.rmtree(self.directory, ignore_errors=True)
        # Nobody would start another in its place, and its port must be free for the next parent.
        os._exit(1)


async def supervise(host: str, port: int, count: int) -> None:
    """Run so many workers until cancelled.

    Raises:
        PermanentError: `port_taken`, or `worker_refused`, a worker says that its settings are wrong.
    """
    with _reserved(host, port) as known, _pipe() as (descriptor, _), _counters() as directory:
        crew = _Crew(known, descriptor, directory)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(count):
                    group.create_task(crew.keep_one())
        finally:
            await crew.end()


class _Crew:
    """The workers there are."""

    def __init__(self, port: int, descriptor: int, directory: Path) -> None:
        self._port = port
        self._descriptor = descriptor
        self._directory = directory
        self._running: set[Process] = set()

    async def keep_one(self) -> None:
        """Start a worker, and another one whenever it dies."""
        delay = FIRST_DELAY
        while True:
            begun = monotonic()
            process = await self._start()
            code = await process.wait()
            self._running.discard(process)
            multiprocess.mark_process_dead(process.pid, str(self._directory))  # type: ignore[no-untyped-call] # the library's
            if code == WRONG_SETTINGS:
                raise PermanentError("worker_refused", "a worker cannot run as configured")
            log.warning("worker_died", exit_code=code)
            delay = FIRST_DELAY if monotonic() - begun > STABLE else delay
            await asyncio.sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY)

    async def end(self) -> None:
        """Ask all to end, then make them."""
        for process in self._running:
            _signal(process, signal.SIGTERM)
        waiting = [asyncio.ensure_future(process.wait()) for process in self._running]
        if waiting:
            await asyncio.wait(waiting, timeout=PATIENCE)
        for process in self._running:
            if process.returncode is None:
                _signal(process, signal.SIGKILL)

    async def _start(self) -> Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "ingest",
            "api",
            WORKER,
            str(self._port),
            str(self._descriptor),
            pass_fds=(self._descriptor,),
            env=environment_with(PROMETHEUS_MULTIPROC_DIR=str(self._directory)),
        )
        self._running.add(process)
        return process


def _signal(process: Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(number)


@contextmanager
def _reserved(host: str, port: int) -> Iterator[int]:
    """Hold the port without listening, so that it stays ours while no worker runs; 0 takes any free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            holder.bind((host, port))
        except OSError as error:
            raise PermanentError("port_taken", f"cannot listen on {host}:{port}") from error
        yield holder.getsockname()[1]


@contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    try:
        yield reading, writing
    finally:
        os.close(reading)
        os.close(writing)


@contextmanager
def _counters() -> Iterator[Path]:
    """Where the workers keep their counters, so that any of them can answer `/metrics` for all."""
    directory = Path(tempfile.mkdtemp(prefix="cuestream-ingest-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
