"""The book on a real PostgreSQL: what one batch writes the next one knows, and two that meet take turns."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import cast
from uuid import UUID

import pytest
from msgspec.structs import replace

from common.contracts import Event
from ingest.domain.identifiers import Identifier
from ingest.store import keep_days
from services.ingest.tests.integration.conftest import Registry, later, of_user, of_visitor
from services.ingest.tests.integration.telling import identified, tracked
from services.ingest.tests.making import (
    NOW,
    accepted,
    activities,
    consents,
    snapshot,
    snapshots,
    withdrawal,
)


async def test_what_a_batch_writes_the_next_one_knows(registry: Registry) -> None:
    await registry.folds(tracked("m1", anonymousId="a1"))
    await registry.folds(identified("m2", "u1", {"email": "ada@example.com"}, anonymousId="a1"))
    told = await registry.folds(tracked("m3", userId="u1"))

    assert await registry.owner("user", "u1") == of_visitor("a1")
    assert activities(told)[0].profile_version == 1
    (known,) = await registry.directory.profiles("demo", "ada@example.com")
    assert known.profile_id == of_visitor("a1")
    assert known.contact.email == "ada@example.com"
    assert list(known.identifiers) == [
        Identifier("user", "u1"),
        Identifier("email", "ada@example.com"),
        Identifier("anonymous", "a1"),
    ]


async def test_one_batch_may_hold_a_whole_life(registry: Registry) -> None:
    told = await registry.folds(
        tracked("m1", offset=1, anonymousId="a1"),
        tracked("m2", offset=2, userId="u1", anonymousId="a1"),
        tracked("m2", offset=3, userId="u1", anonymousId="a1"),
        tracked("m3", offset=4, userId="u2"),
    )

    assert len(activities(told)) == 3
    assert await registry.owner("user", "u1") == of_visitor("a1")
    assert await registry.owner("user", "u2") == of_user("u2")
    assert await registry.count("seen_messages") == 3


async def test_a_message_counts_once_across_batches(registry: Registry) -> None:
    await registry.folds(tracked("m1", userId="u1"))

    assert await registry.folds(tracked("m1", offset=9, userId="u1")) == []


async def test_the_same_message_id_of_another_workspace_is_another_message(
    registry: Registry,
) -> None:
    await registry.folds(tracked("m1", userId="u1"))
    told = await registry.folds(tracked("m1", userId="u1", workspace="other"))

    assert len(activities(told)) == 1
    assert await registry.owner("user", "u1", "other") == of_user("u1", "other")


async def test_what_cannot_be_understood_leaves_nothing_behind(registry: Registry) -> None:
    told = await registry.folds(
        accepted({"type": "dance", "userId": "u1"}, message_id="m1", offset=1),
        accepted({"type": "track", "userId": "u2"}, message_id="m2", offset=2),
        tracked("m3", offset=3, userId="u3"),
        withdrawal(UUID(int=7), at=NOW, offset=4),
    )

    assert registry.failures == ["unknown_call", "no_event_name", "unknown_profile"]
    assert len(told) == 1
    assert await registry.count("identities") == 1
    assert await registry.count("seen_messages") == 1


async def test_a_message_whose_type_is_no_text_stops_nobody(registry: Registry) -> None:
    told = await registry.folds(
        accepted({"type": {}, "userId": "u1"}, message_id="m1", offset=1),
        accepted({"type": ["track"], "userId": "u1"}, message_id="m2", offset=2),
        tracked("m3", offset=3, userId="u2"),
    )

    assert registry.failures == ["unknown_call", "unknown_call"]
    assert len(told) == 1


async def test_a_bug_in_reading_one_message_is_that_messages_poison(registry: Registry) -> None:
    good = tracked("m2", offset=2, userId="u2")
    bad = replace(tracked("m1", offset=1, userId="u1"), event=cast("Event", None))
    async with registry.database.transaction() as tx:
        sheet = await registry.load(tx, bad, good)

        with pytest.raises(AttributeError):
            sheet.entry(bad)
        assert sheet.entry(good).state is not None


async def test_every_statement_of_consent_is_in_the_ledger_once(registry: Registry) -> None:
    await registry.folds(identified("m1", "u1", {"consents": {"email.marketing": True}}))
    no = withdrawal(of_user("u1"), at=NOW + timedelta(hours=1))

    assert consents(await registry.folds(no)) == [("email", "marketing", False)]
    assert await registry.folds(no) == []
    rows = await registry.database.fetch("SELECT granted, via FROM consents ORDER BY stated_at")
    assert [(row["granted"], row["via"]) for row in rows] == [
        (True, "identify"),
        (False, "one_click"),
    ]


async def test_a_snapshot_that_goes_down_is_followed_by_the_current_one(registry: Registry) -> None:
    await registry.folds(identified("m1", "u1", {"email": "a@example.com"}))
    await registry.folds(identified("m2", "u1", {"email": "b@example.com"}, at=later(1)))
    await registry.folds(snapshot(of_user("u1"), 1), snapshot(of_user("u1"), 2, offset=1))
    told = await registry.folds(snapshot(of_user("u1"), 1, offset=2))

    assert [(s.profile_version, s.email) for s in snapshots(told)] == [(2, "b@example.com")]


async def test_every_batch_draws_a_greater_number(registry: Registry) -> None:
    draws: list[int] = []
    for offset in range(3):
        async with registry.database.transaction() as tx:
            sheet = await registry.load(tx, tracked("m", offset=offset, userId="u"))
            assert sheet.draw is not None
            draws.append(sheet.draw)

    assert draws == sorted(set(draws))


async def test_the_days_are_made_ahead_and_forgotten_as_a_whole(registry: Registry) -> None:
    today = NOW.date()
    await keep_days(registry.database, today)
    await registry.folds(tracked("m1", userId="u1"))
    await asyncio.gather(*(keep_days(registry.database, today) for _ in range(3)))
    assert await registry.count("seen_messages") == 1
    assert await registry.count("seen_messages_other") == 0

    await keep_days(registry.database, today + timedelta(days=8))
    assert await registry.count("seen_messages") == 1
    await keep_days(registry.database, today + timedelta(days=9))
    assert await registry.count("seen_messages") == 0


async def test_an_event_of_a_day_without_a_partition_is_remembered_too(registry: Registry) -> None:
    await registry.folds(tracked("m1", userId="u1"))

    assert await registry.count("seen_messages_other") == 1
    await keep_days(registry.database, NOW.date())
    assert await registry.count("seen_messages_other") == 0
    assert await registry.folds(tracked("m1", offset=1, userId="u1")) == []
    await keep_days(registry.database, NOW.date() + timedelta(days=30))
    assert await registry.count("seen_messages") == 0


@pytest.mark.parametrize(
    "value", ["u" * 30_000, "é" * 400, "'; DROP TABLE identities; --", "\u202e🙂"]
)
async def test_any_text_can_be_an_id(registry: Registry, value: str) -> None:
    await registry.folds(tracked("m1", userId=value))
    told = await registry.folds(tracked("m2", userId=value))

    assert len(activities(told)) == 1
    assert await registry.count("identities") == 1
