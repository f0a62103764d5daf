"""Batches without a log: what a journal would say, and the signals that it names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from common.configuration import Configuration, Content, Release
from common.contracts import Payload, decode_event, encode_event
from common.contracts.decisions import DecisionMade
from common.contracts.profiles import ActivityRecorded, ConsentChanged, TraitsChanged
from common.contracts.runtime import BatchJournaled, FiredTimer
from common.ids import derive
from common.publishing.effects import Effect
from common.recovery.history import Entry
from common.streaming.model import Record
from cuestream.whatif.glancing import Attention
from cuestream.whatif.handing import Handovers
from cuestream.whatif.pasts import AsItWouldBe, mark
from cuestream.whatif.ruling import ruling_of
from cuestream.whatif.supposing import Rules
from deploy.local.tests.whatif.past import SHOP, WORKSPACE
from orchestrator.consumer import handlers, libraries

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ANNA, BERT = derive("anna"), derive("bert")


def rules(*playbooks: Content) -> Rules:
    release = Release(SHOP, 1, (WORKSPACE, *playbooks))
    contents = {content.key: content for content in release.contents}
    configuration = Configuration({SHOP: release}, contents)
    attention = Attention.of(libraries(configuration)(SHOP))
    return Rules(configuration, handlers(configuration), attention)


def entry(
    at: datetime, *fired: FiredTimer, reached: datetime | None = None, partition: int = 0
) -> Entry:
    batch = BatchJournaled(
        loop="orchestrator.consume",
        partition=partition,
        batch=1,
        epoch=1,
        virtual_time=reached,
        runs=(),
        timers=fired,
        releases={SHOP: 1},
    )
    return Entry(batch, at, "life", 0)


class Told:
    """A past that is told batch by batch, on one partition."""

    def __init__(
        self,
        in_force: Rules,
        *,
        requested: Sequence[UUID] = (),
        recorded: Sequence[FiredTimer] = (),
        handovers: Handovers | None = None,
    ) -> None:
        self.rules = in_force
        marks = {mark(one) for one in recorded}
        self.past = AsItWouldBe(SHOP, "cart", requested, marks, handovers or Handovers({}, {}))
        self.effects: list[Effect] = []
        self._number = 0

    def record(
        self, payload: Payload, who: UUID, at: datetime, *, history: bool = False, topic: str = ""
    ) -> Record:
        self._number += 1
        event = encode_event(
            payload,
            id=derive("record", self._number),
            source="/test",
            subject=str(who),
            time=at,
            workspace=SHOP,
            correlationid=who,
        )
        name = topic or payload.TOPICS[0]
        return Record(name, 0, self._number, at, at, event, history=history)

    def does(self, who: UUID, name: str, at: datetime, **more: Any) -> Record:
        history = more.pop("history", False)
        activity = ActivityRecorded(
            event_id=derive("event", who, name, at.isoformat()),
            name=name,
            source="web",
            message_id="m",
            occurred_at=at,
            received_at=at,
            profile_version=1,
            properties=more,
        )
        return self.record(activity, who, at, history=history)

    def meets(self, who: UUID, at: datetime) -> list[Record]:
        consent = ConsentChanged(
            profile_version=1,
            channel="email",
            purpose="marketing",
            granted=True,
            basis="opt_in",
            since=at,
            proof_id=who,
        )
        traits = TraitsChanged(profile_version=1, reachable=("email",))
        return [self.record(one, who, at) for one in (traits, consent)]

    def batch(
        self,
        at: datetime,
        *signals: Record,
        fired: Sequence[FiredTimer] = (),
        reached: datetime | None = None,
    ) -> None:
        said = entry(at, *fired, reached=reached)
        self.effects += self.past.batch(said, signals, self.rules)

    def ends(self, at: datetime) -> None:
        self.effects += self.past.end(0, at, self.rules)

    def of(self, topic: str) -> list[Effect]:
        return [one for one in self.effects if one.topic == topic]

    @property
    def decided(self) -> list[tuple[datetime, str, str]]:
        told = [decode_event(one.value or b"") for one in self.of(DecisionMade.TOPICS[0])]
        rulings = [ruling_of(event) for event in told]
        return [(one.at, one.fate.outcome, one.fate.reason) for one in rulings]
