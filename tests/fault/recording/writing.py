"""Writes down what the chain on the fakes left behind, in the form of a history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from common.contracts import load_topics
from common.testing.log import FakeLog
from common.testing.postgres import PROFILES, FakeDatabase
from dispatcher.store.rows import snapshot_bytes
from tests.fault.checker.people import Registry
from tests.fault.history.memory import MemoryHistory
from tests.fault.history.model import (
    ConsentRow,
    IdentityRow,
    OwnerRow,
    PersonRow,
    PositionRow,
    RecipientRow,
    SeenRow,
    StateRow,
    TimerRow,
    WaitingRow,
)
from tests.fault.recording.sender import PlainSender


def write_down(
    log: FakeLog,
    databases: Mapping[str, FakeDatabase],
    registry: Registry,
    sender: PlainSender,
) -> MemoryHistory:
    """Everything there is now."""
    history = MemoryHistory(log.partitions)
    for topic in load_topics(log.partitions):
        for item in log.records(topic.name):
            history.logs[item.place].append(item)
    for service, database in databases.items():
        _runtime(history, service, database)
    for service in ("scoring", "orchestrator"):
        history.tables[f"{service}.profiles"] = [
            StateRow(*key, *row) for key, row in databases[service].tables[PROFILES].items()
        ]
    _people(history, registry)
    _recipients(history, sender, log.partition_for)
    history.tables["dispatcher.deliveries"] = list(sender.rows())
    history.mailbox = list(sender.mails)
    return history


def _runtime(history: MemoryHistory, service: str, database: FakeDatabase) -> None:
    """The ledger's tables are called by their name, their loop and their partition."""
    for table, rows in database.tables.items():
        if not isinstance(table, tuple) or table[0] not in _ROWS:
            continue
        name, *of = table
        made = [_ROWS[name](*of, *key_and_row) for key_and_row in rows.items()]
        history.tables[f"{service}.{name}"] += made


_ROWS: Final[Mapping[str, Callable[..., Any]]] = {
    "positions": lambda loop, owner, place, at: PositionRow(
        loop, owner, place.topic, place.partition, at.next_offset
    ),
    "partitions": lambda loop, partition, mark: OwnerRow(loop, partition, *mark),
    "timers": lambda loop, partition, key, timer: TimerRow(
        loop, partition, key[0], key[1], timer.due_at
    ),
    "outbox": lambda loop, owner, key, _: WaitingRow(loop, owner, *key),
}


def _people(history: MemoryHistory, registry: Registry) -> None:
    encode = msgspec.json.Encoder().encode
    history.tables["ingest.identities"] = [
        IdentityRow(*key, profile_id) for key, profile_id in registry.identities.items()
    ]
    history.tables["ingest.profiles"] = [
        PersonRow(
            *key,
            profile.version,
            encode(profile).decode(),
            profile.merged_into,
            registry.nows.get(key),
        )
        for key, profile in registry.profiles.items()
    ]
    history.tables["ingest.seen_messages"] = [
        SeenRow(*key, seen.profile_id, seen.seen_at, seen.partition)
        for key, seen in registry.seen.items()
    ]
    history.tables["ingest.consents"] = [
        ConsentRow(
            workspace, registry.root(workspace, profile), proof, channel, purpose, granted=True
        )
        for workspace, profile, proof, channel, purpose in registry.proofs
    ]


def _recipients(
    history: MemoryHistory, sender: PlainSender, partition_for: Callable[[str, bytes], int]
) -> None:
    history.tables["dispatcher.recipients"] = [
        RecipientRow(
            partition_for("profile.contacts", str(profile_id).encode()),
            profile_id,
            recipient.version,
            snapshot_bytes(recipient),
            recipient.merged_into,
        )
        for profile_id, recipient in sender.book.recipients.items()
    ]
