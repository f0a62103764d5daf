"""What folds may rely on between two batches, asked of the fake book and of the real one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from prometheus_client import REGISTRY

from common.contracts import Event
from common.errors import PermanentError
from common.postgres import ProfileKey
from common.streaming.model import Record, TimerDue

NOON = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
ANNA = UUID(int=1)


class Cart(msgspec.Struct, frozen=True):
    lines: int


class Basket(msgspec.Struct, frozen=True):
    """The next schema of a cart."""

    items: int
    note: str


def record(subject: str = str(ANNA), workspace: str = "default", partition: int = 0) -> Record:
    event = Event(
        id=UUID(int=9),
        source="/test",
        type="x.y.v1",
        subject=subject,
        time=NOON,
        workspace=workspace,
        correlationid=UUID(int=9),
    )
    return Record("profile.activity", partition, 0, NOON, NOON, event)


def due(profile: UUID = ANNA) -> TimerDue:
    return TimerDue(0, "default", profile, "wait", NOON, UUID(int=9))


async def write(store: Any, book: Any, signal: Any, state: Any) -> None:
    async with store.database.transaction() as tx:
        sheet = await book.load(tx, [signal])
        entry = sheet.entry(signal)
        entry.state, entry.now, entry.changed = state, NOON, True
        await book.save(tx, sheet)


async def read(store: Any, book: Any, *signals: Any) -> Any:
    async with store.database.transaction() as tx:
        return await book.load(tx, signals)


async def test_a_new_profile_has_no_state(store: Any) -> None:
    sheet = await read(store, store.book(Cart), record())

    assert (sheet.entry(record()).state, sheet.entry(record()).now) == (None, None)


async def test_a_saved_state_is_found_by_records_and_by_timers(store: Any) -> None:
    book = store.book(Cart)
    await write(store, book, record(), Cart(3))
    await write(store, book, record(), Cart(4))

    sheet = await read(store, book, record(), due(), due(UUID(int=2)))

    assert len(sheet.entries) == 2
    assert sheet.entry(due()) is sheet.entry(record())
    assert (sheet.entry(due()).state, sheet.entry(due()).now) == (Cart(4), NOON)


async def test_only_changed_entries_are_written(store: Any) -> None:
    book = store.book(Cart)
    async with store.database.transaction() as tx:
        sheet = await book.load(tx, [record()])
        sheet.entry(record()).state = Cart(1)
        await book.save(tx, sheet)

    assert (await read(store, book, record())).entry(record()).state is None


async def test_a_rollback_saves_nothing(store: Any) -> None:
    book = store.book(Cart)

    async def fail() -> None:
        async with store.database.transaction() as tx:
            sheet = await book.load(tx, [record()])
            entry = sheet.entry(record())
            entry.state, entry.now, entry.changed = Cart(1), NOON, True
            await book.save(tx, sheet)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert (await read(store, book, record())).entry(record()).state is None


async def test_a_state_that_became_none_is_deleted(store: Any) -> None:
    book = store.book(Cart)
    await write(store, book, record(), Cart(3))
    await write(store, book, record(), None)

    entry = (await read(store, book, record())).entry(record())

    assert (entry.state, entry.now) == (None, None)


async def test_workspaces_and_partitions_do_not_share_states(store: Any) -> None:
    book = store.book(Cart)
    await write(store, book, record(), Cart(1))
    await write(store, book, record(workspace="other"), Cart(2))
    await write(store, book, record(partition=1), Cart(3))

    signals = [record(), record(workspace="other"), record(partition=1)]
    sheet = await read(store, book, *signals)

    assert [sheet.entry(signal).state for signal in signals] == [Cart(1), Cart(2), Cart(3)]


async def test_an_older_state_is_upgraded_when_it_is_read(store: Any) -> None:
    await write(store, store.book(Cart), record(), Cart(3))
    book = store.book(
        Basket,
        schema=3,
        upgrades={
            1: lambda cart: {"items": cart["lines"]},
            2: lambda basket: {**basket, "note": "from before"},
        },
    )

    assert (await read(store, book, record())).entry(record()).state == Basket(3, "from before")

    await write(store, book, record(), Basket(4, "now"))
    assert (await read(store, book, record())).entry(record()).state == Basket(4, "now")
    with pytest.raises(PermanentError, match="newer_schema"):
        await read(store, store.book(Cart), record())


async def test_a_subject_that_is_no_profile_fails_alone(store: Any) -> None:
    book, stranger = store.book(Cart), record(subject="anna@example.com")
    await write(store, book, record(), Cart(3))

    sheet = await read(store, book, stranger, record())

    assert sheet.entry(record()).state == Cart(3)
    with pytest.raises(PermanentError, match="undecodable"):
        sheet.entry(stranger)


async def test_what_else_a_service_keeps_is_saved_in_the_same_transaction(store: Any) -> None:
    changed: list[ProfileKey] = []

    class Indexed(store.book):  # type: ignore[misc]
        async def save_more(self, tx: Any, entries: Any) -> None:
            changed.extend(key for key, _ in entries)

    await write(store, Indexed(Cart), record(), Cart(3))

    assert changed == [ProfileKey(0, ANNA, "default")]


async def test_a_state_that_grows_without_bound_is_told_of(store: Any) -> None:
    def told() -> float:
        return REGISTRY.get_sample_value("cuestream_states_large_total") or 0.0

    book, before = store.book(Basket), told()

    await write(store, book, record(), Basket(1, "x" * 1_000))
    small = told()
    await write(store, book, record(), Basket(1, "x" * 70_000))

    assert (small - before, told() - before) == (0.0, 1.0)
    assert (REGISTRY.get_sample_value("cuestream_state_largest_bytes") or 0) > 70_000
