"""A service of ten lines, and partitions whose people turn out to be one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from common.consuming import Consequence, Folded, Handlers, Record, Signal, TimerDue
from common.contracts import Payload, encode_event
from common.contracts.profiles import ActivityRecorded, LeadScored, ProfileMerged
from common.ids import caused_id, derive
from common.merging import Kept, Packed, with_merges
from libs.common.tests.consuming.making import NOW, activity, profile

HANDOVER_TOPIC = "test.handover"
SILENCE = timedelta(seconds=30)
A, B, C = (profile(number) for number in range(3))


class Seen(msgspec.Struct, frozen=True):
    """The ten-line service: which activities, and how often it fell silent."""

    events: frozenset[UUID] = frozenset()
    silences: int = 0


def note(state: Seen | None, signal: Signal, now: datetime) -> Folded[Seen]:
    assert isinstance(signal, Record)
    known = state or Seen()
    event = signal.event.payload(ActivityRecorded).event_id
    assert event not in known.events, "folded twice"
    after = msgspec.structs.replace(known, events=known.events | {event})
    return Folded(after, {"silence": now + SILENCE})


def fall_silent(state: Seen | None, signal: Signal, now: datetime) -> Folded[Seen]:
    known = state or Seen()
    return Folded(msgspec.structs.replace(known, silences=known.silences + 1))


class UnionOfSeen:
    """The merger of the ten-line service."""

    def pack(self, state: Seen) -> Packed:
        return Packed(msgspec.Raw(msgspec.json.encode(sorted(map(str, state.events)))), ["silence"])

    def unite(
        self, state: Seen | None, data: msgspec.Raw, signal: Record, now: datetime
    ) -> Folded[Seen]:
        assert isinstance(signal, Record)
        known = state or Seen()
        theirs = frozenset(UUID(text) for text in msgspec.json.decode(data))
        assert not theirs & known.events, "handed over twice"
        united = msgspec.structs.replace(known, events=known.events | theirs)
        return Folded(united, {"silence": now + SILENCE})


FOLDS = with_merges(
    Handlers({ActivityRecorded.TYPE: note, LeadScored.TYPE: note}, fall_silent),
    UnionOfSeen(),
    "test",
    void=(LeadScored.TYPE,),
)


def record(who: UUID, payload: Payload, second: float, topic: str = "profile.activity") -> Record:
    at = NOW + timedelta(seconds=second)
    identity = derive("record", who, payload.TYPE, str(payload), str(second))
    event = encode_event(
        payload,
        id=identity,
        source="/test",
        subject=str(who),
        time=at,
        workspace="shop",
        correlationid=identity,
    )
    return Record(topic, 0, 0, at, at, event)


def did(who: UUID, name: str, second: float) -> Record:
    return record(who, activity(who, message=name), second)


def merged(who: UUID, loser: UUID, winner: UUID, version: int, second: float) -> Record:
    return record(who, ProfileMerged(loser=loser, winner=winner, profile_version=version), second)


@dataclass
class Partition:
    """One profile on a partition of its own, as the runtime would drive it."""

    who: UUID
    kept: Kept[Seen] | None = None
    timers: dict[str, datetime] = field(default_factory=dict)
    inbox: list[Record] = field(default_factory=list)
    late: datetime = NOW
    out: list[Consequence] = field(default_factory=list)

    def take(self, record: Record) -> None:
        self._did(FOLDS.records[record.event.type](self.kept, record, self._now(record)), record)

    def fire(self, until: datetime) -> bool:
        due = sorted((at, name) for name, at in self.timers.items() if at < until)
        for at, name in due[:1]:
            del self.timers[name]
            timer = TimerDue(0, "shop", self.who, name, at, self.who)
            assert FOLDS.timer is not None
            self.late = max(self.late, until)
            self._did(FOLDS.timer(self.kept, timer, self.late), None, timer.cause)
        return bool(due)

    def _now(self, record: Record) -> datetime:
        self.late = max(self.late, record.accepted_at)
        return self.late

    def _did(
        self, folded: Folded[Kept[Seen]], record: Record | None, cause: UUID | None = None
    ) -> None:
        self.kept = folded.state
        for name, at in folded.timers.items():
            if at is None:
                self.timers.pop(name, None)
            else:
                self.timers[name] = at
        for told in folded.consequences:
            assert told.payload is not None
            assert told.topic == HANDOVER_TOPIC
            identity = caused_id(cause or record.event.id, told.payload.TYPE, 0)  # type: ignore[union-attr]
            self.out.append(msgspec.structs.replace(told, id=identity))


def delivered(told: Consequence, at: datetime) -> Record:
    assert told.payload is not None
    assert told.id is not None
    event = encode_event(
        told.payload,
        id=told.id,
        source="/test",
        subject=told.subject,
        time=at,
        workspace="shop",
        correlationid=told.id,
    )
    return Record(HANDOVER_TOPIC, 0, 0, at, at, event)


@dataclass
class Town:
    """All partitions; what one sends lies in the other's inbox."""

    people: dict[UUID, Partition]

    def step(self, who: UUID, *, last: bool) -> None:
        """Take one record, or where there is none let time pass for it."""
        one = self.people[who]
        if one.inbox:
            one.take(one.inbox.pop(0))
        elif last:
            one.fire(one.late + timedelta(days=1))
        for told in one.out:
            self.people[UUID(told.subject)].inbox.append(delivered(told, one.late))
        one.out.clear()

    @property
    def busy(self) -> bool:
        return any(p.inbox or p.timers for p in self.people.values())


def town(*inboxes: Sequence[Record]) -> Town:
    people = {who: Partition(who) for who in (A, B, C)}
    for one, inbox in zip(people.values(), inboxes, strict=False):
        one.inbox.extend(inbox)
    return Town(people)


def settle(a_town: Town) -> None:
    while a_town.busy:
        for who in a_town.people:
            a_town.step(who, last=True)


def seen(a_town: Town, who: UUID) -> set[UUID]:
    kept = a_town.people[who].kept
    return set() if kept is None or kept.state is None else set(kept.state.events)


def events(*records: Record) -> set[UUID]:
    return {r.event.payload(ActivityRecorded).event_id for r in records}
