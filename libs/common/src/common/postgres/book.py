"""A `Book` whose states are one aggregate row per profile, loaded and saved with one statement a batch."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar, cast
from uuid import UUID

import msgspec
import structlog

from common.errors import PermanentError
from common.streaming import metrics
from common.streaming.model import Entry, Sheet, Signal, Transaction

S = TypeVar("S")
log = structlog.get_logger(__name__)

LARGE = 64 * 1024
"""Bytes of a state beyond which something in it grows without a bound."""

Row = Mapping[str, Any]

Upgrade = Callable[[Any], Any]
"""Pure: the JSON object of one schema into that of the next."""


class ProfileKey(NamedTuple):
    """Whose state it is; the workspace is part of it, so that no shop ever meets another's row."""

    partition: int
    profile_id: UUID
    workspace: str


class ProfileBook(Generic[S]):
    """States of type `S` in the table of `profile_tables()`, as JSON with a schema number.

    An entry whose state became None is deleted. No row is locked: the fence of the partition holds all its profiles.
    """

    def __init__(
        self,
        state_type: type[S],
        *,
        schema: int = 1,
        upgrades: Mapping[int, Upgrade] | None = None,
        table: str = "profiles",
    ) -> None:
        """`upgrades[n]` turns the JSON object of schema n into that of n + 1; states are upgraded when they are read."""
        self._schema = schema
        self._upgrades = dict(upgrades or {})
        self._state_type = state_type
        self._decoder = msgspec.json.Decoder(state_type)
        self._encode = msgspec.json.Encoder().encode
        self._load = _LOAD.format(table=table)
        self._save = _SAVE.format(table=table)
        self._delete = _DELETE.format(table=table)
        self._largest = 0

    def key_of(self, signal: Signal) -> ProfileKey:
        """Whose state a signal touches.

        Raises:
            PermanentError: `undecodable`, the event's subject is not a profile id.
        """
        return ProfileKey(signal.partition, signal.profile_id, signal.workspace)

    async def load(self, tx: Transaction, signals: Sequence[Signal]) -> Sheet[S]:
        """One query for all profiles that the signals touch; a signal without a profile id has no entry."""
        keys: dict[int, tuple[Signal, ProfileKey]] = {}
        entries: dict[Hashable, Entry[S]] = {}
        for signal in signals:
            try:
                key = self.key_of(signal)
            except PermanentError:
                continue  # its fold meets the same error, and that is where one event is quarantined
            keys[id(signal)] = (signal, key)
            entries.setdefault(key, Entry(None, None))

        def key_of(signal: Signal) -> ProfileKey:
            # To read an id out of a text and to hash it costs as much as to decode a small state.
            known = keys.get(id(signal))
            return known[1] if known is not None and known[0] is signal else self.key_of(signal)

        wanted = cast("list[ProfileKey]", list(entries))
        places = list(entries.values())
        for row in await self.rows(tx, wanted) if wanted else ():
            entry = places[row["number"] - 1]
            entry.state, entry.now = self.state_of(row["schema"], row["state"]), row["now"]
        return Sheet(entries=entries, key_of=key_of)

    async def save(self, tx: Transaction, sheet: Sheet[S]) -> None:
        """One statement for the changed states, one for the deleted ones, then `save_more`."""
        changed = [
            (cast("ProfileKey", key), entry)
            for key, entry in sheet.entries.items()
            if entry.changed
        ]
        kept = [(key, entry) for key, entry in changed if entry.state is not None]
        gone = [key for key, entry in changed if entry.state is None]
        if kept:
            nows = [_known(entry.now) for _, entry in kept]
            states = [self._encode(entry.state) for _, entry in kept]
            self._watch([key for key, _ in kept], states)
            await self.write(tx, [key for key, _ in kept], nows, self._schema, states)
        if gone:
            await self.delete(tx, gone)
        if changed:
            await self.save_more(tx, changed)

    async def rows(self, tx: Transaction, keys: Sequence[ProfileKey]) -> Sequence[Row]:
        """The rows of these profiles that exist, with one query; `number` says of which, counted from 1."""
        return cast("Sequence[Row]", await tx.fetch(self._load, *_columns(keys)))

    async def write(
        self,
        tx: Transaction,
        keys: Sequence[ProfileKey],
        nows: Sequence[datetime],
        schema: int,
        states: Sequence[bytes],
    ) -> None:
        """Insert or replace one row per key, with one statement."""
        await tx.execute(self._save, *_columns(keys), list(nows), schema, list(states))

    async def delete(self, tx: Transaction, keys: Sequence[ProfileKey]) -> None:
        """Delete the rows of these profiles, with one statement."""
        await tx.execute(self._delete, *_columns(keys))

    async def save_more(
        self, tx: Transaction, changed: Sequence[tuple[ProfileKey, Entry[S]]]
    ) -> None:
        """For a service that keeps more than the aggregate, such as an index table; nothing by default."""

    def _watch(self, keys: Sequence[ProfileKey], states: Sequence[bytes]) -> None:
        """Tell of states that grow beyond what a batch can carry by the hundred."""
        largest = max(map(len, states))
        if largest > self._largest:
            self._largest = largest
            metrics.LARGEST_STATE.set(largest)
        if largest > LARGE:
            for key, state in zip(keys, states, strict=True):
                if len(state) > LARGE:
                    metrics.LARGE_STATES.inc()
                    log.warning("state_large", profile_id=str(key.profile_id), size=len(state))

    def state_of(self, schema: int, state: bytes) -> S:
        """A row's state, upgraded where it is older.

        Raises:
            PermanentError: `newer_schema`, a newer version of us has written it.
        """
        if schema == self._schema:
            return self._decoder.decode(state)
        if schema > self._schema:
            raise PermanentError(
                "newer_schema", f"a row has schema {schema}, we know {self._schema}"
            )
        value = msgspec.json.decode(state)
        for version in range(schema, self._schema):
            value = self._upgrades[version](value)
        return msgspec.convert(value, self._state_type)


def _columns(keys: Sequence[ProfileKey]) -> list[list[object]]:
    return [list(column) for column in zip(*keys, strict=True)]


def _known(now: datetime | None) -> datetime:
    if now is None:
        raise ValueError("a folded state has the `now` it was folded with")
    return now


_LOAD = """
SELECT number, now, schema, state FROM {table}
JOIN unnest($1::int[], $2::uuid[], $3::text[]) WITH ORDINALITY AS wanted (partition, profile_id, workspace, number)
USING (partition, profile_id, workspace)
"""

_SAVE = """
INSERT INTO {table} (partition, profile_id, workspace, now, schema, state)
SELECT partition, profile_id, workspace, now, $5::int, state
FROM unnest($1::int[], $2::uuid[], $3::text[], $4::timestamptz[], $6::bytea[])
  AS new (partition, profile_id, workspace, now, state)
ON CONFLICT (partition, profile_id, workspace)
DO UPDATE SET now = excluded.now, schema = excluded.schema, state = excluded.state
"""

_DELETE = """
DELETE FROM {table} USING unnest($1::int[], $2::uuid[], $3::text[]) AS gone (partition, profile_id, workspace)
WHERE {table}.partition = gone.partition AND {table}.profile_id = gone.profile_id
  AND {table}.workspace = gone.workspace
"""
