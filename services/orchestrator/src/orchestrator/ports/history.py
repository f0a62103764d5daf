"""What explanations need: to read back what was appended, and to follow what is being appended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from common.streaming.model import Record


@dataclass(frozen=True, slots=True)
class Found:
    """What a look into the log brought up; `complete` is False when it had to be cut short."""

    records: tuple[Record, ...]
    complete: bool


class History(Protocol):
    """The records of the past; every look reads the log from `since` to its present end."""

    async def of_profile(
        self, profile_id: UUID, topics: Sequence[str], *, since: datetime | None
    ) -> Found:
        """All records of one profile on these topics, per topic in order.

        Raises:
            TransientError: the log cannot be reached.
        """
        ...

    async def decision(self, decision_id: UUID, *, since: datetime | None) -> Record | None:
        """The decision with this id, wherever it is.

        Raises:
            TransientError: the log cannot be reached.
        """
        ...


class SourceFeed(Protocol):
    """How each source does, as ingest tells it."""

    def follow(self) -> AsyncIterator[Sequence[Record]]:
        """Every source's last report, and then each new one, without end; some may come again.

        Survives the log being away.
        """
        ...


class DecisionFeed(Protocol):
    """Decisions from the recent past up to now, and then as they fall."""

    def follow(self, *, since: datetime, at_least: int) -> AsyncIterator[Sequence[Record]]:
        """Batches in the order of their append time, without end.

        Begins with what was appended since `since`, and about `at_least` decisions where there are as many.
        Survives the log being away.
        """
        ...
