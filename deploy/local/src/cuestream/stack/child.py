"""One supervised process: started, probed, started again when it dies, left down when told so."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from common.clock import monotonic
from cuestream.failures import CommandError, FindingError
from cuestream.stack.events import Ended, Ready, Report
from cuestream.stack.launch import (
    Command,
    group_listens,
    group_lives,
    kill_group,
    last_lines,
    last_words,
    open_log,
    spawn_options,
)
from cuestream.stack.watching import Watch

State = Literal["starting", "ready", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient the supervisor is, in seconds."""

    first_delay: float = 0.5
    longest_delay: float = 10.0
    stable_after: float = 30.0
    """A process that lived so long starts with the first delay again."""
    stop_patience: float = 10.0
    probe_every: float = 0.2
    give_up_after: int = 3
    """So many deaths in a row before it ever served, and the stack's start has failed."""

    def delay(self, deaths: int) -> float:
        """The pause before the next try, after so many deaths in a row (at least one)."""
        return min(self.first_delay * 2.0 ** (deaths - 1), self.longest_delay)


@dataclass(frozen=True, slots=True)
class Program:
    """What a child is: how its command comes about (may block, may raise) and when it serves."""

    name: str
    prepare: Callable[[], Command]
    is_ready: Callable[[], Awaitable[bool]]
    port: int | None = None
    """Where it listens; whoever else answers there does not count."""


class Child:
    """A program kept alive. `supervise` is its life; everything else only says what is wanted."""

    def __init__(self, program: Program, watch: Watch, report: Report, pace: Pace) -> None:
        self.name = program.name
        self.port = program.port
        self.state: State = "stopped"
        self.restarts = 0
        self._program, self._watch, self._report, self._pace = program, watch, report, pace
        self._process: Process | None = None
        self._command: Command | None = None
        self._complaint: CommandError | None = None
        self._deaths = 0  # in a row, without having been stable
        self._unready_deaths = 0  # in a row, without having been ready
        self._wanted = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._told = asyncio.Event()
        self._changed = asyncio.Condition()

    @property
    def pid(self) -> int | None:
        """The running process's id."""
        return None if self._process is None else self._process.pid

    async def supervise(self) -> None:
        """Run it whenever it is wanted, until cancelled."""
        while True:
            await self._wanted.wait()
            self._idle.clear()
            begun = monotonic()
            try:
                exit_code = await self._run_once()
            finally:
                self._idle.set()
            self._told.clear()
            if not self._wanted.is_set():
                await self._become("stopped")
                continue
            self._deaths = 1 if monotonic() - begun >= self._pace.stable_after else self._deaths + 1
            self._unready_deaths = 0 if self.state == "ready" else self._unready_deaths + 1
            self.restarts += 1
            await self._become("failed")
            delay = self._pace.delay(self._deaths)
            if self._complaint is None:
                self._report(Ended(self.name, exit_code, delay, self._last_words(exit_code)))
            await self._pause(delay)

    async def start(self) -> None:
        """From now on it shall run; one that waits to be started again is started at once."""
        if not self._wanted.is_set():
            self._deaths = self._unready_deaths = 0
            await self._become("starting")
        self._wanted.set()
        self._told.set()

    async def stop(self) -> None:
        """From now on it shall be down; returns when it is."""
        self._wanted.clear()
        self._told.set()
        self._signal()
        try:
            async with asyncio.timeout(self._pace.stop_patience):
                await self._idle.wait()
        except TimeoutError:
            if self._process is not None:
                kill_group(self._process.pid)
            await self._idle.wait()
        await self._become("stopped")

    def kill(self) -> None:
        """As `kill -9` does; it is started again if it is wanted."""
        if self._process is not None:
            kill_group(self._process.pid)

    async def until_running(self) -> None:
        """Wait until there is a process, which need not serve yet.

        Raises:
            CommandError: it cannot be prepared, or died again and again.
        """
        await self._until_hopeless_or(lambda: self._process is not None)

    async def until_ready(self) -> None:
        """Wait for the first time that it serves.

        Raises:
            CommandError: it cannot be prepared, or died again and again.
        """
        await self._until_hopeless_or(lambda: self.state == "ready")

    async def _until_hopeless_or(self, condition: Callable[[], bool]) -> None:
        await self.until(lambda: condition() or self._is_hopeless())
        if self._complaint is not None:
            raise self._complaint
        if not condition():
            log = last_lines(self._command.log) if self._command is not None else ""
            raise FindingError(f"{self.name} does not start: {self._last_words(1)}\n{log}")

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until it holds; asked again whenever the state changes."""
        async with self._changed:
            await self._changed.wait_for(condition)

    async def look(self) -> State:
        """Its state, asking it whether it still serves."""
        if self.state == "ready" and not await self._program.is_ready():
            return "starting"
        return self.state

    def _is_hopeless(self) -> bool:
        return self._complaint is not None or self._unready_deaths >= self._pace.give_up_after

    async def _run_once(self) -> int:
        await self._become("starting")
        self._complaint = None
        try:
            self._command = await asyncio.to_thread(self._program.prepare)
        except CommandError as error:
            self._complaint = error
            return error.exit_code
        with open_log(self._command.log) as output:
            process = await asyncio.create_subprocess_exec(
                *self._command.argv, **spawn_options(self._command, output)
            )
        self._process = process
        self._watch.add(process.pid, self._command.death_signal)
        if not self._wanted.is_set():  # told to stop while it was being prepared
            self._signal()
        probing = asyncio.create_task(self._probe(process.pid))
        try:
            return await process.wait()
        finally:
            probing.cancel()
            await self._end_group(process.pid)
            self._watch.remove(process.pid)
            self._process = None

    async def _end_group(self, pgid: int) -> None:
        """A server's workers must be gone before the next one starts."""
        while True:
            if not (kill_group(pgid) and group_lives(pgid)):
                return
            await asyncio.sleep(0.01)

    async def _probe(self, pid: int) -> None:
        begun = monotonic()
        await self._become("starting")  # again: somebody may wait for nothing but a process
        while True:
            if await self._program.is_ready() and await self._is_who_answers(pid):
                break
            await asyncio.sleep(self._pace.probe_every)
        await self._become("ready")
        self._report(Ready(self.name, monotonic() - begun))

    async def _is_who_answers(self, pid: int) -> bool:
        """Another stack's process may have been quicker to take the port."""
        if self.port is None:
            return True
        return await asyncio.to_thread(group_listens, pid, self.port)

    def _last_words(self, exit_code: int) -> str:
        if self._command is None or exit_code < 0:  # a signal leaves no time for words
            return ""
        return last_words(self._command.log)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._told.wait()
        except TimeoutError:
            return

    async def _become(self, state: State) -> None:
        async with self._changed:
            self.state = state
            self._changed.notify_all()

    def _signal(self) -> None:
        if self._process is not None and self._command is not None:
            try:
                self._process.send_signal(self._command.stop_signal)
            except ProcessLookupError:
                return
