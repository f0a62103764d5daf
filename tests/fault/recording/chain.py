"""Runs the chain in this process until all is done, then writes down what it left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from common.clock import monotonic
from common.configuration import Configuration, Release
from common.configuration.directory import load_directory
from common.consuming import Consumer, Loop, Pace, Surroundings
from common.contracts import Payload, encode_event, event_bytes
from common.contracts.configuration import ConfigurationPublished, ConfigurationReleased
from common.ids import derive
from common.jobs import Worker
from common.streaming.ports import Outgoing, Place
from common.testing.log import FakeLog
from common.testing.postgres import FakeDatabase
from common.testing.postgres_ledger import FakeLedger
from common.testing.settled import Settled
from dispatcher.consumer import loop as dispatcher_loop
from ingest.consumer import loop as ingest_loop
from tests.fault.checker.outcome import Told
from tests.fault.checker.report import Report
from tests.fault.checker.settled import check_settled
from tests.fault.checker.states import ORCHESTRATOR, SCORING
from tests.fault.history.memory import MemoryHistory
from tests.fault.history.model import SERVICES
from tests.fault.recording.books import MemoryDocketBook, MemoryPeopleBook, in_memory
from tests.fault.recording.sender import PlainSender
from tests.fault.recording.visitors import Visitors
from tests.fault.recording.writing import write_down
from tests.fault.workload.pacing import let_pass
from tests.fault.workload.script import Size, draw

SITE: Final = Path(__file__).parents[1] / "site"
WORKSPACE: Final = "fault"
BEGAN: Final = datetime(2026, 11, 22, 9, tzinfo=UTC)
SPEED: Final = 25.0
"""Seconds of the log for one of ours."""
PATIENCE: Final = 20.0
_PACE = Pace(wait=0.002, gather=0.0, tick=0.01, backoff=0.001)


@dataclass(frozen=True, slots=True)
class Recording:
    """A history, and what its clients know of it."""

    history: MemoryHistory
    told: Told


@dataclass(slots=True)
class _Chain:
    log: FakeLog
    configuration: Configuration
    people: MemoryPeopleBook = field(default_factory=MemoryPeopleBook)
    dockets: MemoryDocketBook = field(default_factory=MemoryDocketBook)
    databases: dict[str, FakeDatabase] = field(
        default_factory=lambda: {name: FakeDatabase(live_since=BEGAN) for name in SERVICES}
    )

    def processes(self, sender: PlainSender) -> list[Callable[[], Any]]:
        """The run method of each."""
        loops: list[Loop[Any]] = [
            ingest_loop(self.people),
            Loop(
                SCORING.loop,
                "profile.activity",
                SCORING.inputs,
                SCORING.handlers,
                in_memory(SCORING.book),
            ),
            Loop(
                ORCHESTRATOR.loop,
                "profile.activity",
                ORCHESTRATOR.inputs,
                ORCHESTRATOR.handlers,
                in_memory(ORCHESTRATOR.book),
            ),
            dispatcher_loop(self.dockets, live_since=BEGAN),
        ]
        return [
            *(Consumer(loop, self._around(loop.name)).run for loop in loops),
            Worker(sender.job, self._around(sender.job.name)).run,
        ]

    def _around(self, loop: str) -> Surroundings:
        database = self.databases[loop.split(".", 1)[0]]
        source = Settled(self.configuration)
        return Surroundings(
            self.log, FakeLedger(database, loop), source, _PACE, clock=self.log.clock
        )


VISITORS: Final = Size(events=240, people=16, rate=4.8, resent_after=(0.5, 8.0))


def record(seed: int, size: Size = VISITORS) -> Recording:
    """Let so many visitors come and go; takes a few seconds."""
    return asyncio.run(_record(seed, size))


async def _record(seed: int, size: Size) -> Recording:
    begun = monotonic()

    def clock() -> datetime:
        return BEGAN + timedelta(seconds=(monotonic() - begun) * SPEED)

    log = FakeLog(2, clock)
    plan = draw("rec", seed, size)
    chain = _Chain(log, _publish(log))
    sender = PlainSender(chain.dockets, clock)
    visitors = Visitors(plan, log, BEGAN, clock, SPEED, WORKSPACE, sender)
    async with _running(chain.processes(sender)):
        await visitors.run()
        history = await _settled(chain, sender)
    return Recording(history, Told(plan, visitors.answers, WORKSPACE))


async def _settled(chain: _Chain, sender: PlainSender) -> MemoryHistory:
    """The history once there is nothing left to do."""
    end = monotonic() + PATIENCE
    while True:
        history = write_down(chain.log, chain.databases, chain.people.registry, sender)
        report = Report()
        check_settled(history, report)
        if report.is_good and not sender.open and not _waits(history):
            return history
        assert monotonic() < end, f"the chain did not settle: {report}"
        await let_pass(0.05)


def _waits(history: MemoryHistory) -> bool:
    """Whether a reminder is still to come; scores may decay for weeks."""
    return any(timer.loop == ORCHESTRATOR.loop for timer in history.tables["orchestrator.timers"])


@asynccontextmanager
async def _running(processes: list[Callable[[], Any]]) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run()) for run in processes]
        yield
        for task in tasks:
            task.cancel()


def _publish(log: FakeLog) -> Configuration:
    """Put the site's workspaces on the topic and in force."""
    releases = {}
    for workspace, contents in load_directory(SITE).items():
        for content in contents:
            published = ConfigurationPublished(
                kind=content.kind, name=content.name, hash=content.hash, files=dict(content.files)
            )
            _append(log, content.key, published, workspace)
        released = ConfigurationReleased(
            number=1,
            contents=tuple(content.key for content in contents),
            live=False,
            published_at=BEGAN,
            published_by="test",
        )
        _append(log, f"release/{workspace}", released, workspace)
        releases[workspace] = Release(workspace, 1, contents)
    known = {content.key: content for one in releases.values() for content in one.contents}
    return Configuration(releases, known)


def _append(log: FakeLog, key: str, payload: Payload, workspace: str) -> None:
    identity = derive("configuration", key)
    event = encode_event(
        payload,
        id=identity,
        source="/test",
        subject=key,
        time=BEGAN,
        workspace=workspace,
        correlationid=identity,
    )
    log.append(Place("configuration", 0), Outgoing(key.encode(), event_bytes(event)))
