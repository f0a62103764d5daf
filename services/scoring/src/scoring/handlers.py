"""The folds of scoring: what each signal does to a profile's lead standing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from common.consuming import Consequence, Folded, Record, Signal
from common.contracts.deliveries import DeliveryStatus
from common.contracts.profiles import ActivityRecorded
from common.merging import Packed
from common.streaming.model import Fold
from scoring.domain.lead import Ruled, observe, settle, unite, wake
from scoring.domain.lead_model import LeadModel, activity_kind, delivery_kind
from scoring.domain.lead_score import LeadStanding
from scoring.domain.packing import pack, unpack
from scoring.ports import LeadModels

SCORES: Final = "profile.scores"
DECAY_TIMER: Final = "lead.decay"


@dataclass(frozen=True, slots=True)
class LeadFolds:
    """The folds under one configuration."""

    models: LeadModels

    def activity(
        self, state: LeadStanding | None, signal: Signal, now: datetime
    ) -> Folded[LeadStanding]:
        record = _record(signal)
        activity = record.event.payload(ActivityRecorded)
        return self._observed(
            state, record, activity_kind(activity.name), activity.occurred_at, now
        )

    def delivery(self, payload: type[DeliveryStatus], status: str) -> Fold[LeadStanding]:
        """The fold for one status of a delivery."""

        def fold(state: LeadStanding | None, signal: Signal, now: datetime) -> Folded[LeadStanding]:
            record = _record(signal)
            at = record.event.payload(payload).at
            return self._observed(state, record, delivery_kind(status), at, now)

        return fold

    def decay(
        self, state: LeadStanding | None, signal: Signal, now: datetime
    ) -> Folded[LeadStanding]:
        """The timer fired: what has silence done, and when to look again."""
        model = self.models.of(signal.workspace)
        # No timer is set any more, whatever this one finds.
        woken = msgspec.structs.replace(state or LeadStanding(), wakes_at=None)
        return _folded(settle(woken, model, now=now), woken, model, _profile(signal), now)

    def _observed(
        self, state: LeadStanding | None, record: Record, kind: str, at: datetime, now: datetime
    ) -> Folded[LeadStanding]:
        model = self.models.of(record.workspace)
        before = state or LeadStanding()
        ruled = observe(before, kind, at=at, model=model, now=now)
        return _folded(ruled, before, model, _profile(record), now)


@dataclass(frozen=True, slots=True)
class LeadMerger:
    """What becomes of a standing when its profile turns out to be another one."""

    models: LeadModels

    def pack(self, state: LeadStanding) -> Packed:
        return Packed(pack(state), (DECAY_TIMER,) if state.wakes_at is not None else ())

    def unite(
        self, state: LeadStanding | None, data: msgspec.Raw, signal: Record, now: datetime
    ) -> Folded[LeadStanding]:
        """Scored and waking by the winner's own rules."""
        model = self.models.of(signal.workspace)
        before = state or LeadStanding()
        ruled = unite(before, unpack(data), model=model, now=now)
        return _folded(ruled, before, model, _profile(signal), now)


def _folded(
    ruled: Ruled, before: LeadStanding, model: LeadModel, profile: str, now: datetime
) -> Folded[LeadStanding]:
    after = wake(ruled.standing, model, now=now)
    timers = {} if after.wakes_at == before.wakes_at else {DECAY_TIMER: after.wakes_at}
    return Folded(
        state=after,
        timers=timers,
        consequences=[Consequence(SCORES, payload, profile) for payload in ruled.published],
    )


def _record(signal: Signal) -> Record:
    if not isinstance(signal, Record):
        raise TypeError("the table gave a timer to a record's fold")
    return signal


def _profile(signal: Signal) -> str:
    return signal.event.subject if isinstance(signal, Record) else str(signal.profile_id)
