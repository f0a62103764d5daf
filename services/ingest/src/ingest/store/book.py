"""The book of resolve: people that identifiers connect, locked from load to commit."""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from uuid import UUID

from common.consuming import Entry, Record, Sheet, Signal, Transaction
from common.contracts.ingestion import EventAccepted
from ingest.domain.people import People
from ingest.domain.receptions import Aside, source_name
from ingest.handlers import Touched, prepare, touched
from ingest.store.loading import WAITS, Key, find, nodes
from ingest.store.receptions import put_aside
from ingest.store.saving import save


@dataclass(slots=True)
class PeopleSheet(Sheet[People]):
    """A sheet that remembers what was loaded, so that only differences are written."""

    loaded: dict[Hashable, People] = field(default_factory=dict)
    places: set[Key] = field(default_factory=set)
    repeated: list[Aside] = field(default_factory=list)
    """Events that were taken in before."""


class PeopleBook:
    """A `Book` whose states are groups of people.

    Two partitions may touch one person, so everything is locked by row. Two batches that meet crosswise are told apart
    by PostgreSQL's deadlock detection; the one that it ends is tried again.
    """

    async def load(self, tx: Transaction, signals: Sequence[Signal]) -> PeopleSheet:
        """Lock and load all identifiers, profiles and remembered events that the signals touch."""
        touches, failures = _touches(signals)
        found = await find(
            tx, list(touches.values()), partial(_prepare, iter(signals), -(-len(signals) // WAITS))
        )
        groups = found.groups(list(touches.values()))

        def key_of(signal: Signal) -> Hashable:
            place = _place(signal)
            if place in failures:
                raise failures[place]
            return groups.root(nodes(touches[place])[0])

        loaded = found.people(list(touches.values()), groups)
        return PeopleSheet(
            entries={key: Entry(people, people.now) for key, people in loaded.items()},
            key_of=key_of,
            draw=found.draw,
            loaded=loaded,
            places=found.places,
            repeated=_repeated(signals, touches, found.seen),
        )

    async def save(self, tx: Transaction, sheet: Sheet[People]) -> None:
        """Write what differs from what was loaded, with one statement per table."""
        if not isinstance(sheet, PeopleSheet):
            raise TypeError("a sheet of another book")
        changes = [
            (sheet.loaded[key], entry.state)
            for key, entry in sheet.entries.items()
            if entry.changed and entry.state is not None
        ]
        await save(tx, changes, sheet.places)
        await put_aside(tx, sheet.repeated)


def _touches(
    signals: Sequence[Signal],
) -> tuple[dict[Hashable, Touched], dict[Hashable, Exception]]:
    touches: dict[Hashable, Touched] = {}
    failures: dict[Hashable, Exception] = {}
    for signal in signals:
        try:
            touches[_place(signal)] = touched(signal)
        except Exception as error:  # noqa: BLE001 - a bug that one message finds must not stop all others
            # Raised again when its fold asks for the state: that is where one event is quarantined.
            failures[_place(signal)] = error
    return touches, failures


def _prepare(signals: Iterator[Signal], most: int) -> None:
    """Work out so many of them before their folds ask for it."""
    for signal in islice(signals, most):
        with suppress(Exception):  # its fold finds the same, and says so
            prepare(signal)


def _repeated(
    signals: Sequence[Signal],
    touches: Mapping[Hashable, Touched],
    seen: Container[tuple[str, UUID]],
) -> list[Aside]:
    """The signals whose event was seen before this batch, or earlier in it."""
    repeated: list[Aside] = []
    here: set[tuple[str, UUID]] = set()
    for signal in signals:
        touch = touches.get(_place(signal))
        if touch is None or touch.event_id is None or not isinstance(signal, Record):
            continue
        key = touch.workspace, touch.event_id
        if key in seen or key in here:
            repeated.append(_duplicate(signal, touch.workspace, touch.event_id))
        here.add(key)
    return repeated


def _duplicate(signal: Record, workspace: str, event_id: UUID) -> Aside:
    place = f"{signal.topic}/{signal.partition}/{signal.offset}"
    source = source_name(signal.event.payload(EventAccepted).source)
    at = signal.accepted_at
    return Aside(place, event_id, workspace, source, "duplicate", "seen_before", "", at)


def _place(signal: Signal) -> Hashable:
    if isinstance(signal, Record):
        return signal.topic, signal.partition, signal.offset
    return signal
