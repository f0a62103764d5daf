"""The books that speak SQL, in memory: one owner, one batch at a time."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID

from typing_extensions import override

from common.consuming import Book, Entry, Record, Sheet, Signal, Transaction
from common.errors import PermanentError
from common.postgres import ProfileBook
from common.testing.postgres import FakeBook
from dispatcher.domain.delivery import Delivery
from dispatcher.domain.recipient import Recipient
from dispatcher.handlers import Docket
from ingest.domain.people import People
from ingest.handlers import Touched, touched
from ingest.store.loading import nodes
from tests.fault.checker.people import Registry


def in_memory(book: ProfileBook[Any]) -> FakeBook[Any]:
    """The same book on the database in memory."""
    return FakeBook(book._state_type, schema=book._schema, upgrades=book._upgrades)


class Spot(NamedTuple):
    """Where a record lies: equal in every load of it."""

    topic: str
    partition: int
    offset: int


class MemoryPeopleBook(Book[People]):
    """resolve's."""

    def __init__(self) -> None:
        self.registry = Registry()
        self._draws = count(1)

    @override
    async def load(self, tx: Transaction, signals: Sequence[Signal]) -> Sheet[People]:
        touches, failures = _touches(signals)
        found = self.registry.found(list(touches.values()))
        groups = found.groups(list(touches.values()))

        def key_of(signal: Signal) -> Hashable:
            spot = _spot(signal)
            if spot in failures:
                raise failures[spot]
            return groups.root(nodes(touches[spot])[0])

        loaded = found.people(list(touches.values()), groups)
        entries = {key: Entry(people, people.now) for key, people in loaded.items()}
        return Sheet(entries, key_of, draw=next(self._draws))

    @override
    async def save(self, tx: Transaction, sheet: Sheet[People]) -> None:
        for entry in sheet.entries.values():
            if entry.changed and entry.state is not None:
                self.registry.keep(entry.state)


def _touches(
    signals: Sequence[Signal],
) -> tuple[Mapping[Spot, Touched], Mapping[Spot, PermanentError]]:
    touches: dict[Spot, Touched] = {}
    failures: dict[Spot, PermanentError] = {}
    for signal in signals:
        try:
            touches[_spot(signal)] = touched(signal)
        except PermanentError as error:
            failures[_spot(signal)] = error
    return touches, failures


def _spot(signal: Signal) -> Spot:
    assert isinstance(signal, Record)
    return Spot(signal.topic, signal.partition, signal.offset)


@dataclass(slots=True)
class MemoryDocketBook(Book[Docket]):
    """The dispatcher's."""

    recipients: dict[UUID, Recipient] = field(default_factory=dict)
    planned: dict[UUID, Delivery] = field(default_factory=dict)

    @override
    async def load(self, tx: Transaction, signals: Sequence[Signal]) -> Sheet[Docket]:
        sheet: Sheet[Docket] = Sheet(entries={}, key_of=_subject)
        for signal in signals:
            try:
                key = _subject(signal)
            except PermanentError:
                continue
            known = self.recipients.get(key)
            sheet.entries[key] = Entry(Docket(recipient=known) if known else None, None)
        return sheet

    @override
    async def save(self, tx: Transaction, sheet: Sheet[Docket]) -> None:
        for key, entry in sheet.entries.items():
            docket = entry.state
            if not entry.changed or docket is None or not isinstance(key, UUID):
                continue
            for delivery in docket.planned:
                self.planned.setdefault(delivery.id, delivery)
            if docket.changed and docket.recipient is not None:
                self.recipients[key] = docket.recipient


def _subject(signal: Signal) -> UUID:
    assert isinstance(signal, Record)
    try:
        return UUID(signal.event.subject)
    except ValueError as error:
        raise PermanentError("undecodable", "the subject is not a profile id") from error
