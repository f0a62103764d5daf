"""Wraps the ports of a real service so that it can be struck behind every step of its loop."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

from common.configuration import Configuration
from common.consuming import Consumer, Folded, Handlers, Loop, Signal, Surroundings, Transaction
from common.jobs import Job, Worker
from common.streaming.model import Book, Fold, Sheet
from common.streaming.ports import Fetched, OutboxRow, Outgoing, Place, Publisher, Reader
from tests.fault.inside.orders import Orders, Step, Strike

S = TypeVar("S")


class Striker:
    """Counts the crossings of the step it was armed for, and strikes."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: bytes | None = None
        self._count = 0

    def crossed(self, step: Step) -> None:
        """To be called behind the step; does not return from the crossing that was asked for, or only later."""
        try:
            order = self._file.read_bytes()
        except FileNotFoundError:
            return
        if order != self._seen:
            self._seen, self._count = order, 0
        strike = msgspec.json.decode(order, type=Strike)
        if strike.step != step:
            return
        self._count += 1
        if self._count >= strike.crossing:
            self._seen = None
            self._file.unlink(missing_ok=True)
            os.kill(os.getpid(), signal.SIGKILL if strike.signal == "KILL" else signal.SIGSTOP)


class _Behind:
    """Everything that the wrapped object is, but for what a subclass has of its own."""

    def __init__(self, inner: Any, striker: Striker) -> None:
        self._inner, self._striker = inner, striker

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Reader(_Behind):
    inputs: Collection[str] = ()

    async def poll(self, max_records: int, wait: float) -> Sequence[Fetched]:
        fetched: Sequence[Fetched] = await self._inner.poll(max_records, wait)
        if any(each.place.topic in self.inputs for each in fetched):
            self._striker.crossed("polled")
        return fetched


class _Publisher(_Behind):
    journal: str | None = None

    async def publish(self, place: Place, records: Sequence[Outgoing]) -> None:
        await self._inner.publish(place, records)
        if place.topic == self.journal:
            self._striker.crossed("journaled")


class _Log(_Behind):
    inputs: Collection[str] = ()
    journal: str | None = None

    @asynccontextmanager
    async def reader(self) -> AsyncIterator[Reader]:
        async with self._inner.reader() as inner:
            reader = _Reader(inner, self._striker)
            reader.inputs = self.inputs
            yield cast(Reader, reader)

    @asynccontextmanager
    async def publisher(self, **options: Any) -> AsyncIterator[Publisher]:
        async with self._inner.publisher(**options) as inner:
            publisher = _Publisher(inner, self._striker)
            publisher.journal = self.journal
            yield cast(Publisher, publisher)


class _Ledger(_Behind):
    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        inner: AbstractAsyncContextManager[Transaction] = self._inner.transaction()
        async with inner as tx:
            yield tx
        self._striker.crossed("committed")

    async def fence(self, *arguments: Any) -> None:
        await self._inner.fence(*arguments)
        self._striker.crossed("fenced")

    async def advance(self, *arguments: Any) -> None:
        await self._inner.advance(*arguments)
        self._striker.crossed("advanced")

    async def published(self, rows: Sequence[OutboxRow]) -> None:
        self._striker.crossed("published")
        await self._inner.published(rows)
        self._striker.crossed("deleted")


class _Book(_Behind):
    async def load(self, tx: Transaction, signals: Sequence[Signal]) -> Sheet[Any]:
        sheet: Sheet[Any] = await self._inner.load(tx, signals)
        self._striker.crossed("loaded")
        return sheet

    async def save(self, tx: Transaction, sheet: Sheet[Any]) -> None:
        await self._inner.save(tx, sheet)
        self._striker.crossed("saved")


def struck_consumer(orders: Orders, process: str) -> type[Consumer[Any]]:
    """What a service's wiring finds instead of `Consumer`."""

    class StruckConsumer(Consumer[S]):
        def __init__(self, loop: Loop[S], around: Surroundings, **more: Any) -> None:
            striker = Striker(orders.strike_file(process))
            without = orders.without(process)
            inputs = [topic for topic in loop.inputs if topic not in without]
            struck = replace(
                loop,
                inputs=inputs,
                book=cast(Book[S], _Book(loop.book, striker)),
                handlers=_with_a_bug(loop.handlers, orders.bug_file(process)),
            )
            super().__init__(struck, _surroundings(around, striker, inputs, loop.journal), **more)

    return StruckConsumer


def struck_worker(orders: Orders, process: str) -> type[Worker]:
    """What a service's wiring finds instead of `Worker`."""

    class StruckWorker(Worker):
        def __init__(self, job: Job, around: Surroundings, **more: Any) -> None:
            striker = Striker(orders.strike_file(process))
            super().__init__(job, _surroundings(around, striker, (), None), **more)

    return StruckWorker


def _surroundings(
    around: Surroundings, striker: Striker, inputs: Collection[str], journal: str | None
) -> Surroundings:
    log = _Log(around.log, striker)
    log.inputs, log.journal = inputs, journal
    return replace(around, log=cast(Any, log), ledger=cast(Any, _Ledger(around.ledger, striker)))


def _with_a_bug(
    handlers_for: Callable[[Configuration], Handlers[S]], file: Path
) -> Callable[[Configuration], Handlers[S]]:
    def wrapped(fold: Fold[S]) -> Fold[S]:
        def folded(state: S | None, told: Signal, now: Any) -> Folded[S]:
            if file.exists():
                raise ArithmeticError("a bug that somebody deployed")
            return fold(state, told, now)

        return folded

    def build(configuration: Configuration) -> Handlers[S]:
        handlers = handlers_for(configuration)
        timer = wrapped(handlers.timer) if handlers.timer is not None else None
        return Handlers({kind: wrapped(fold) for kind, fold in handlers.records.items()}, timer)

    return build
