"""A history in memory, for tests: small, and easily falsified."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.streaming.ports import Bounds, Fetched, Place
from tests.fault.history.mails import Mail


@dataclass(slots=True)
class MemoryHistory:
    """Change whatever you like."""

    partitions: int
    logs: defaultdict[Place, list[Fetched]] = field(default_factory=lambda: defaultdict(list))
    tables: defaultdict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    mailbox: list[Mail] = field(default_factory=list)

    def bounds(self, place: Place) -> Bounds:
        records = self.logs[place]
        return Bounds(records[0].offset, records[-1].offset + 1) if records else Bounds(0, 0)

    def records(self, place: Place) -> Iterator[Fetched]:
        return iter(self.logs[place])

    def rows(self, table: str) -> Iterator[Any]:
        return iter(self.tables[table])

    def mails(self) -> Sequence[Mail]:
        return self.mailbox
