"""Puts a loop together: reader, publisher, elector and runner under one roof, with its health."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Generic, TypeVar

from common.consuming.loop import Life, Loop, Surroundings
from common.consuming.observing import Observer
from common.consuming.runner import Runner, commit_for_lag
from common.progress.following import ProgressFollower
from common.progress.reporting import ProgressReporter
from common.publishing.outbox import Outbox, kept_running
from common.streaming.ports import Elector, Publisher

S = TypeVar("S")

OnAssigned = Callable[[frozenset[int]], Awaitable[None]]
Alive = Callable[[], bool]


class StuckError(Exception):
    """The loop no longer turns; another process shall have its partitions."""


class Consumer(Generic[S]):
    """One loop of a process. `run` until cancelled; `ready` and `alive` are for the health endpoints."""

    def __init__(self, loop: Loop[S], around: Surroundings) -> None:
        self._loop = loop
        self._around = around
        self._runner: Runner[S] | None = None

    def alive(self) -> bool:
        """False when the loop is stuck and the process should be replaced."""
        return self._runner is None or self._runner.pulse.healthy(self._around.pace.stuck)

    async def ready(self) -> Mapping[str, bool | str]:
        """What still misses; a stopped partition names its alarm."""
        runner = self._runner
        state: dict[str, bool | str] = {"running": runner is not None and self.alive()}
        if runner is not None:
            state["partitions"] = runner.ownership.settled
            for partition, why in runner.ownership.stopped.items():
                state[f"partition {partition}"] = why
        return state

    async def run(self) -> None:
        """Elect, own, fold, publish.

        Raises:
            FuseBlownError: too many folds failed in a row.
            Exception: any other is a bug; the process stops, the next owner goes on from the last commit.
        """
        await self._around.configuration.wait_ready()
        life = await Life.of(self._around.ledger)
        log = self._around.log
        async with AsyncExitStack() as stack:
            reader = await stack.enter_async_context(log.reader())
            publisher = await stack.enter_async_context(log.publisher())
            elector = await stack.enter_async_context(
                log.elector(self._loop.anchor, self._loop.name)
            )
            follower, reporter = await self._time(stack, publisher, life.id)
            outbox = Outbox(
                self._loop.name,
                self._loop.journal,
                self._around.ledger,
                publisher,
                self._around.pace.backoff,
                monotonic=self._around.monotonic,
            )
            runner = Runner(self._loop, self._around, life, reader, outbox, follower, reporter)
            self._runner = runner
            await stack.enter_async_context(kept_running(outbox))
            time = follower or reporter
            observer = Observer(
                self._loop.name,
                self._loop.inputs,
                self._around,
                runner.ownership,
                outbox,
                reader,
                None if time is None else time.at,
            )
            await self._tasks(runner, elector, follower, reporter, observer)

    async def _time(
        self, stack: AsyncExitStack, publisher: Publisher, incarnation: str
    ) -> tuple[ProgressFollower | None, ProgressReporter | None]:
        if self._loop.time == "own":
            return None, ProgressReporter(
                self._loop.name,
                incarnation,
                self._around.log.partitions,
                publisher,
                self._around.pace.tick,
                self._around.clock,
                self._around.monotonic,
            )
        reader = await stack.enter_async_context(self._around.log.reader())
        return ProgressFollower(reader, self._around.log.partitions), None

    async def _tasks(
        self,
        runner: Runner[S],
        elector: Elector,
        follower: ProgressFollower | None,
        reporter: ProgressReporter | None,
        observer: Observer,
    ) -> None:
        pace = self._around.pace
        async with asyncio.TaskGroup() as group:
            group.create_task(runner.run())
            group.create_task(elect(elector, runner.ownership.on_assigned, self.alive))
            group.create_task(commit_for_lag(runner, elector, pace.commit))
            group.create_task(observer.run())
            if follower is not None:
                group.create_task(follower.run())
            if reporter is not None:
                group.create_task(_tick(runner, reporter, pace.tick))


async def elect(elector: Elector, on_assigned: OnAssigned, alive: Alive) -> None:
    """Hold the process's place in the group; losing it because the loop is stuck ends the process."""
    await elector.run(on_assigned, alive)
    raise StuckError("no round was finished for too long")


async def _tick(runner: Runner[S], reporter: ProgressReporter, every: float) -> None:
    while True:
        await asyncio.sleep(every / 4)
        await reporter.tick(runner.ownership.active)
