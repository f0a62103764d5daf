"""What really happened: the decisions and requests of one playbook, as the log holds them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from common.contracts import Event, decode_event
from common.contracts.actions import ActionRequested
from common.contracts.decisions import DecisionMade
from common.recovery.outputs import Digest, digest_of
from common.recovery.tape import Tape
from common.streaming.ports import Fetched, Outgoing, Place
from common.streaming.wire import origin_of
from cuestream.whatif.question import Question
from cuestream.whatif.ruling import Ruling, carried_by, ruling_of
from orchestrator.consumer import LOOP

DECISIONS: Final = DecisionMade.TOPICS[0]
REQUESTS: Final = ActionRequested.TOPICS[0]
_NUMBERED: Final = ("origin", "sequence")
"""Headers that count the records of all playbooks and workspaces together."""


def asked_about(question: Question, value: bytes | None) -> Event | None:
    """The record's event, if it is about this playbook in this workspace."""
    # Most are not; to look for the name costs a tenth of decoding.
    if value is None or f'"playbook":"{question.playbook}"'.encode() not in value:
        return None
    event = decode_event(value)
    if event.workspace != question.workspace:
        return None
    named = msgspec.json.decode(event.data, type=_Named).playbook
    return event if named == question.playbook else None


class _Named(msgspec.Struct):
    playbook: str


@dataclass(slots=True)
class DecisionLog:
    """Rulings with the bytes they were told in, by partition in their order."""

    rulings: list[Ruling] = field(default_factory=list)
    digests: defaultdict[int, list[tuple[datetime, Digest]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """With the decision's instant."""
    carries: dict[UUID, tuple[str, ...]] = field(default_factory=dict)
    """By decision, what its request carries."""

    def add(self, partition: int, event: Event, record: Outgoing | Fetched | None = None) -> None:
        """Take a decision or a request in."""
        if event.type == ActionRequested.TYPE:
            request = event.payload(ActionRequested)
            self.carries[request.decision_id] = carried_by(request)
        elif event.type == DecisionMade.TYPE:
            self.rulings.append(ruling_of(event))
            if record is not None:
                self.digests[partition].append((event.time, _digest(record)))

    @property
    def requested(self) -> set[UUID]:
        """The decisions that led to a request."""
        return {one.decision_id for one in self.rulings if one.fate.sends}

    def with_requests(self) -> Iterator[Ruling]:
        """The rulings, each with what its request carries."""
        for one in self.rulings:
            yield msgspec.structs.replace(one, carries=self.carries.get(one.decision_id))


def _digest(record: Outgoing | Fetched) -> Digest:
    headers = {name: value for name, value in record.headers.items() if name not in _NUMBERED}
    return digest_of(Outgoing(record.key, record.value, headers))


async def read_recorded(
    tape: Tape, question: Question, incarnation: str, ends: Mapping[int, datetime | None]
) -> DecisionLog:
    """Read what the partitions' owners told, from a tape that was wound on `told_on`.

    `ends` are the partitions, each with the instant from which on something else than is asked about was told (None: nothing was).

    Raises:
        TransientError: the log cannot be reached.
    """
    log = DecisionLog()
    for place in told_on(ends):
        until = ends[place.partition]
        origin = origin_of(LOOP, place.partition, incarnation).encode()
        last = 0
        async for item in _of(tape, place, origin):
            sequence = int(item.headers["sequence"])
            # What was published twice is there twice.
            if sequence <= last or (until is not None and item.appended_at >= until):
                continue
            last = sequence
            event = asked_about(question, item.value)
            if event is not None:
                log.add(place.partition, event, item)
    return log


def told_on(partitions: Iterable[int]) -> list[Place]:
    """Where decisions and requests are."""
    return [Place(topic, p) for p in partitions for topic in (DECISIONS, REQUESTS)]


async def _of(tape: Tape, place: Place, origin: bytes) -> AsyncIterator[Fetched]:
    while (item := await tape.next(place)) is not None:
        if item.headers.get("origin") == origin and "sequence" in item.headers:
            yield item
