"""One schedule's world: processes that come and go, clients that send, and a night in which all comes to rest."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

import msgspec

from common.consuming import Consumer, Loop, Pace, StuckError, Surroundings
from common.consuming.folding import Fuse
from common.contracts import Payload, encode_event, event_bytes
from common.contracts.ingestion import EventAccepted
from common.errors import PermanentError
from common.ids import derive
from common.streaming.ports import Ledger, Log, Outgoing, Place
from common.testing.postgres import Tables
from common.testing.postgres_ledger import FakeLedger
from tests.simulation.event_loop import DEAD, PAUSED, RUNNING, Process, SeededLoop
from tests.simulation.schedule import Schedule, Sending, drawn_from
from tests.simulation.services import (
    COMMANDS,
    PROFILE_IDS,
    RAW,
    RESOLVE,
    SCORING,
    SETTLED,
    Body,
    activity_of,
    resolve_loop,
    scoring_loop,
)
from tests.simulation.storms import BEGINNING, StormyDatabase, StormyGroup, StormyLog, clock_of
from tests.simulation.weather import Weather

SESSION = 2.5
"""Seconds after which the group notices that a member is silent."""
IDLE = 5.0
"""Seconds after which the server ends the transaction of a process that is stopped in it."""


_LENGTHS = (0.3,) * 4 + (3.0,) * 9 + (8.0,) * 6 + (40.0,)
"""Seconds for which a process is stopped, at most: a moment, beyond its session, beyond all patience."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a process is put together from; a variant with a bug replaces one of them."""

    ledger: Callable[[StormyDatabase, str], Ledger] = FakeLedger
    log: Callable[[StormyLog, StormyDatabase, str], Log] = lambda log, _database, _loop: log
    consumer: type[Consumer[Any]] = Consumer


@dataclass(slots=True)
class Running:
    """A process of a service."""

    process: Process
    service: str
    consumer: Consumer[Any]
    task: asyncio.Task[None] | None = None


@dataclass(slots=True)
class World:
    """Everything that one schedule needs; `broken` is what must never happen."""

    schedule: Schedule
    parts: Parts = field(default_factory=Parts)
    loop: SeededLoop = field(init=False)
    random: Random = field(init=False)
    weather: Weather = field(init=False)
    log: StormyLog = field(init=False)
    database: StormyDatabase = field(init=False)
    running: list[Running] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    calm: bool = False
    dark: bool = False
    """Operators have stopped everything."""
    backup: Tables = field(default_factory=lambda: defaultdict(dict))
    known: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    """After a restore, of each loop and partition: the batch that the log knows, and the one that the backup has."""
    _loops: dict[str, Loop[Any]] = field(init=False)
    _count: int = 0

    def __post_init__(self) -> None:
        seed = self.schedule.seed
        self.loop = SeededLoop(drawn_from(seed, "order"))
        self.random = drawn_from(seed, "faults")
        self.weather = Weather(self.loop, self.random, self.schedule, self.kill, self.pause)
        self.log = StormyLog(self.weather)
        self.database = StormyDatabase(self.weather)
        self._loops = {RESOLVE: resolve_loop(), SCORING: scoring_loop(self.schedule.silence)}

    def later(self, delay: float, act: Callable[..., object], *args: object) -> None:
        """Let the world act, whoever's code runs now."""
        self.loop.call_later(delay, act, *args, context=Context())

    def group(self, service: str) -> StormyGroup:
        group = self.log.groups[self._loops[service].anchor, service]
        assert isinstance(group, StormyGroup)
        return group

    def back_up(self) -> None:
        """Keep what is committed now."""
        for table, rows in self.database.tables.items():
            self.backup[table] = dict(rows)

    def start(self, service: str) -> None:
        """Start a process of the service, on a machine whose clock may be wrong."""
        if self.dark:
            return
        self._count += 1
        process = Process(f"{service.partition('.')[0]}-{self._count}")
        skew = timedelta(seconds=self.random.choice((0.0, 0.0, 3600.0, -3600.0)))
        around = Surroundings(
            log=self.parts.log(self.log, self.database, service),
            ledger=self.parts.ledger(self.database, service),
            configuration=SETTLED,
            pace=Pace(
                batch=self.schedule.batch,
                wait=self.schedule.wait,
                tick=self.schedule.tick,
                commit=3600.0,
                observe=3600.0,
            ),
            fuse=Fuse(),
            monotonic=self.loop.time,
            clock=lambda: clock_of(self.loop.now) + skew,
        )
        running = Running(process, service, self.parts.consumer(self._loops[service], around))
        self.running.append(running)
        running.task = self.loop.spawn(process, running.consumer.run())
        running.task.add_done_callback(lambda task: self._ended(running, task))

    def _ended(self, running: Running, task: asyncio.Task[None]) -> None:
        """A supervisor starts a process that ended again; only one that was stuck or told to may end."""
        running.process.state = DEAD
        if not task.cancelled():
            for error in _leaves(task.exception()):
                if not self._may_die_of(error):
                    self.broken.append(f"{running.process.name} died of {error!r}")
        self._mourn(running)

    def _may_die_of(self, error: BaseException) -> bool:
        refused = isinstance(error, PermanentError) and error.reason == "database_restored"
        return isinstance(error, StuckError) or (refused and bool(self.known))

    def kill(self, process: Process) -> None:
        """As a kill -9, or a machine that is gone."""
        running = self._of(process)
        self.loop.kill(process)
        delay = self.random.choice((0.0, 0.0, 1.0)) * self.random.random()
        self.later(delay, self.database.end_those_of, process)
        self._mourn(running)

    def _mourn(self, running: Running) -> None:
        if running not in self.running:
            return
        self.running.remove(running)
        session = self.random.random() * SESSION
        self.later(session, self.group(running.service).expel, running.process)
        again = self.random.random() * 2 * SESSION
        self.later(0.0 if self.calm else again, self.start, running.service)

    def pause(self, process: Process) -> None:
        """As SIGSTOP, for a moment or beyond the session."""
        if process.state != RUNNING:
            return
        self.loop.pause(process)
        length = self.random.choice(_LENGTHS) * self.random.random()
        if length > SESSION:
            self.later(SESSION, self.group(self._of(process).service).expel, process)
        self.later(IDLE, self._idle_too_long, process)
        self.later(length, self.resume, process)

    def _idle_too_long(self, process: Process) -> None:
        if process.state == PAUSED:
            self.database.end_those_of(process)

    def resume(self, process: Process) -> None:
        """As SIGCONT."""
        if process.state == PAUSED:
            self.loop.resume(process)
            back = self.random.random()
            group = self.group(self._of(process).service)
            self.later(back, self._readmit, group, process)

    def _readmit(self, group: StormyGroup, process: Process) -> None:
        if process.state == RUNNING:
            group.readmit(process)

    def stop(self, process: Process) -> None:
        """As SIGTERM: it may finish what it does."""
        task = self._of(process).task
        if task is not None:
            task.cancel()

    def _of(self, process: Process) -> Running:
        return next(running for running in self.running if running.process is process)

    def send(self, sending: Sending) -> None:
        """An edge appends what a client sent."""
        place = Place(RAW, sending.partition)
        if sending.kind == "garbage":
            self.log.append(place, Outgoing(b"key", b"no event"))
            return
        body = Body(sending.message, sending.kind, sending.profile, sending.other)
        if sending.kind == "command":
            key = str(PROFILE_IDS[sending.profile])
            target = Place(COMMANDS, self.log.partition_for(COMMANDS, key.encode()))
            self.log.append(target, _outgoing(sending, activity_of(body), key))
            return
        accepted = EventAccepted(
            protocol="segment",
            received_at=BEGINNING,
            source="shop",
            body=msgspec.Raw(msgspec.json.encode(body)),
        )
        self.log.append(place, _outgoing(sending, accepted, "client"))


def _outgoing(sending: Sending, payload: Payload, subject: str) -> Outgoing:
    identity = derive("sent", sending.message)
    event = encode_event(
        payload,
        id=identity,
        source="/edge",
        subject=subject,
        time=BEGINNING,
        workspace="shop",
        correlationid=identity,
    )
    return Outgoing(subject.encode(), event_bytes(event))


def _leaves(error: BaseException | None) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
    return [] if error is None else [error]
