"""The visitors of a recording: what they say goes through the edge's own rules onto the log."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from common.clock import Clock
from common.contracts import encode_event, event_bytes
from common.contracts.profiles import WithdrawalRequested
from common.ids import derive
from common.streaming.ports import Outgoing, Place
from common.testing.log import FakeLog
from ingest.api.keys import Sender
from ingest.api.records import Reception
from ingest.domain.collecting import Message, Rejected, judge
from tests.fault.recording.sender import PlainSender
from tests.fault.workload.answers import ACCEPTED, Answers, Poison, Refused
from tests.fault.workload.messages import message_of
from tests.fault.workload.pacing import let_pass
from tests.fault.workload.poison import bad_message, bad_record
from tests.fault.workload.script import Plan, Step

RAW: Final = "ingest.events"
BAD: Final = 12
"""Poison messages, and as many poison records."""
_TRACE: Final = b"00-" + b"1" * 32 + b"-" + b"2" * 16 + b"-00"


@dataclass(slots=True)
class Visitors:
    """Say what the plan says, when it says it."""

    plan: Plan
    log: FakeLog
    began: datetime
    clock: Clock
    speed: float
    workspace: str
    sender: PlainSender
    answers: Answers = field(init=False)

    def __post_init__(self) -> None:
        self.answers = Answers.of(self.plan.messages)

    async def run(self) -> None:
        """Until the last has gone."""
        chance = random.Random(self.plan.seed)  # noqa: S311 - no secret
        bad = sorted(chance.sample(range(len(self.plan.steps)), BAD))
        for place, step in enumerate(self.plan.steps):
            due = self.began + timedelta(seconds=step.at)
            await let_pass((due - self.clock()).total_seconds() / self.speed)
            self._say(step)
            if place in bad:
                self._spoil(bad.index(place), chance)
            self._click()

    def _say(self, step: Step) -> None:
        raw = msgspec.json.encode(message_of(step, self.plan, self.began))
        message = judge(raw, 0, call=None)
        assert isinstance(message, Message)
        self._append(RAW, self._reception.accepted(message))
        self.answers.messages[step.number] = ACCEPTED

    def _spoil(self, number: int, chance: random.Random) -> None:
        message_id = f"{self.plan.run}-x{number}"
        rejected = judge(bad_message(message_id, chance).raw, 0, call=None)
        assert isinstance(rejected, Rejected)
        self._append(RAW + ".quarantine", self._reception.rejected(rejected))
        self.answers.refused.append(Refused(message_id, rejected.reason))
        sort, topic, record = bad_record(f"{self.plan.run}-poison-{number}", self.workspace, chance)
        partition = chance.randrange(self.log.partitions)
        self.log.append(Place(topic, partition), record)
        self.answers.poison.append(Poison(topic, partition, record.key or b"", sort))

    def _click(self) -> None:
        """Whoever follows the link in a mail is written to no more, and the ledger hears of it."""
        clicking = {person.email: person for person in self.plan.people if person.clicks}
        for mail in self.sender.mails:
            person = clicking.get(mail.to)
            if person is None or mail.to in self.sender.withdrawn:
                continue
            self.sender.withdrawn.add(mail.to)
            assert mail.delivery_id is not None
            delivery = self.sender.book.planned[mail.delivery_id]
            self._withdraw(str(delivery.profile_id))
            self.answers.noes[person.number] = self.clock()

    def _withdraw(self, profile: str) -> None:
        request = WithdrawalRequested(
            channel="email", purpose="marketing", requested_at=self.clock(), via="one_click"
        )
        identity = derive("withdrawal", profile)
        event = encode_event(
            request,
            id=identity,
            source="/cuestream/dispatcher/api",
            subject=profile,
            time=self.clock(),
            workspace=self.workspace,
            correlationid=identity,
        )
        self._append("ingest.commands", Outgoing(profile.encode(), event_bytes(event)))

    def _append(self, topic: str, record: Outgoing) -> None:
        partition = self.log.partition_for(topic, record.key or b"")
        self.log.append(Place(topic, partition), record)

    @property
    def _reception(self) -> Reception:
        source: Any = None  # its limits are the edge's business
        return Reception(Sender(self.workspace, "shop", source), self.clock(), None, _TRACE)
