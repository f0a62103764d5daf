"""Those who write to the topics themselves, and those who follow the link in a mail."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from common.clock import utc_now
from common.errors import TransientError
from common.kafka import KafkaLog
from common.streaming.ports import Place
from tests.fault.history.mails import Mail, new_mails
from tests.fault.workload.answers import Answers, Poison
from tests.fault.workload.pacing import let_pass
from tests.fault.workload.poison import SHARE, bad_record
from tests.fault.workload.script import Person, Plan


async def poison_topics(plan: Plan, log: KafkaLog, answers: Answers, workspace: str) -> None:
    """Write poison to our topics, spread over the run; each record until it is acknowledged."""
    chance = random.Random(f"{plan.run}/{plan.seed}/poison")  # noqa: S311 - no secret
    count = round(plan.messages * SHARE / 2)
    pause = plan.steps[-1].at / max(1, count)
    async with log.publisher() as publisher:
        for number in range(count):
            await let_pass(pause)
            sort, topic, record = bad_record(f"{plan.run}-poison-{number}", workspace, chance)
            partition = chance.randrange(log.partitions)
            try:
                await publisher.publish(Place(topic, partition), [record])
            except TransientError:
                continue  # it may be there all the same, and is then quarantined like the others
            answers.poison.append(Poison(topic, partition, record.key or b"", sort))


@dataclass(slots=True)
class Clickers:
    """Unsubscribe by the link in the first mail, as a mail program does, until the edge has taken it."""

    plan: Plan
    folder: Path
    """The mailbox's."""
    answers: Answers
    seen: int = 0
    """Mails."""
    _known: set[str] = field(default_factory=set)
    _clicks: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> None:
        """Until cancelled."""
        by_address = {person.email: person for person in self.plan.people if person.clicks}
        async with httpx.AsyncClient(timeout=5.0, trust_env=False) as http:
            while True:
                for mail in new_mails(self.folder, self._known):
                    self.seen += 1
                    person = by_address.pop(mail.to, None)
                    if person is not None:
                        click = asyncio.create_task(self._click(person, mail, http))
                        self._clicks.add(click)
                        click.add_done_callback(self._clicks.discard)
                await let_pass(0.25)

    async def finished(self) -> None:
        """Wait until every click under way is answered."""
        while self._clicks:
            await asyncio.wait(self._clicks)

    async def _click(self, person: Person, mail: Mail, http: httpx.AsyncClient) -> None:
        self.answers.clicking.add(person.number)
        while True:
            try:
                answer = await http.post(mail.unsubscribe, data={"List-Unsubscribe": "One-Click"})
            except httpx.TransportError:
                await let_pass(0.3)
                continue
            if answer.is_success:
                break
            await let_pass(0.3)
        self.answers.noes[person.number] = utc_now()
        self.answers.clicking.discard(person.number)
