"""What an operator sees of a service's loops, and the one thing that only a person may decide: to go on without what is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from common.streaming.ports import Place, Position


@dataclass(slots=True)
class Holding:
    """One partition of a loop, as its rows tell it."""

    loop: str
    partition: int
    epoch: int
    batch: int
    free: bool
    """Taken from its owner by an operator, and by nobody since."""
    positions: dict[Place, Position] = field(default_factory=dict)
    outbox: int = 0
    next_due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """From where a partition reads a place on, and which numbers count as seen there."""

    partition: int
    place: Place
    old: Position
    new: Position
    seen: Mapping[str, int]
    """By origin, or by one of the marks of `common.streaming.sequences`."""


class Oversight(Protocol):
    """The rows of all loops of one service."""

    async def holdings(self) -> Sequence[Holding]:
        """Every partition that was ever owned, by loop and number."""
        ...

    async def seen(self, loop: str, partition: int, place: Place) -> Mapping[str, int]:
        """The last number of each origin that was read at a place; marks too."""
        ...

    async def accept(self, loop: str, acceptance: Acceptance) -> int:
        """Set the position under a raised epoch, for the owner to take the partition anew; returns the epoch.

        Raises:
            PermanentError: `position_moved`, somebody read on meanwhile: nothing was changed.
        """
        ...
