"""Merged profiles, over any service's folds: the loser's state moves to the winner once all before the merge is in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar
from uuid import UUID

import msgspec

from common.contracts import decode_event, event_bytes
from common.contracts.merging import ProfileHandedOver, RecordForwarded
from common.contracts.profiles import ProfileMerged
from common.streaming.model import Consequence, Folded, Handlers, Record, Signal, TimerDue

S = TypeVar("S")

HANDOVER = "merge.handover"
"""The loser's timer: due at the merge, it fires when everything accepted before is folded here."""


class Kept(msgspec.Struct, Generic[S], frozen=True, omit_defaults=True):
    """What a book keeps of a profile: the service's state, and where it stands in merges."""

    state: S | None = None
    merged_into: UUID | None = None
    """Set as soon as the merge is known; `moved` says whether the state has left."""
    version: int = 0
    """The profile version of that merge."""
    moved: bool = False
    awaits: dict[str, int] = {}
    """Loser → version: handovers that must come before a timer may fire here."""
    had: dict[str, int] = {}
    """Handovers that came before their merge was known."""
    held: dict[str, datetime] = {}
    """Timers that fired meanwhile, with their due times."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A state on its way: what the winner shall unite, and the timers that end here."""

    data: msgspec.Raw
    timers: Collection[str] = ()


class Merger(Protocol[S]):
    """What a service says of merging its states; both are pure."""

    def pack(self, state: S) -> Packed: ...

    def unite(self, state: S | None, data: msgspec.Raw, signal: Record, now: datetime) -> Folded[S]:
        """The winner's state with the loser's in it: union, not addition; it sets the loser's timers anew."""
        ...


def with_merges(
    handlers: Handlers[S], merger: Merger[S], service: str, *, void: Collection[str] = ()
) -> Handlers[Kept[S]]:
    """The same folds on states that know of merges.

    `void` are payload types that say how the loser stood (a score, its traits): after the merge they say nothing of the
    winner, so they are not forwarded.
    """
    folds = _Merging(handlers, merger, service + ".handover", frozenset(void))
    own = (ProfileMerged.TYPE, ProfileHandedOver.TYPE, RecordForwarded.TYPE)
    return Handlers(
        records=dict.fromkeys((*handlers.records, *own), folds.record),
        timer=folds.timer,
    )


@dataclass(frozen=True, slots=True)
class _Merging(Generic[S]):
    handlers: Handlers[S]
    merger: Merger[S]
    topic: str
    void: frozenset[str]

    def record(self, kept: Kept[S] | None, signal: Signal, now: datetime) -> Folded[Kept[S]]:
        if not isinstance(signal, Record):
            raise TypeError("the table gave a timer to a record's fold")
        known = Kept[S]() if kept is None else kept
        record = _unwrapped(signal)
        kind = record.event.type
        if known.moved:
            return self._moved(known, record)
        if kind == ProfileMerged.TYPE:
            return self._merged(known, record, now)
        if kind == ProfileHandedOver.TYPE:
            return self._handed_over(known, record, now)
        fold = self.handlers.records.get(kind)
        if fold is None:
            return Folded(known)
        return _within(known, fold(known.state, record, now))

    def timer(self, kept: Kept[S] | None, signal: Signal, now: datetime) -> Folded[Kept[S]]:
        if not isinstance(signal, TimerDue):
            raise TypeError("the table gave a record to the timers' fold")
        known = Kept[S]() if kept is None else kept
        if known.awaits:
            held = {**known.held, signal.name: signal.due_at}
            return Folded(msgspec.structs.replace(known, held=held))
        if signal.name == HANDOVER:
            return self._hand_over(known, signal)
        if self.handlers.timer is None or known.moved:
            return Folded(known)
        return _within(known, self.handlers.timer(known.state, signal, now))

    def _merged(self, known: Kept[S], record: Record, now: datetime) -> Folded[Kept[S]]:
        merge = record.event.payload(ProfileMerged)
        if str(merge.loser) == record.event.subject:
            marked = msgspec.structs.replace(
                known, merged_into=merge.winner, version=merge.profile_version
            )
            return Folded(marked, {HANDOVER: now})
        loser, version = str(merge.loser), merge.profile_version
        if known.had.get(loser, -1) >= version:
            return Folded(msgspec.structs.replace(known, had=_without(known.had, loser)))
        return Folded(msgspec.structs.replace(known, awaits={**known.awaits, loser: version}))

    def _hand_over(self, known: Kept[S], signal: TimerDue) -> Folded[Kept[S]]:
        if known.merged_into is None:
            return Folded(known)
        packed = Packed(msgspec.Raw(b"null"))
        if known.state is not None:
            packed = self.merger.pack(known.state)
        handed_over = ProfileHandedOver(
            loser=signal.profile_id,
            winner=known.merged_into,
            version=known.version,
            state=packed.data,
        )
        left = Kept[S](merged_into=known.merged_into, version=known.version, moved=True)
        told = Consequence(self.topic, handed_over, str(known.merged_into))
        return Folded(left, dict.fromkeys(packed.timers), (told,))

    def _handed_over(self, known: Kept[S], record: Record, now: datetime) -> Folded[Kept[S]]:
        handover = record.event.payload(ProfileHandedOver)
        loser = str(handover.loser)
        waited = known.awaits.get(loser, handover.version + 1) <= handover.version
        if waited:
            after = msgspec.structs.replace(known, awaits=_without(known.awaits, loser))
        else:
            after = msgspec.structs.replace(known, had={**known.had, loser: handover.version})
        folded = Folded(after)
        if bytes(handover.state) != b"null":
            folded = _within(after, self.merger.unite(known.state, handover.state, record, now))
        if not waited or after.awaits:
            return folded
        # The last one is there: what was held may fire, but for what the union has moved.
        released = msgspec.structs.replace(folded.state, held={})
        return msgspec.structs.replace(
            folded, state=released, timers={**folded.state.held, **folded.timers}
        )

    def _moved(self, known: Kept[S], record: Record) -> Folded[Kept[S]]:
        """What comes later follows to the winner, whatever it is; of a newer merge the state is where the older put it."""
        kind = record.event.type
        if kind == ProfileMerged.TYPE:
            merge = record.event.payload(ProfileMerged)
            if str(merge.loser) == record.event.subject:
                return self._moved_on(known, merge)
        if kind in self.void or known.merged_into is None:
            return Folded(known)
        forwarded = RecordForwarded(
            topic=record.topic,
            accepted_at=record.accepted_at,
            event=msgspec.Raw(event_bytes(record.event)),
        )
        return Folded(
            known, consequences=(Consequence(self.topic, forwarded, str(known.merged_into)),)
        )

    def _moved_on(self, known: Kept[S], merge: ProfileMerged) -> Folded[Kept[S]]:
        """Merged once more (its merge was undone in between): nothing is left here, but the new winner waits for word."""
        if merge.profile_version <= known.version:
            return Folded(known)
        left = msgspec.structs.replace(
            known, merged_into=merge.winner, version=merge.profile_version
        )
        nothing = ProfileHandedOver(
            loser=merge.loser,
            winner=merge.winner,
            version=merge.profile_version,
            state=msgspec.Raw(b"null"),
        )
        return Folded(left, consequences=(Consequence(self.topic, nothing, str(merge.winner)),))


def _within(known: Kept[S], folded: Folded[S]) -> Folded[Kept[S]]:
    """The service's answer around what is known of merges; a timer it moves or cancels is no longer held."""
    held = {name: at for name, at in known.held.items() if name not in folded.timers}
    return Folded(
        msgspec.structs.replace(known, state=folded.state, held=held),
        folded.timers,
        folded.consequences,
        folded.profile_id,
    )


def _unwrapped(record: Record) -> Record:
    """A forwarded record as it was, but for whom it is now about."""
    if record.event.type != RecordForwarded.TYPE:
        return record
    forwarded = record.event.payload(RecordForwarded)
    event = msgspec.structs.replace(
        decode_event(bytes(forwarded.event)), subject=record.event.subject
    )
    return msgspec.structs.replace(
        record, topic=forwarded.topic, accepted_at=forwarded.accepted_at, event=event
    )


def _without(entries: Mapping[str, int], name: str) -> dict[str, int]:
    return {key: value for key, value in entries.items() if key != name}
