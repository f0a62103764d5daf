"""A delivery: one message's fate towards one address, and the moves it may make."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from common.contracts.actions import ActionRequested

State = Literal[
    "planned", "held", "claimed", "transmitting", "sent", "failed", "unknown", "skipped"
]

MOVES: Mapping[State, frozenset[State]] = {
    "planned": frozenset({"claimed", "held", "skipped", "planned"}),
    "held": frozenset({"claimed", "held", "skipped"}),
    "claimed": frozenset({"transmitting", "planned", "skipped"}),
    # Back to planned or held only while it is certain that nothing was handed over.
    "transmitting": frozenset({"sent", "failed", "unknown", "planned", "held"}),
    "sent": frozenset(),
    "failed": frozenset(),
    "unknown": frozenset(),
    "skipped": frozenset(),
}
"""The whole state machine; what is not here never happens."""

TRANSACTIONAL = "transactional"


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What was requested, for whom, and the trace it belongs to."""

    partition: int
    workspace: str
    profile_id: UUID
    request: ActionRequested
    cause: UUID
    """The event that requested it."""
    correlation: UUID
    accepted_at: datetime
    """When what led to it was accepted: the age of the knowledge behind the request."""
    traceparent: str | None = None

    @property
    def id(self) -> UUID:
        return self.request.delivery_id

    @property
    def is_transactional(self) -> bool:
        return self.request.purpose == TRANSACTIONAL

    @property
    def due_at(self) -> datetime:
        return self.request.due_at or self.accepted_at


def may_move(before: State, after: State) -> bool:
    """True when the state machine has that move."""
    return after in MOVES[before]
