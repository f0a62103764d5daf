"""A process that works on partitions it owns without folding records, such as `dispatcher send`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog

from common.consuming.consumer import elect
from common.consuming.loop import Pulse, Surroundings
from common.consuming.observing import Observer
from common.consuming.ownership import Guard, Ownership, trust
from common.consuming.tenure import Tenure
from common.contracts import load_topics
from common.publishing.effects import Effect, effects_of
from common.publishing.outbox import DEEPEST, Outbox, kept_running
from common.publishing.rows import RowMaker
from common.streaming.model import Consequence, Transaction
from common.streaming.ports import Advance, FencedError, OutboxRow, Publisher

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Desk:
    """A transaction under the fence, and what it will publish when it commits."""

    tx: Transaction
    loop: str
    effects: list[Effect] = field(default_factory=list)

    def emit(
        self,
        partition: int,
        consequence: Consequence,
        *,
        workspace: str,
        cause: UUID,
        correlation: UUID,
        accepted_at: datetime,
        traceparent: str | None = None,
    ) -> None:
        """Add an event; its id derives from the cause and the type, so a repetition has the same one."""
        self.effects.extend(
            effects_of(
                (consequence,),
                partition,
                now=accepted_at,
                loop=self.loop,
                workspace=workspace,
                cause=cause,
                correlation=correlation,
                traceparent=traceparent,
            )
        )


class Owned:
    """The partitions a job owns now. One transaction at a time: the sequences are drawn from memory."""

    def __init__(
        self,
        name: str,
        around: Surroundings,
        ownership: Ownership,
        outbox: Outbox,
        incarnation: str,
    ) -> None:
        self._name = name
        self._around = around
        self._ownership = ownership
        self._outbox = outbox
        self._incarnation = incarnation
        self._topics = load_topics(around.log.partitions)
        self._turn = asyncio.Lock()

    @property
    def partitions(self) -> frozenset[int]:
        return frozenset(self._ownership.standings)

    @asynccontextmanager
    async def transaction(self, partitions: Collection[int]) -> AsyncIterator[Desk]:
        """Fence these partitions, do the body, commit with what it emitted.

        Raises:
            FencedError: one of them is no longer ours; nothing was written.
            TransientError: nothing was written, or nobody can tell (the epoch then shows it).
        """
        async with self._turn:
            standings = self._ownership.standings
            lost = set(partitions) - standings.keys()
            if lost:
                raise FencedError(lost)
            makers = {
                p: RowMaker(
                    self._name,
                    self._incarnation,
                    standings[p],
                    self._topics,
                    self._around.log.partition_for,
                )
                for p in sorted(partitions)
            }
            ledger = self._around.ledger
            with self._outbox.clearing() as published:
                async with ledger.transaction() as tx:
                    await ledger.fence(tx, [m.standing for m in makers.values()])
                    desk = Desk(tx, self._name)
                    yield desk
                    for effect in desk.effects:
                        makers[effect.partition].effect(effect)
                    advances = [_advance(maker) for maker in makers.values()]
                    await ledger.advance(tx, advances, published)
            self._outbox.add(_committed(makers))


def _advance(maker: RowMaker) -> Advance:
    return Advance(
        partition=maker.standing.partition,
        positions={},
        seen={},
        drawn=maker.draw.counters if maker.rows else {},
        outbox=maker.rows,
    )


def _committed(makers: Mapping[int, RowMaker]) -> list[OutboxRow]:
    rows: list[OutboxRow] = []
    for maker in makers.values():
        maker.standing.batch += 1
        maker.standing.drawn = maker.draw.counters
        rows.extend(maker.rows)
    return rows


@dataclass(frozen=True, slots=True)
class Job:
    """Work on owned partitions."""

    name: str
    anchor: str
    """The topic whose consumer group, one of the job's own, elects the owners."""
    step: Callable[[Owned], Awaitable[float]]
    """One round, well under 30 s; returns the seconds until the next one is worth while."""
    on_gained: Callable[[Owned, frozenset[int]], Awaitable[None]]
    """Called once for partitions just taken over, before any step sees them."""
    guard: Guard = trust
    """Called before anything of them is published: raises where the database was set back (`refuse_restored`)."""


class Worker:
    """Runs a job until cancelled; `ready` and `alive` are for the health endpoints."""

    def __init__(self, job: Job, around: Surroundings) -> None:
        self._job = job
        self._around = around
        self._pulse = Pulse(around.monotonic)
        self._ownership: Ownership | None = None
        self._greeted: set[int] = set()

    def alive(self) -> bool:
        return self._pulse.healthy(self._around.pace.stuck)

    async def ready(self) -> Mapping[str, bool | str]:
        """What still misses."""
        ownership = self._ownership
        if ownership is None:
            return {"running": False}
        return {"running": self.alive(), "partitions": ownership.settled}

    async def run(self) -> None:
        """Elect, own, step."""
        await self._around.configuration.wait_ready()
        incarnation = await self._around.ledger.incarnation()
        async with AsyncExitStack() as stack:
            publisher: Publisher = await stack.enter_async_context(self._around.log.publisher())
            elector = await stack.enter_async_context(
                self._around.log.elector(self._job.anchor, self._job.name)
            )
            outbox = Outbox(
                self._job.name,
                None,
                self._around.ledger,
                publisher,
                self._around.pace.backoff,
                monotonic=self._around.monotonic,
            )
            ownership = Ownership(
                self._job.name, self._around.ledger, self._around.monotonic, self._job.guard
            )
            tenure = Tenure(
                ownership, outbox, self._pulse, self._around.pace.backoff, lost=self._lost
            )
            observer = Observer(self._job.name, (), self._around, ownership, outbox)
            owned = Owned(self._job.name, self._around, ownership, outbox, incarnation)
            await stack.enter_async_context(kept_running(outbox))
            self._ownership = ownership
            async with asyncio.TaskGroup() as group:
                group.create_task(tenure.rounds(lambda: self._round(owned, tenure)))
                group.create_task(elect(elector, ownership.on_assigned, self.alive))
                group.create_task(observer.run())

    async def _round(self, owned: Owned, tenure: Tenure) -> float:
        await tenure.recover()
        if tenure.ownership.pending:
            await tenure.settle()
        gained = owned.partitions - self._greeted
        if gained:
            await self._job.on_gained(owned, gained)
            self._greeted |= gained
        if tenure.outbox.depth > DEEPEST or not owned.partitions:
            return 0.05
        return await self._job.step(owned)

    def _lost(self, partitions: frozenset[int]) -> None:
        self._greeted -= partitions
