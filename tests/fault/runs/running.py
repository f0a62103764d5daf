"""One run: the clients send, the faults happen, all comes to rest, everything is collected and checked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from common.clock import monotonic, utc_now
from common.kafka import KafkaLog, connect
from common.postgres import Database
from common.settings import KafkaSettings
from tests.fault.checker import Report, Told, check_on_two_cores
from tests.fault.history.collecting import collect
from tests.fault.history.files import FileHistory
from tests.fault.history.model import SERVICES
from tests.fault.runs.settling import until_settled
from tests.fault.workload.answers import Answers
from tests.fault.workload.clients import Clients
from tests.fault.workload.script import Plan, Size, draw
from tests.fault.workload.strangers import Clickers, poison_topics

WORKSPACE: Final = "fault"
WRITE_KEY: Final = "cs_s_fault"
SITE: Final = Path(__file__).parents[1] / "site"
"""Its workspaces, playbooks and models."""


class Site(Protocol):
    """What a run has to know of the stack it runs on."""

    data: Path

    @property
    def endpoints(self) -> Mapping[str, str]: ...


Fault = Callable[[], object]
"""Happens while the clients send; returns when it is over, with what it was. Called in a thread."""


@dataclass(slots=True)
class Timing:
    """How long the parts of a run took, in seconds, and which faults fell into it."""

    sending: float = 0.0
    settling: float = 0.0
    collecting: float = 0.0
    checking: float = 0.0
    faults: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        parts = ("sending", "settling", "collecting", "checking")
        return ", ".join(f"{getattr(self, part):.0f} s {part}" for part in parts)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a run left behind; the stack is no longer needed."""

    name: str
    told: Told
    history: FileHistory
    timing: Timing

    def check(self) -> Report:
        """Assert every invariant."""
        begun = monotonic()
        report = check_on_two_cores(self.history, self.told, self.name)
        self.timing.checking = monotonic() - begun
        return report


def run(
    name: str,
    site: Site,
    size: Size,
    seed: int,
    folder: Path,
    faults: Iterable[Fault] = (),
    *,
    until_sent: bool = False,
) -> Recorded:
    """Let the visitors come and the faults happen, one after the other, and collect what became of it all.

    Args:
        folder: where the history is written.
        until_sent: begin no further fault once everything is sent.
    """
    plan = draw(name.replace("_", "-"), seed, size)
    return asyncio.run(_Run(plan, site, folder).run(name, iter(faults), until_sent=until_sent))


@dataclass(slots=True)
class _Run:
    plan: Plan
    site: Site
    folder: Path
    answers: Answers = field(init=False)
    timing: Timing = field(default_factory=Timing)
    sent: bool = False

    def __post_init__(self) -> None:
        self.answers = Answers.of(self.plan.messages)

    async def run(self, name: str, faults: Iterator[Fault], *, until_sent: bool) -> Recorded:
        endpoints = self.site.endpoints
        settings = KafkaSettings(KAFKA_BOOTSTRAP_SERVERS=endpoints["kafka"])
        async with AsyncExitStack() as stack:
            log = await stack.enter_async_context(connect(settings, client="history"))
            await self._let_happen(log, faults, until_sent=until_sent)
            urls = dict.fromkeys(SERVICES, endpoints["postgres"])
            begun = monotonic()
            history = await collect(self.folder, log, urls, self._mails)
            self.timing.collecting = monotonic() - begun
        told = Told(self.plan, self.answers, WORKSPACE)
        return Recorded(name, told, history, self.timing)

    @property
    def _mails(self) -> Path:
        return self.site.data / "mails"

    async def _let_happen(
        self, log: KafkaLog, faults: Iterator[Fault], *, until_sent: bool
    ) -> None:
        clickers = Clickers(self.plan, self._mails, self.answers)
        clicking = asyncio.create_task(clickers.run())
        begun = monotonic()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send())
            group.create_task(poison_topics(self.plan, log, self.answers, WORKSPACE))
            group.create_task(self._suffer(faults, until_sent=until_sent))
        self.timing.sending = monotonic() - begun
        await self._settle(log)
        await clickers.finished()
        clicking.cancel()
        # A click is a command to resolve: what it leads to has to come to rest, too.
        await self._settle(log)

    async def _send(self) -> None:
        address = self.site.endpoints["ingest"]
        await Clients(self.plan, address, WRITE_KEY, self.answers, utc_now()).run()
        self.sent = True

    async def _suffer(self, faults: Iterator[Fault], *, until_sent: bool) -> None:
        for fault in faults:
            if until_sent and self.sent:
                break
            self.timing.faults.append(str(await asyncio.to_thread(fault)))

    async def _settle(self, log: KafkaLog) -> None:
        postgres = self.site.endpoints["postgres"]
        async with (
            Database.connect(
                postgres, schema="public", application_name="history", connections=1
            ) as database,
            log.reader() as reader,
        ):
            self.timing.settling += await until_settled(database, reader, log.partitions)
