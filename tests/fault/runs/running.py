"""One run: the clients send, the faults happen, all comes to rest, everything is collected and checked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from common.clock import monotonic, utc_now
from common.kafka import connect
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
"""Happens while the clients send; returns when it is over. Called in a thread."""


@dataclass(slots=True)
class Timing:
    """How long the parts of a run took, in seconds."""

    sending: float = 0.0
    settling: float = 0.0
    collecting: float = 0.0
    checking: float = 0.0
    faults: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        parts = ("sending", "settling", "collecting", "checking")
        return ", ".join(f"{getattr(self, part):.0f} s {part}" for part in parts)


def run(
    name: str,
    site: Site,
    size: Size,
    seed: int,
    folder: Path,
    *,
    faults: Sequence[Fault] = (),
    timing: Timing | None = None,
) -> Report:
    """Let the visitors come, the faults happen one after the other, and tell what became of it all."""
    taken = timing or Timing()
    plan = draw(name.replace("_", "-"), seed, size)
    told, history = asyncio.run(_run(plan, site, folder, faults, taken))
    begun = monotonic()
    report = check_on_two_cores(history, told, name)
    taken.checking = monotonic() - begun
    return report


async def _run(
    plan: Plan, site: Site, folder: Path, faults: Sequence[Fault], taken: Timing
) -> tuple[Told, FileHistory]:
    answers = Answers.of(plan.messages)
    endpoints = site.endpoints
    settings = KafkaSettings(KAFKA_BOOTSTRAP_SERVERS=endpoints["kafka"])
    async with AsyncExitStack() as stack:
        log = await stack.enter_async_context(connect(settings, client="history"))
        database = await stack.enter_async_context(
            Database.connect(
                endpoints["postgres"], schema="public", application_name="history", connections=1
            )
        )
        clients = Clients(plan, endpoints["ingest"], WRITE_KEY, answers, utc_now())
        clickers = Clickers(plan, site.data / "mails", answers)
        clicking = asyncio.create_task(clickers.run())
        begun = monotonic()
        async with asyncio.TaskGroup() as group:
            group.create_task(clients.run())
            group.create_task(poison_topics(plan, log, answers, WORKSPACE))
            group.create_task(_suffer(faults, taken))
        taken.sending = monotonic() - begun
        reader = await stack.enter_async_context(log.reader())
        taken.settling = await until_settled(database, reader, log.partitions)
        await clickers.finished()
        clicking.cancel()
        # A click is a command to resolve: what it leads to has to come to rest, too.
        taken.settling += await until_settled(database, reader, log.partitions)
        begun = monotonic()
        urls = dict.fromkeys(SERVICES, endpoints["postgres"])
        history = await collect(folder, log, urls, site.data / "mails")
        taken.collecting = monotonic() - begun
    return Told(plan, answers, WORKSPACE), history


async def _suffer(faults: Sequence[Fault], taken: Timing) -> None:
    for fault in faults:
        taken.faults.append(str(await asyncio.to_thread(fault)))
