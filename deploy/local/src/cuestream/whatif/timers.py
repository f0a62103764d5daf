"""The timers of some partitions, in memory: taken by name, or as they become due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable
from datetime import datetime
from heapq import heappop, heappush
from uuid import UUID

from common.contracts.runtime import FiredTimer
from common.streaming.model import TimerDue
from common.streaming.ports import TimerChange

_Due = tuple[datetime, UUID, str]


class Timers:
    """As the ledger keeps them: one by name and profile, the last change holds."""

    def __init__(self, comes_due: Callable[[TimerChange], bool] = lambda _: True) -> None:
        """`comes_due` says of a timer whether `due` may ever give it; others are only taken by name."""
        self._set: dict[tuple[UUID, str], TimerChange] = {}
        self._queues: defaultdict[int, list[_Due]] = defaultdict(list)
        self._comes_due = comes_due

    def change(self, changes: Iterable[TimerChange]) -> None:
        """Set and cancel."""
        for change in changes:
            key = change.profile_id, change.name
            if change.due_at is None:
                self._set.pop(key, None)
                continue
            self._set[key] = change
            if self._comes_due(change):
                heappush(self._queues[change.partition], (change.due_at, *key))

    def take(self, fired: FiredTimer) -> TimerDue | None:
        """This one, if it is set for that instant."""
        key = fired.profile_id, fired.name
        known = self._set.get(key)
        if known is None or known.due_at != fired.due_at:
            return None
        del self._set[key]
        return _due(known, fired.due_at)

    def due(
        self, partition: int, until: datetime, besides: Container[UUID] = ()
    ) -> TimerDue | None:
        """The earliest that is due before that instant, by instant, profile and name; None where it is one of these profiles'."""
        queue = self._queues[partition]
        while queue and queue[0][0] < until and queue[0][1] not in besides:
            due_at, profile, name = heappop(queue)
            known = self._set.get((profile, name))
            # What was moved or cancelled since is still in the queue under its old instant.
            if known is not None and known.due_at == due_at:
                del self._set[profile, name]
                return _due(known, due_at)
        return None


def _due(change: TimerChange, due_at: datetime) -> TimerDue:
    return TimerDue(
        partition=change.partition,
        workspace=change.workspace,
        profile_id=change.profile_id,
        name=change.name,
        due_at=due_at,
        correlation=change.correlation,
        traceparent=change.traceparent,
    )
