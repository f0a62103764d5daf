"""The two pasts: as it was, along the journal, and as it would have been, with timers and merges of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from common.consuming.folding import NowOf
from common.contracts import decode_event, encode_event
from common.contracts.actions import ActionRequested
from common.contracts.deliveries import DeliverySent, DeliverySkipped
from common.contracts.merging import ProfileHandedOver
from common.contracts.runtime import FiredTimer
from common.ids import derive
from common.merging import HANDOVER
from common.publishing.effects import Effect
from common.recovery.history import Entry
from common.streaming.model import Record, Signal, TimerDue
from common.streaming.ports import TimerChange
from cuestream.rehearsal.answering import answer_to
from cuestream.whatif.handing import Handovers, Merge
from cuestream.whatif.supposing import Rules
from cuestream.whatif.world import TICK, World, key_of
from orchestrator.consumer import ANCHOR, SERVICE

_HANDOVER = f"{SERVICE}.handover"
_STATUSES = "delivery."


class Past(Protocol):
    """Folds the journaled batches of some partitions, each partition's in order."""

    def batch(self, entry: Entry, signals: Sequence[Signal], rules: Rules) -> Sequence[Effect]: ...

    def end(self, partition: int, until: datetime, rules: Rules) -> Sequence[Effect]:
        """The partition has no more batches; until then nothing happened."""
        ...


class AsItWas:
    """Whatever the journal says, and nothing else."""

    def __init__(self) -> None:
        self._world = World()

    def batch(self, entry: Entry, signals: Sequence[Signal], rules: Rules) -> Sequence[Effect]:
        # Of another workspace's timers nothing is known here.
        taken = (self._world.timers.take(fired) for fired in entry.batch.timers)
        due = [timer for timer in taken if timer is not None]
        until = entry.batch.virtual_time or entry.at
        return self._world.fold(rules.table, signals, due, lambda _: until)

    def end(
        self,
        partition: int,  # noqa: ARG002 - the protocol's
        until: datetime,  # noqa: ARG002 - the protocol's
        rules: Rules,  # noqa: ARG002 - the protocol's
    ) -> Sequence[Effect]:
        """Nothing more was journaled."""
        return ()


class AsItWouldBe:
    """What happened to customers is as it was; what a playbook made of it is not.

    A timer that also fired then fires in the same batch. Any other of its own fires as soon as everything accepted before it is
    folded, as far as the journal tells. What fired for playbooks that are not folded here still is a moment at which exits are
    looked at. Nothing is sent: what was not requested then counts as sent at once, and what was keeps the statuses it had.
    """

    def __init__(
        self,
        workspace: str,
        playbook: str,
        requested: Collection[UUID],
        recorded: Collection[int],
        handovers: Handovers,
    ) -> None:
        """`requested` are the decisions for which there really was a request, `recorded` the marks of the timers that fired."""
        self._workspace = workspace
        self._requested = requested
        self._handovers = handovers
        self._world = World(self._is_own, comes_due=lambda change: mark(change) not in recorded)
        self._named = f'"playbook":"{playbook}"'.encode()
        self._foreign: set[tuple[UUID, str]] = set()
        """Timers of others that a merge holds back."""

    def batch(self, entry: Entry, signals: Sequence[Signal], rules: Rules) -> Sequence[Effect]:
        partition, reached = entry.batch.partition, entry.batch.virtual_time
        effects = self._pass(partition, self._oldest(signals, reached), rules)
        real = [signal for each in signals if (signal := self._as_here(each)) is not None]
        heeded = list(self._without_what_nobody_heeds(real, rules))
        due, foreign = self._fired(entry)
        now = reached or entry.at
        effects += self._folded(rules, heeded, [*due, *foreign], lambda _: now)
        self._foreign |= {(one.profile_id, one.name) for one in foreign if self._world.holds(one)}
        effects += self._pass(partition, reached, rules)
        return effects

    def end(self, partition: int, until: datetime, rules: Rules) -> Sequence[Effect]:
        """Time goes on to the end all the same: a timer may fire when nothing happens."""
        return self._pass(partition, until, rules)

    @property
    def under_way(self) -> set[UUID]:
        """What began the passages that have not ended."""
        states = (self._world.state(key) for key in self._world.entries)
        return {
            one.trigger_id for state in states if state is not None for one in state.enrollments
        }

    def _without_what_nobody_heeds(
        self, signals: Iterable[Signal], rules: Rules
    ) -> Iterator[Signal]:
        """Fold at once what concerns no playbook; of a profile that has something else in this batch, in its order."""
        others: set[str] = set()
        for signal in signals:
            key = key_of(signal)
            if (
                key in others
                or not isinstance(signal, Record)
                or not rules.attention.glances(self._world.entries[key], signal)
            ):
                others.add(key)
                yield signal

    def _pass(self, partition: int, until: datetime | None, rules: Rules) -> list[Effect]:
        """Let what is due before that instant fire, each at its own time."""
        effects: list[Effect] = []
        while until is not None and (due := self._next(partition, until)):
            effects += self._folded(rules, (), due, lambda timer: min(timer.due_at + TICK, until))
        return effects

    def _next(self, partition: int, until: datetime) -> Sequence[TimerDue]:
        """The earliest that are due, of each profile one: the first may move the second."""
        found: dict[UUID, TimerDue] = {}
        while (due := self._world.timers.due(partition, until, besides=found)) is not None:
            found[due.profile_id] = due
        return tuple(found.values())

    def _folded(
        self, rules: Rules, signals: Sequence[Signal], due: Sequence[TimerDue], now_of: NowOf
    ) -> list[Effect]:
        effects = list(self._world.fold(rules.table, signals, due, now_of))
        for effect in tuple(effects):
            if effect.topic == _HANDOVER and effect.value is not None:
                self._hand_over(effect.value)
            elif effect.topic in ActionRequested.TOPICS and effect.value is not None:
                effects += self._sent(effect, effect.value, rules)
        return effects

    def _hand_over(self, value: bytes) -> None:
        event = decode_event(value)
        if event.type == ProfileHandedOver.TYPE:
            handover = event.payload(ProfileHandedOver)
            self._handovers.give(Merge.of(handover), bytes(handover.state))

    def _sent(self, effect: Effect, value: bytes, rules: Rules) -> Sequence[Effect]:
        """What nobody sent then has no status: here it is sent at once, and nobody opens it; an errand is skipped."""
        event = decode_event(value)
        request = event.payload(ActionRequested)
        if request.decision_id in self._requested:
            return ()
        # Nobody is set up for what is no message; whoever waits for an answer goes on without.
        kind = DeliverySent if request.kind == "message" else DeliverySkipped
        status = answer_to(request, kind, effect.accepted_at)
        said = encode_event(
            status,
            id=derive("what if", request.delivery_id),
            source="/whatif",
            subject=effect.key,
            time=effect.accepted_at,
            workspace=event.workspace,
            correlationid=event.correlationid,
        )
        at = effect.accepted_at
        record = Record(status.TOPICS[0], effect.partition, -1, at, at, said)
        return self._world.fold(rules.table, (record,), (), lambda _: at)

    def _as_here(self, signal: Signal) -> Signal | None:
        """A recorded signal as it would have come; None: it would not."""
        if not isinstance(signal, Record):
            return signal
        if signal.event.type == ProfileHandedOver.TYPE:
            return self._handed_over(signal)
        if signal.event.type.startswith(_STATUSES) and self._named in bytes(signal.event.data):
            decided = msgspec.json.decode(signal.event.data, type=_Decided).decision_id
            state = self._world.state(key_of(signal))
            if state is None:
                return None
            known = {one.decision_id for one in state.contacts}
            known.update(one.awaits for one in state.enrollments if one.awaits is not None)
            return signal if decided in known else None
        return signal

    def _handed_over(self, record: Record) -> Record:
        """The merged profile's state as it would have been, at the moment at which it came."""
        handover = record.event.payload(ProfileHandedOver)
        state = self._handovers.take(Merge.of(handover))
        if state is None:
            return record
        own = msgspec.structs.replace(handover, state=msgspec.Raw(state))
        data = msgspec.Raw(msgspec.json.encode(own))
        event = msgspec.structs.replace(record.event, data=data)
        return msgspec.structs.replace(record, event=event)

    def _fired(self, entry: Entry) -> tuple[list[TimerDue], list[TimerDue]]:
        """Of the timers that fired then, ours and those of playbooks that are not folded here."""
        own, foreign = [], []
        for fired in entry.batch.timers:
            timer = self._world.timers.take(fired)
            if timer is not None:
                own.append(timer)
            elif self._is_foreign(fired):
                foreign.append(self._foreign_timer(fired, entry.batch.partition))
        return own, foreign

    def _is_foreign(self, fired: FiredTimer) -> bool:
        """Whether it is of a profile that we know, and not one of ours that rests until another time."""
        key = str(fired.profile_id)
        if key not in self._world.entries or fired.name == HANDOVER:
            return False  # of another workspace, or no playbook's: whoever was merged hands over here when it is time here
        state = self._world.state(key)
        if state is None:
            return True
        return fired.name not in state.schedules and all(
            one.timer != fired.name for one in state.enrollments
        )

    def _foreign_timer(self, fired: FiredTimer, partition: int) -> TimerDue:
        # Whose trace it was in is not in the journal.
        who = fired.profile_id
        return TimerDue(partition, self._workspace, who, fired.name, fired.due_at, who)

    def _is_own(self, change: TimerChange) -> bool:
        return (change.profile_id, change.name) not in self._foreign

    def _oldest(self, signals: Iterable[Signal], reached: datetime | None) -> datetime | None:
        """Up to when everything accepted is folded before this batch; while activities come, no earlier one is expected."""
        accepted = (
            one.accepted_at
            for one in signals
            if isinstance(one, Record) and one.topic == ANCHOR and not one.history
        )
        known = (*accepted, reached) if reached is not None else accepted
        return min(known, default=None)


class _Decided(msgspec.Struct):
    decision_id: UUID


def mark(timer: FiredTimer | TimerChange) -> int:
    """A timer, short: a month may hold millions."""
    return hash((timer.profile_id, timer.name, timer.due_at))
